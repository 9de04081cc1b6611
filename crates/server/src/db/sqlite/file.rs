//! Checks that the file at the database's path is still the one that was opened. SQLite would continue with a
//! deleted file, and everything confirmed from then on would be lost.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::config::{SqliteFile, SqliteTuning};
use crate::metrics::Metrics;
use crate::sql::{DbError, Result};

/// Device and inode of a file, which do not change when it is renamed.
type Identity = (u64, u64);

/// The path, and what was there at the first opening.
#[derive(Debug)]
pub(in crate::db) struct File {
    pub(in crate::db) path: PathBuf,
    pub(in crate::db) tuning: SqliteTuning,
    pub(in crate::db) metrics: Metrics,
    log: PathBuf,
    /// `None` if there is nothing to compare: a database in memory, or a system without inodes.
    opened: OnceLock<Option<Identity>>,
}

impl File {
    pub(in crate::db) fn new(file: impl Into<SqliteFile>) -> Self {
        let file = file.into();
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        Self {
            path: file.to_path_buf(),
            tuning: file.tuning,
            metrics: Metrics::default(),
            log: log.into(),
            opened: OnceLock::new(),
        }
    }

    /// Whether it was opened before.
    pub(in crate::db) fn is_known(&self) -> bool {
        self.opened.get().is_some()
    }

    /// Records the file at the path as the opened one, unless already known.
    pub(in crate::db) fn remember(&self) {
        self.opened.get_or_init(|| identity(&self.path));
    }

    /// `Away`, with one sentence, unless the opened file is still at its path.
    pub(in crate::db) fn present(&self) -> Result<()> {
        match self.opened.get().copied().flatten() {
            Some(opened) if identity(&self.path) != Some(opened) => Err(DbError::Away(format!(
                "{} was deleted or replaced while the server was running: stop the server, restore the database \
                    without its -wal and -shm files, and start the server again.",
                self.path.display()
            ))),
            _ => Ok(()),
        }
    }

    /// The size of the write-ahead log.
    pub(in crate::db) fn log_bytes(&self) -> u64 {
        self.log.metadata().map_or(0, |log| log.len())
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}
