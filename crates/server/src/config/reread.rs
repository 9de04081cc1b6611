//! The result of reloading an operator's file, for the log.

/// A setting that names a file, and the result of reloading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reread {
    /// Reloaded; the text describes the contents: `PASSWORD_WORD_LIST (12 words)`.
    Anew(String),
    /// Invalid, so the previous contents stay in use; the text is a sentence without the full stop.
    Kept(String),
}

impl Reread {
    /// The result for this setting; an error is the end of a sentence that begins with its name.
    pub fn of<T>(name: &str, read: &Result<T, String>, count: impl FnOnce(&T) -> String) -> Self {
        match read {
            Ok(now) => Self::Anew(format!("{name} ({})", count(now))),
            Err(why) => Self::Kept(format!("{name} {why}")),
        }
    }
}
