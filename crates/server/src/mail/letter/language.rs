//! The languages of mails and pages, and how a reader's is chosen.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

/// The files in `texts/` beside the calling file, one per language, each parsed.
macro_rules! texts_by_language {
    () => {
        $crate::mail::letter::read_each(|language| match language {
            $crate::mail::letter::Language::English => include_str!("texts/en.toml"),
            $crate::mail::letter::Language::German => include_str!("texts/de.toml"),
            $crate::mail::letter::Language::French => include_str!("texts/fr.toml"),
            $crate::mail::letter::Language::Spanish => include_str!("texts/es.toml"),
            $crate::mail::letter::Language::Portuguese => include_str!("texts/pt.toml"),
        })
    };
}
pub(crate) use texts_by_language;

/// The texts of each language.
#[allow(clippy::expect_used, reason = "constants, each read by a test")]
pub(crate) fn read_each<T: DeserializeOwned>(
    source: fn(Language) -> &'static str,
) -> BTreeMap<Language, T> {
    let read = |language| toml::from_str(source(language)).expect("a complete file of texts");
    Language::ALL.into_iter().map(|language| (language, read(language))).collect()
}

/// A supported language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English, the default.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Portuguese.
    Portuguese,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Portuguese];

    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Portuguese => "pt",
        }
    }

    /// The language of a tag such as `pt-BR`, given by its first part.
    pub fn parse(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(first))
    }

    /// A reader's language; English if the tag is unknown or absent.
    pub fn of(tag: Option<&str>) -> Self {
        tag.and_then(Self::parse).unwrap_or(Self::English)
    }

    /// The preferred language in `Accept-Language` (RFC 9110 §12.5.4); English if none matches.
    pub fn accepted(header: &str) -> Self {
        let mut best = (0.0, Self::English);
        for item in header.split(',').take(20) {
            let (tag, rest) = item.split_once(';').unwrap_or((item, ""));
            let weight = match rest.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse().unwrap_or(0.0),
                None => 1.0_f32,
            };
            if let Some(language) = Self::parse(tag)
                && weight > best.0
                && weight <= 1.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_region_falls_back_to_its_language_and_an_unknown_language_to_english() {
        for (tag, language) in [
            (Some("pt-BR"), Language::Portuguese),
            (Some("pt_PT"), Language::Portuguese),
            (Some("DE"), Language::German),
            (Some("nl"), Language::English),
            (Some("dex"), Language::English),
            (Some(""), Language::English),
            (None, Language::English),
        ] {
            assert_eq!(Language::of(tag), language, "{tag:?}");
        }
    }

    #[test]
    fn a_browser_gets_the_language_it_likes_most_of_those_there_are() {
        for (header, language) in [
            ("nl,de-AT;q=0.8,en;q=0.5", Language::German),
            ("en;q=0.2, fr;q=0.9", Language::French),
            ("es", Language::Spanish),
            ("de;q=0", Language::English),
            ("de;q=nonsense,*", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
