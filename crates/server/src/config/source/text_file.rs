//! Reads text files: UTF-8, without the byte-order mark that some editors add.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// The text of the file.
pub(in crate::config) fn read(path: &Path) -> io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Why a setting that names this file is invalid: the end of a sentence.
pub(in crate::config) fn unreadable(path: &Path, why: impl Display) -> String {
    let path = path.display();
    format!(
        "names {path}, which cannot be read: {why}; correct the path, or let this user read the file"
    )
}
