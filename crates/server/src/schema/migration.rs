//! The migrations: `migrations/000N_name.up.sql` and `.down.sql`, embedded in the binary, one folder for both
//! databases. Lines between `-- @postgres` (or `-- @sqlite`) and `-- @end` are for that engine only. A
//! released migration is never edited: its checksum is in the history of every database it was applied to.

use aws_lc_rs::digest::{SHA256, digest};

/// The database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// A migration, up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number; applied in this order.
    pub version: i64,
    /// Its name, from the file name.
    pub name: &'static str,
    /// The text of `.up.sql`, including the sections of both engines.
    pub up: &'static str,
    /// The text of `.down.sql`.
    pub down: &'static str,
}

/// All migrations, oldest first: what `build.rs` finds in the folder.
pub const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

impl Migration {
    /// The SHA-256 of both files in hex, for the history. Line endings are ignored.
    pub fn checksum(&self) -> String {
        let text = format!("{}\n-- down\n{}", self.up, self.down).replace("\r\n", "\n");
        digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The SQL that applies it on `engine`.
    pub fn up_for(&self, engine: Engine) -> String {
        keep(self.up, engine)
    }

    /// The SQL that reverts it on `engine`.
    pub fn down_for(&self, engine: Engine) -> String {
        keep(self.down, engine)
    }
}

impl std::fmt::Display for Migration {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:04} {}", self.version, self.name)
    }
}

/// Removes the sections of the other engine, and the section marks.
fn keep(text: &str, engine: Engine) -> String {
    let mut only = None;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        match line.trim() {
            "-- @postgres" => only = Some(Engine::Postgres),
            "-- @sqlite" => only = Some(Engine::Sqlite),
            "-- @end" => only = None,
            _ if only.is_none_or(|only| only == engine) => {
                kept.push_str(line);
                kept.push('\n');
            }
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_kept_for_their_engine_only() {
        let text = "a\n-- @postgres\nb\n-- @end\n-- @sqlite\nc\n-- @end\nd\n";
        assert_eq!(keep(text, Engine::Postgres), "a\nb\nd\n");
        assert_eq!(keep(text, Engine::Sqlite), "a\nc\nd\n");
    }

    #[test]
    fn versions_count_up_without_gaps() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, i64::try_from(index).unwrap() + 1);
        }
    }

    #[test]
    fn line_endings_do_not_change_a_checksum() {
        let unix = Migration { version: 1, name: "a", up: "x\ny\n", down: "z\n" };
        let windows = Migration { up: "x\r\ny\r\n", down: "z\r\n", ..unix };
        assert_eq!(unix.checksum(), windows.checksum());
        assert_ne!(unix.checksum(), Migration { down: "", ..unix }.checksum());
    }
}
