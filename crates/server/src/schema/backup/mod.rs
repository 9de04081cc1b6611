//! `db backup` and `db restore`: the whole database as one file that only its owner can read, and back.
//! SQLite is copied page by page while the server runs; PostgreSQL with `pg_dump` and `pg_restore`. A file
//! appears under its name only when complete, and replaces another only on request.

mod output;
mod postgres;
mod program;
mod sqlite;

use std::path::{Path, PathBuf};

use crate::config::DatabaseUrl;
use crate::schema::history::{HistoryRow, State, statuses};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::{Migrator, blocking};

/// A backup that was created.
#[derive(Debug)]
pub struct Saved {
    /// Its size.
    pub bytes: u64,
    /// The newest migration in it.
    pub version: i64,
}

/// A backup that was restored.
#[derive(Debug)]
pub struct Restored {
    /// The newest migration in it.
    pub version: i64,
    /// The number of this binary's migrations that it lacks.
    pub pending: usize,
    /// What was lost by restoring and then repaired.
    pub righted: Vec<String>,
}

/// Reports progress to the user.
type Say = fn(&str);

impl Migrator {
    /// Writes the whole database into a file.
    pub async fn backup(&self, file: &Path, overwrite: bool) -> MigrateResult<Saved> {
        let (file, say) = (file.to_owned(), self.says());
        match self.url() {
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_path_buf();
                blocking(move || sqlite::save(&path, &file, overwrite, say)).await
            }
            DatabaseUrl::Postgres(url) => postgres::save(self, url, file, overwrite, say).await,
        }
    }

    /// Restores a backup; with `replace` over existing data. Row-level security is recreated.
    pub async fn restore(&self, file: &Path, replace: bool) -> MigrateResult<Restored> {
        let (file, say) = (file.to_owned(), self.says());
        match self.url() {
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_path_buf();
                blocking(move || sqlite::restore(&path, &file, replace, say)).await
            }
            DatabaseUrl::Postgres(url) => postgres::restore(self, url, file, replace, say).await,
        }
    }
}

/// The kind of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Archive,
    Other,
}

fn kind_of(file: &Path) -> MigrateResult<Kind> {
    use std::io::Read as _;
    let unreadable =
        |error: std::io::Error| refused(format!("{} cannot be read: {error}.", file.display()));
    let mut first = Vec::new();
    std::fs::File::open(file)
        .map_err(unreadable)?
        .take(16)
        .read_to_end(&mut first)
        .map_err(unreadable)?;
    Ok(match first.as_slice() {
        b"SQLite format 3\0" => Kind::Sqlite,
        [b'P', b'G', b'D', b'M', b'P', ..] => Kind::Archive,
        _ => Kind::Other,
    })
}

fn refused(text: impl Into<String>) -> MigrateError {
    MigrateError::Refused(text.into())
}

/// The newest migration of a backup and the number it lacks; an unsupported one is rejected.
fn fits(file: &Path, history: &[HistoryRow]) -> MigrateResult<(i64, usize)> {
    let file = file.display();
    let all = statuses(history);
    let named = |state| {
        let found = all.iter().filter(move |status| status.state == state);
        found
            .map(|status| format!("{:04} {}", status.version, status.name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let newest = history.iter().map(|row| row.version).max();
    let Some(newest) = newest else {
        return Err(refused(format!(
            "{file} contains no tables of Doorward: name a file from `doorward db backup`."
        )));
    };
    let (newer, edited) = (named(State::Unknown), named(State::Changed));
    if !newer.is_empty() {
        return Err(refused(format!(
            "{file} is from a newer Doorward (migration {newer}): restore it with that version or a newer one."
        )));
    }
    if !edited.is_empty() {
        return Err(refused(format!(
            "{file} was created with different migrations ({edited}): restore it with the binary that created it."
        )));
    }
    let pending = all.iter().filter(|status| status.state == State::Pending).count();
    Ok((newest, pending))
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}
