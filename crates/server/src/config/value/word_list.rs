//! `PASSWORD_WORD_LIST`: an operator's own words that no password may be made of: the company, its
//! products, its town. A word a line; read once, when the settings are read.

use std::path::Path;
use std::sync::Arc;

const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Characters that may surround a word without hiding it.
const DECORATION: usize = 4;
/// Shorter words are refused as they are, not with decoration.
const SHORTEST: usize = 3;

/// Words, sorted; clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordList {
    /// In lower case.
    whole: Arc<[String]>,
    /// Their letters alone.
    bare: Arc<[String]>,
}

impl WordList {
    /// A list of these words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let sorted = |mut words: Vec<String>| -> Arc<[String]> {
            words.sort_unstable();
            words.dedup();
            words.into()
        };
        let words = words.into_iter().map(|word| word.trim().to_lowercase());
        let whole: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        let bare = whole.iter().map(|word| letters(word));
        let bare = bare.filter(|word| word.chars().count() >= SHORTEST).collect();
        Self { whole: sorted(whole), bare: sorted(bare) }
    }

    /// Reads the file; the error is the end of a sentence that begins with the setting's name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |why: &dyn std::fmt::Display| {
            format!("names {}, which cannot be read: {why}", path.display())
        };
        let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(&"it is larger than 16 MiB"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        Ok(Self::of(text.lines()))
    }

    /// True if the text is one of the words, whatever its case, with at most four digits or marks
    /// around or between its letters: `Acme2026` is `acme`.
    pub fn makes(&self, text: &str) -> bool {
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
    use super::WordList;

    #[test]
    fn a_word_is_found_whatever_its_case_and_decoration() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "Acme\r\n\n  Röntgen AG \nacme\nX1\n").unwrap();
        let words = WordList::read(file.path()).unwrap();
        for text in ["acme", "ACME", "Acme2026", "a-c-m-e!", "röntgen ag", "RÖNTGENAG42", "x1"] {
            assert!(words.makes(text), "{text}");
        }
        for text in ["acme rockets", "acme20260", "", "2026", "x12", "entgen ag"] {
            assert!(!words.makes(text), "{text}");
        }
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let why = WordList::read("/nowhere/words.txt".as_ref()).unwrap_err();
        assert!(why.starts_with("names /nowhere/words.txt, which cannot be read: "), "{why}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff\xfe").unwrap();
        assert!(WordList::read(file.path()).is_err());
    }
}
