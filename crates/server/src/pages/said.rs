//! What the pages say in each language: the data files in `texts/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::mail::letter::Language;

/// Texts by name, by page; `shared` are those of all pages.
pub(super) type PageTexts = BTreeMap<String, BTreeMap<String, String>>;

static ALL: LazyLock<BTreeMap<Language, PageTexts>> = LazyLock::new(|| {
    Language::ALL.into_iter().map(|language| (language, read(source(language)))).collect()
});

/// The texts of this language.
pub(super) fn said(language: Language) -> &'static PageTexts {
    &ALL[&language]
}

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("texts/en.toml"),
        Language::German => include_str!("texts/de.toml"),
        Language::French => include_str!("texts/fr.toml"),
        Language::Spanish => include_str!("texts/es.toml"),
        Language::Portuguese => include_str!("texts/pt.toml"),
    }
}

#[allow(clippy::expect_used, reason = "constants, each read by a test")]
fn read(text: &str) -> PageTexts {
    toml::from_str(text).expect("a file of texts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_every_text_of_english() {
        let english = said(Language::English);
        for language in Language::ALL {
            for (page, texts) in english {
                assert!(said(language)[page].keys().eq(texts.keys()), "{page} in {language:?}");
            }
        }
    }
}
