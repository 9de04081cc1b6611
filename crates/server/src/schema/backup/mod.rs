//! `db backup` and `db restore`: the whole database as one file that its owner alone can read, and back.
//! SQLite is copied page by page while it serves; PostgreSQL by its own `pg_dump` and `pg_restore`. A file
//! appears under its name when it is whole, and never in place of another unless that is asked for.

mod output;
mod postgres;
mod program;
mod sqlite;

use std::path::{Path, PathBuf};

use crate::config::DatabaseUrl;
use crate::schema::history::{HistoryRow, State, statuses};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::{Migrator, blocking};

/// A backup that was made.
#[derive(Debug)]
pub struct Saved {
    /// Its size.
    pub bytes: u64,
    /// The newest migration in it.
    pub version: i64,
}

/// A backup that was put in place.
#[derive(Debug)]
pub struct Restored {
    /// The newest migration in it.
    pub version: i64,
    /// How many migrations of this binary it lacks.
    pub pending: usize,
    /// What restoring had lost and repairing put right.
    pub righted: Vec<String>,
}

/// What `say` is told as the work goes on.
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

    /// Puts a backup in place of the database; `replace` what is there. Row-level security is made anew.
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

/// What a file is by its first bytes.
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

/// The newest migration of a backup and how many it lacks; what this binary cannot work with is refused.
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
            "{file} holds no tables of Doorward's: name a file that `doorward db backup` made."
        )));
    };
    let (newer, edited) = (named(State::Unknown), named(State::Changed));
    if !newer.is_empty() {
        return Err(refused(format!(
            "{file} comes from a newer Doorward (migration {newer}), whose tables this one does not know: \
             restore it with that version or a newer one."
        )));
    }
    if !edited.is_empty() {
        return Err(refused(format!(
            "{file} was made by migrations of other content ({edited}): restore it with the binary that made it."
        )));
    }
    let pending = all.iter().filter(|status| status.state == State::Pending).count();
    Ok((newest, pending))
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}
