//! The texts of the pages in each language: the data files in `texts/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::mail::letter::{Language, texts_by_language};

/// Texts by name, by page; `shared` are common to all pages.
pub(super) type PageTexts = BTreeMap<String, BTreeMap<String, String>>;

static ALL: LazyLock<BTreeMap<Language, PageTexts>> = LazyLock::new(|| texts_by_language!());

/// The texts of this language.
pub(super) fn said(language: Language) -> &'static PageTexts {
    &ALL[&language]
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
