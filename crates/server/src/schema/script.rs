//! A step of the schema as SQL text, for either engine: the migration itself and its row in the history. The
//! runner executes this text, and `--sql` prints it with a transaction and a lock around it, so that running
//! it by hand leads to the same database.

use std::fmt::Write as _;

use crate::config::TENANT_ROLE;

use super::history;
use crate::schema::migration::{Engine, MIGRATIONS, Migration};

/// The key of the advisory lock for migrators: `doorward` in ASCII.
pub(super) const LOCK_KEY: i64 = i64::from_be_bytes(*b"doorward");

/// The direction of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Apply.
    Up,
    /// Revert.
    Down,
}

/// One migration in one direction.
#[derive(Clone, Copy, Debug)]
pub struct SchemaStep {
    /// The migration.
    pub migration: &'static Migration,
    /// The direction.
    pub direction: Direction,
}

impl SchemaStep {
    /// The SQL executed inside its transaction.
    pub(super) fn script(&self, engine: Engine, tenant: &str) -> String {
        let text = match self.direction {
            Direction::Up => self.migration.up_for(engine),
            Direction::Down => self.migration.down_for(engine),
        };
        let mut script = named(&text, tenant);
        match self.direction {
            Direction::Up => script.push_str(&history::insert(self.migration, engine)),
            Direction::Down => script.push_str(&history::delete(self.migration)),
        }
        script
    }

    /// The first line of each statement, for a dry run.
    pub fn outline(&self, engine: Engine, tenant: &str) -> Vec<String> {
        let text = match self.direction {
            Direction::Up => self.migration.up_for(engine),
            Direction::Down => self.migration.down_for(engine),
        };
        named(&text, tenant)
            .lines()
            .filter(|line| {
                let word = line.split(' ').next().unwrap_or_default();
                ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "GRANT", "REVOKE"]
                    .contains(&word)
            })
            .map(|line| line.trim_end_matches([';', '(', ' ']).to_owned())
            .collect()
    }

    /// Whether it needs the role that owns `own_tasks`.
    pub(super) fn needs_tenant(&self) -> bool {
        self.direction == Direction::Up && self.migration.up.contains(TENANT_ROLE)
    }
}

/// The steps up from `from` (already applied) to `to`.
pub fn upward(from: i64, to: i64) -> Vec<SchemaStep> {
    let wanted = MIGRATIONS.iter().filter(|one| one.version > from && one.version <= to);
    wanted.map(|migration| SchemaStep { migration, direction: Direction::Up }).collect()
}

/// The steps down from `from` to `to` (which stays).
pub fn downward(from: i64, to: i64) -> Vec<SchemaStep> {
    let wanted = MIGRATIONS.iter().rev().filter(|one| one.version > to && one.version <= from);
    wanted.map(|migration| SchemaStep { migration, direction: Direction::Down }).collect()
}

/// A script for manual use: each step in its own transaction, with the same lock.
pub fn offline(steps: &[SchemaStep], engine: Engine, tenant: &str) -> String {
    let mut text = format!("-- Doorward {}: schema changes for ", env!("CARGO_PKG_VERSION"));
    text.push_str(match engine {
        Engine::Postgres => {
            "PostgreSQL. Apply with\n--   psql \"$DATABASE_URL\" -v ON_ERROR_STOP=1 -f this-file.sql\n"
        }
        Engine::Sqlite => {
            "SQLite. Apply with\n--   sqlite3 -bail doorward.db < this-file.sql\nPRAGMA foreign_keys = OFF;\n"
        }
    });
    for (index, step) in steps.iter().enumerate() {
        let (word, last) = match step.direction {
            Direction::Up => ("up", false),
            Direction::Down => ("down", step.migration.version == 1),
        };
        let checksum = step.migration.checksum();
        let _ = writeln!(text, "\n-- Migration {} ({word}), SHA-256 {checksum}", step.migration);
        match engine {
            Engine::Postgres => {
                let _ = writeln!(text, "BEGIN;\nSELECT pg_advisory_xact_lock({LOCK_KEY});");
            }
            Engine::Sqlite => text.push_str("BEGIN IMMEDIATE;\n"),
        }
        if index == 0 && step.direction == Direction::Up {
            text.push_str(history::CREATE);
        }
        text.push_str(&step.script(engine, tenant));
        if last {
            text.push_str(history::DROP);
        }
        text.push_str("COMMIT;\n");
    }
    text
}

/// A script for manual use: the privileges that this login needs to serve the newest schema.
pub fn granting(login: &str, tenant: &str) -> String {
    super::migrate::grant_script(login, tenant)
}

