//! `PASSWORD_WORD_LIST`: an operator's own words that passwords must not consist of: the company, its
//! products, its town. One word per line; read with the settings, and again at SIGHUP.

use std::path::Path;
use std::sync::Arc;

use crate::config::source::text_file;

const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Words in lower case, sorted; clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordList {
    words: Arc<[String]>,
    /// Its file, if any.
    path: Option<Arc<Path>>,
}

impl WordList {
    /// A list of these words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words = words.into_iter().map(|word| word.trim().to_lowercase());
        let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        Self { words: words.into(), path: None }
    }

    /// The words.
    pub(crate) fn words(&self) -> &Arc<[String]> {
        &self.words
    }

    /// Reads its file again.
    pub(crate) fn reread(&self) -> Result<Self, String> {
        self.path.as_deref().map_or_else(|| Ok(self.clone()), Self::read)
    }

    /// Reads the file; the error is the end of a sentence that begins with the setting's name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |why: &dyn std::fmt::Display| text_file::unreadable(path, why);
        let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(&"it is larger than 16 MiB"));
        }
        let text = text_file::read(path).map_err(|error| unreadable(&error))?;
        Ok(Self { path: Some(path.into()), ..Self::of(text.lines()) })
    }
}

#[cfg(test)]
mod tests {
    use super::WordList;

    #[test]
    fn a_line_is_a_word_in_lower_case_without_its_ends() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}Acme\r\n\n  Röntgen AG \nacme\nX1\n").unwrap();
        let list = WordList::read(file.path()).unwrap();
        assert_eq!(**list.words(), ["acme", "röntgen ag", "x1"]);
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
