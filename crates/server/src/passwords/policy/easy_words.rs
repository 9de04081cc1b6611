//! Words that are easy to guess, even with additions: an operator's own (`PASSWORD_WORD_LIST`), the parts of
//! the user's address, the product's name.

use std::sync::Arc;

use crate::config::WordList;

/// Characters that can surround a word without hiding it.
const DECORATION: usize = 4;
/// Shorter words are rejected only as they are, not with decoration.
const SHORTEST: usize = 3;

/// Words, sorted; clones share them.
#[derive(Clone, Debug)]
pub(super) struct EasyWords {
    /// In lower case.
    whole: Arc<[String]>,
    /// Only their letters.
    bare: Arc<[String]>,
}

impl EasyWords {
    /// The words of this list.
    pub(super) fn new(list: &WordList) -> Self {
        let whole = Arc::clone(list.words());
        let bare = whole.iter().map(|word| letters(word));
        let mut bare: Vec<_> = bare.filter(|word| word.chars().count() >= SHORTEST).collect();
        bare.sort_unstable();
        Self { whole, bare: bare.into() }
    }

    /// These words.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(&WordList::of(words))
    }

    /// True if the text is one of the words, ignoring case, with at most four digits or symbols around or
    /// between its letters: `Acme2026` is `acme`.
    pub(super) fn make(&self, text: &str) -> bool {
        let holds = |words: &[String], text: &str| {
            words.binary_search_by(|word| word.as_str().cmp(text)).is_ok()
        };
        let decoration = text.chars().filter(|letter| !letter.is_alphabetic()).count();
        holds(&self.whole, &text.to_lowercase())
            || (decoration <= DECORATION && holds(&self.bare, &letters(text)))
    }
}

/// The letters of a text in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::EasyWords;

    #[test]
    fn a_word_is_found_whatever_its_case_and_decoration() {
        let words = EasyWords::of(["Acme", "Röntgen AG", "X1"]);
        for text in ["acme", "ACME", "Acme2026", "a-c-m-e!", "röntgen ag", "RÖNTGENAG42", "x1"] {
            assert!(words.make(text), "{text}");
        }
        for text in ["acme rockets", "acme20260", "", "2026", "x12", "entgen ag"] {
            assert!(!words.make(text), "{text}");
        }
    }
}