/// The start of row-level security in a migration.
const ISOLATION: &str = "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;";

/// Creates row-level security in a database with the tables of this version; an existing view is kept, with
/// its grants.
pub(super) fn isolation(tenant: &str, has_view: bool, version: i64) -> String {
    let texts = MIGRATIONS.iter().map(|migration| migration.up_for(Engine::Postgres));
    let mut found = texts.filter_map(|text| text.find(ISOLATION).map(|at| text[at..].to_owned()));
    let mut text = found.next().unwrap_or_default();
    let policy = "CREATE POLICY own_tasks";
    text =
        text.replacen(policy, &format!("DROP POLICY IF EXISTS own_tasks ON tasks;\n{policy}"), 1);
    if let Some(view) = text.find("CREATE VIEW own_tasks")
        && let Some(end) = text[view..].find(';')
    {
        let statement = if has_view {
            String::new()
        } else {
            format!("CREATE VIEW own_tasks AS SELECT {} FROM tasks;", own_columns(version))
        };
        text.replace_range(view..=view + end, &statement);
    }
    named(&text, tenant)
}

/// The columns of the view: from the last migration up to this version that creates or extends it.
fn own_columns(version: i64) -> &'static str {
    let applied = MIGRATIONS.iter().filter(|migration| migration.version <= version);
    let mut lists = applied.filter_map(|migration| {
        let (_, from_columns) = migration.up.split_once("own_tasks AS SELECT ")?;
        from_columns.split_once(" FROM ").map(|(columns, _)| columns)
    });
    lists.next_back().unwrap_or_default()
}

/// The migrations use the role's default name; another one is substituted, quoted.
fn named(text: &str, tenant: &str) -> String {
    if tenant == TENANT_ROLE {
        return text.to_owned();
    }
    let literal = format!("'{TENANT_ROLE}'");
    text.replace(&literal, &format!("'{tenant}'")).replace(TENANT_ROLE, &format!("\"{tenant}\""))
}

/// Role names become part of SQL text, so only those that need no escaping are allowed.
pub(super) fn is_role_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=63).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.starts_with("pg_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_role_name_takes_the_defaults_place() {
        let text = "IF r = 'doorward_tenant' THEN GRANT doorward_tenant TO x";
        assert_eq!(named(text, "other"), "IF r = 'other' THEN GRANT \"other\" TO x");
        assert_eq!(named(text, TENANT_ROLE), text);
    }

    #[test]
    fn one_migration_makes_row_level_security_and_ends_with_that() {
        let making = MIGRATIONS.iter().filter(|one| one.up.contains(ISOLATION));
        assert_eq!(making.count(), 1);
        let text = isolation("other", true, i64::MAX);
        assert!(text.contains("CREATE POLICY own_tasks") && text.contains("OWNER TO \"other\""));
        assert!(!text.contains("CREATE VIEW") && !text.contains("CREATE TABLE"), "{text}");
    }

    #[test]
    fn the_view_is_made_with_the_columns_that_its_table_has() {
        for (version, has_tags) in [(4, false), (14, false), (15, true), (i64::MAX, true)] {
            let text = isolation(TENANT_ROLE, false, version);
            let (_, view) =
                text.split_once("CREATE VIEW own_tasks AS SELECT id, ").expect("a view");
            let (columns, _) = view.split_once(" FROM tasks;").expect("its end");
            assert_eq!(columns.ends_with("updated_at, tags, metadata"), has_tags, "{columns}");
            assert_eq!(columns.ends_with("updated_at"), !has_tags, "{columns}");
        }
    }

    #[test]
    fn role_names_that_need_escaping_are_refused() {
        assert!(is_role_name("doorward_tenant"));
        for bad in ["", "a b", "a\"", "a'", "Ab", "1a", "pg_x", &"a".repeat(64)] {
            assert!(!is_role_name(bad), "{bad}");
        }
    }

    #[test]
    fn steps_go_up_in_order_and_down_in_reverse() {
        let versions = |steps: Vec<SchemaStep>| -> Vec<i64> {
            steps.iter().map(|step| step.migration.version).collect()
        };
        assert_eq!(versions(upward(1, 3)), [2, 3]);
        assert_eq!(versions(downward(3, 1)), [3, 2]);
        assert!(upward(3, 3).is_empty());
    }

    #[test]
    fn an_outline_names_each_table() {
        let up = upward(0, 1);
        let outline = up[0].outline(Engine::Sqlite, TENANT_ROLE);
        assert!(outline.contains(&"CREATE TABLE users".to_owned()), "{outline:?}");
    }
}
