//! `doorward_migrations`, the history of a database: which migrations were applied, when, and with which
//! checksum. Compared with this binary's migrations, it shows which are pending, edited or unknown.

use crate::schema::migration::{Engine, MIGRATIONS, Migration};

/// Created in the transaction of the first migration, dropped in that of the last rollback.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS doorward_migrations (
    version    BIGINT      NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    checksum   TEXT        NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
);
";
pub(super) const DROP: &str = "DROP TABLE doorward_migrations;\n";

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The migration's number.
    pub version: i64,
    /// Its name at that time.
    pub name: String,
    /// The SHA-256 of its files at that time.
    pub checksum: String,
    /// The time, as RFC 3339 text.
    pub applied_at: String,
}

/// The state of a migration in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Applied, and unchanged since.
    Applied,
    /// Not yet applied.
    Pending,
    /// Applied, but its files have been edited since.
    Changed,
    /// Applied by a newer binary, which this one does not know.
    Unknown,
}

impl State {
    /// The name for people and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
        }
    }
}

/// A migration and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The migration's number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: State,
    /// When it was applied, as RFC 3339 text.
    pub applied_at: Option<String>,
}

/// The state of all migrations, oldest first.
pub(super) fn statuses(history: &[HistoryRow]) -> Vec<Status> {
    let known = MIGRATIONS.iter().map(|migration| {
        let record = history.iter().find(|record| record.version == migration.version);
        let state = match record {
            None => State::Pending,
            Some(record) if record.checksum == migration.checksum() => State::Applied,
            Some(_) => State::Changed,
        };
        Status {
            version: migration.version,
            name: migration.name.into(),
            state,
            applied_at: record.map(|record| record.applied_at.clone()),
        }
    });
    let unknown =
        history.iter().filter(|record| find(record.version).is_none()).map(|record| Status {
            version: record.version,
            name: record.name.clone(),
            state: State::Unknown,
            applied_at: Some(record.applied_at.clone()),
        });
    let mut all: Vec<_> = known.chain(unknown).collect();
    all.sort_by_key(|status| status.version);
    all
}

/// The migration with that number, if this binary has it.
pub(super) fn find(version: i64) -> Option<&'static Migration> {
    MIGRATIONS.iter().find(|migration| migration.version == version)
}

/// Records that it was applied, with the database's clock: the same text serves offline scripts.
pub(super) fn insert(migration: &Migration, engine: Engine) -> String {
    let now = match engine {
        Engine::Postgres => "now()",
        Engine::Sqlite => "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'",
    };
    let Migration { version, name, .. } = migration;
    let checksum = migration.checksum();
    format!(
        "INSERT INTO doorward_migrations (version, name, checksum, applied_at)\n    \
         VALUES ({version}, '{name}', '{checksum}', {now});\n"
    )
}

/// Records that it was reverted.
pub(super) fn delete(migration: &Migration) -> String {
    format!("DELETE FROM doorward_migrations WHERE version = {};\n", migration.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(version: i64, checksum: String) -> HistoryRow {
        HistoryRow { version, name: "x".into(), checksum, applied_at: "then".into() }
    }

    #[test]
    fn each_state_is_reported() {
        let history = [
            record(1, MIGRATIONS[0].checksum()),
            record(2, "edited".into()),
            record(99, String::new()),
        ];
        let found = statuses(&history);
        assert_eq!(found[0].state, State::Applied);
        assert_eq!(found[1].state, State::Changed);
        assert_eq!(found[2].state, State::Pending);
        assert_eq!(
            found.last().map(|status| (status.version, status.state)),
            Some((99, State::Unknown))
        );
    }
}
