//! Mails as files, for `doorward dev`: one `.eml` each, which mail programs can open, and the link on the
//! terminal.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Formatted, Say, Undelivered};
use crate::config::Settings;

#[derive(Debug)]
pub(in crate::mail) struct MailFolder {
    folder: PathBuf,
    settings: Arc<Settings>,
    say: Say,
}

impl MailFolder {
    pub(super) fn new(folder: PathBuf, settings: Arc<Settings>, say: Say) -> Self {
        Self { folder, settings, say }
    }

    pub(super) async fn write(&self, formatted: &Formatted) -> Result<String, Undelivered> {
        // Ids start with the time, so the files are sorted by it.
        let name = format!("{}-{}.eml", formatted.id, formatted.kind);
        let (path, part) = (self.folder.join(&name), self.folder.join(format!(".{name}")));
        let folder = self.folder.clone();
        let bytes = formatted.bytes.clone();
        let to_path = path.clone();
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(&part, bytes)?;
            std::fs::rename(&part, &to_path)
        });
        let written = written.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let path = path.display();
        written
            .map_err(|error| Undelivered::Later(format!("{path} cannot be written: {error}.")))?;
        let (kind, to) = (&formatted.kind, &formatted.to);
        let shown =
            formatted.shown.as_ref().map_or_else(String::new, |shown| format!("\n  {shown}"));
        (self.say)(&self.settings, &format!("Mail {kind} to {to}: {path}{shown}"));
        Ok(format!("written to {path}"))
    }
}
