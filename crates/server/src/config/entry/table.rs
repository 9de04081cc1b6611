//! The definition of a setting: names, documentation and parser. Environment, file keys, `config print`,
//! `docs/configuration.md` and `.env.example` are all generated from it.

use crate::config::Settings;
use crate::config::entry::entries::ENTRIES;
use crate::config::entry::parse::Parsed;

/// Parses the text of a setting into the settings.
pub(in crate::config) type Set = fn(&mut Settings, &str) -> Parsed<()>;

/// One setting.
#[derive(Debug)]
pub(in crate::config) struct Setting {
    /// The documented name.
    pub(in crate::config) name: &'static str,
    /// Other names; if several are set, the first in the list takes precedence.
    pub(in crate::config) aliases: &'static [Alias],
    /// Its section.
    pub(in crate::config) section: &'static str,
    /// Its description.
    pub(in crate::config) about: &'static str,
    /// The default for display; empty for none.
    pub(in crate::config) default: &'static str,
    /// The value in `.env.example`; empty to omit it.
    pub(in crate::config) example: &'static str,
    /// What may be shown of it.
    pub(in crate::config) secrecy: Secrecy,
    /// Its parser; `None` if this version knows the name but not the feature.
    pub(in crate::config) set: Option<Set>,
}

/// An alias, with its own unit if it differs.
#[derive(Debug)]
pub(in crate::config) struct Alias {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) set: Option<Set>,
}

/// What may be shown of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Secrecy {
    /// All of it.
    Plain,
    /// A database URL, whose password is hidden.
    Database,
    /// A Redis URL, whose password is hidden.
    Redis,
    /// A mail server URL, whose password is hidden.
    Smtp,
    /// Nothing.
    Secret,
}

/// A name of a setting.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Named {
    pub(in crate::config) setting: &'static Setting,
    /// 0 for the main name, then its aliases in order.
    pub(in crate::config) rank: usize,
    /// The name ends in `_FILE` and the value is a path.
    pub(in crate::config) is_file: bool,
}

impl Setting {
    /// All names, in order of precedence.
    pub(in crate::config) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().map(|alias| alias.name))
    }

    /// The parser for the text under this name.
    pub(in crate::config) fn set(&self, rank: usize) -> Option<Set> {
        let alias = rank.checked_sub(1).and_then(|index| self.aliases.get(index));
        alias.and_then(|alias| alias.set).or(self.set)
    }
}

/// The setting with this name.
pub(in crate::config) fn lookup(name: &str) -> Option<Named> {
    let find = |name: &str, is_file: bool| {
        ENTRIES.iter().find_map(|setting| {
            let rank = setting.names().position(|own| own == name)?;
            let allowed = !is_file || setting.secrecy != Secrecy::Plain;
            allowed.then_some(Named { setting, rank, is_file })
        })
    };
    find(name, false).or_else(|| find(name.strip_suffix("_FILE")?, true))
}

/// The most similar name of a setting, if any is similar.
pub(in crate::config) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_uppercase();
    ENTRIES
        .iter()
        .flat_map(Setting::names)
        .map(|own| (strsim::damerau_levenshtein(own, &name), own))
        .filter(|(distance, own)| *distance <= own.len().div_ceil(3))
        .min()
        .map(|(_, own)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let mut names: Vec<_> = ENTRIES.iter().flat_map(Setting::names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(lookup("SECRET_KEY_FILE").is_some_and(|named| named.is_file && named.rank == 2));
        assert!(lookup("PORT_FILE").is_none());
        assert_eq!(nearest("prot"), Some("PORT"));
        assert_eq!(nearest("allowed_origin"), Some("ALLOWED_ORIGINS"));
        assert_eq!(nearest("colour"), None);
    }
}
