//! The texts of mails in each language: the data files in `texts/`, in which each text is a template.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Language, texts_by_language};

/// The texts of one kind of mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindTexts {
    pub(super) subject: String,
    pub(super) heading: String,
    pub(super) body: Vec<String>,
    /// Empty if there is nothing to open.
    pub(super) button: String,
    pub(super) after: Vec<String>,
}

/// The texts of one language.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Texts {
    /// The texts common to all mails.
    pub(super) shared: BTreeMap<String, String>,
    /// Units of time: `hour` is singular, `hours` plural.
    pub(super) units: BTreeMap<String, String>,
    /// By the name of the kind.
    #[serde(flatten)]
    pub(super) kinds: BTreeMap<String, KindTexts>,
}

static ALL: LazyLock<BTreeMap<Language, Texts>> = LazyLock::new(|| texts_by_language!());

/// The texts of this language.
pub(super) fn texts(language: Language) -> &'static Texts {
    &ALL[&language]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Kind;

    /// The names in `{{ … }}`, sorted.
    fn variables(texts: &[String]) -> Vec<&str> {
        let parts = texts.iter().flat_map(|text| text.split("{{ ").skip(1));
        let mut names: Vec<_> = parts.filter_map(|part| part.split(" }}").next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn each_language_has_every_text_of_english_and_names_the_same_values() {
        let english = texts(Language::English);
        let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert!(kinds.iter().all(|kind| english.kinds.contains_key(*kind)));
        assert_eq!(english.kinds.len(), kinds.len());
        for language in Language::ALL {
            let own = texts(language);
            assert!(own.shared.keys().eq(english.shared.keys()), "{language:?}");
            assert!(own.units.keys().eq(english.units.keys()), "{language:?}");
            assert!(own.kinds.keys().eq(english.kinds.keys()), "{language:?}");
            for (name, text) in &own.kinds {
                let english = &english.kinds[name];
                let place = format!("{name} in {language:?}");
                assert!(!text.subject.is_empty() && !text.heading.is_empty(), "{place}");
                assert_eq!(text.button.is_empty(), english.button.is_empty(), "{place}");
                assert_eq!(variables(&text.body), variables(&english.body), "{place}");
                for name in variables(&english.after) {
                    assert!(variables(&text.after).contains(&name), "{place}: {name}");
                }
            }
            for (name, text) in &own.shared {
                let theirs = std::slice::from_ref(&english.shared[name]);
                assert_eq!(variables(std::slice::from_ref(text)), variables(theirs), "{name}");
            }
        }
    }
}
