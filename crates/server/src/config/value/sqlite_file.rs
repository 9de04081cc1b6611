//! A SQLite file and its options.

use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The path, with the `SQLITE_…` settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteFile {
    path: PathBuf,
    /// The options.
    pub tuning: SqliteTuning,
}

/// The `SQLITE_…` settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteTuning {
    /// `SQLITE_SYNCHRONOUS`: when it waits for the disk.
    pub synchronous: Synchronous,
    /// `SQLITE_CACHE_SIZE`: the page cache of each connection in bytes.
    pub cache_bytes: u64,
    /// `SQLITE_MMAP_SIZE`: how many bytes of the file are mapped into memory.
    pub mmap_bytes: u64,
}

/// When SQLite waits for the disk. With both, the file is consistent after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// When the log is copied into the database: a power failure can undo the last commits.
    Normal,
    /// At each commit: a power failure undoes nothing that was confirmed.
    Full,
}

impl Default for SqliteTuning {
    fn default() -> Self {
        Self { synchronous: Synchronous::Normal, cache_bytes: 2 << 20, mmap_bytes: 0 }
    }
}

impl<P: Into<PathBuf>> From<P> for SqliteFile {
    fn from(path: P) -> Self {
        Self { path: path.into(), tuning: SqliteTuning::default() }
    }
}

impl Deref for SqliteFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}
