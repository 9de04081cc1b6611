//! The migrations themselves: `migrations/000N_name.up.sql` and `.down.sql`, embedded in the binary,
//! one folder for both databases. Lines between `-- @postgres` (or `-- @sqlite`) and `-- @end` are
//! kept for that engine only. A shipped migration is never edited: its checksum is in the history of
//! every database it was applied to.

use aws_lc_rs::digest::{SHA256, digest};

/// Which database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// One step of the schema, up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number; applied in this order.
    pub version: i64,
    /// What it makes, as in the file's name.
    pub name: &'static str,
    /// The text of `.up.sql`, sections of both engines included.
    pub up: &'static str,
    /// The text of `.down.sql`.
    pub down: &'static str,
}

/// Every migration, oldest first: what `build.rs` finds in the folder.
pub const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

impl Migration {
    /// SHA-256 of both files, in hex: what the history remembers. Line endings do not count.
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

    /// The SQL that takes it back on `engine`.
    pub fn down_for(&self, engine: Engine) -> String {
        keep(self.down, engine)
    }
}

impl std::fmt::Display for Migration {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:04} {}", self.version, self.name)
    }
}

/// Drops the sections of the other engine, and the section marks.
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
