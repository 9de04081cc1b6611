//! What came of reading an operator's file anew, for the one log line that says so.

/// A setting that names a file, and what became of reading it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reread {
    /// It holds now what the text says: `PASSWORD_WORD_LIST (12 words)`.
    Anew(String),
    /// It could not be used, so what was read before stays; the text is a sentence without its full stop.
    Kept(String),
}

impl Reread {
    /// The outcome for this setting; an error is the end of a sentence that begins with its name.
    pub fn of<T>(name: &str, read: &Result<T, String>, count: impl FnOnce(&T) -> String) -> Self {
        match read {
            Ok(now) => Self::Anew(format!("{name} ({})", count(now))),
            Err(why) => Self::Kept(format!("{name} {why}")),
        }
    }
}
