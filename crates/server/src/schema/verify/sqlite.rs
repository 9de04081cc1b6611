//! The queries on a SQLite file's catalog. The expected results come from the migrations themselves, applied
//! to a database in memory.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::Answer;
use crate::schema::history;
use crate::schema::migrate::error::MigrateResult;
use crate::schema::migration::{Engine, MIGRATIONS};
use crate::schema::verify::drift::{Check, Rows};

pub(in crate::schema) const CHECKS: &[Check] = &[
    Check {
        title: "Tables",
        key: 1,
        noun: "{1} {0}",
        sql: "SELECT name, type AS kind FROM sqlite_master\n\
            WHERE type IN ('table', 'view') AND name IN ({tables})\n\
            ORDER BY name",
    },
    Check {
        title: "Columns",
        key: 2,
        noun: "column {0}.{1}",
        sql: "SELECT m.name AS \"table\", c.name AS \"column\", c.type,\n    \
            CASE c.\"notnull\" WHEN 1 THEN 'NO' ELSE 'YES' END AS nullable, c.dflt_value AS \"default\",\n    \
            c.pk AS \"place in the primary key\"\n\
            FROM sqlite_master m JOIN pragma_table_info(m.name) c\n\
            WHERE m.type = 'table' AND m.name IN ({tables})\n\
            ORDER BY m.name, c.cid",
    },
    Check {
        title: "Foreign keys",
        key: 2,
        noun: "foreign key {0}.{1}",
        sql: "SELECT m.name AS \"table\", f.\"from\" AS \"column\",\n    \
            f.\"table\" || '(' || f.\"to\" || ')' AS target, f.on_delete AS \"action on delete\"\n\
            FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f\n\
            WHERE m.type = 'table' AND m.name IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Indexes",
        key: 2,
        noun: "index {1} on {0}",
        sql: "SELECT tbl_name AS \"table\", name AS \"index\", sql AS definition\n\
            FROM sqlite_master\n\
            WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Triggers",
        key: 2,
        noun: "trigger {1} on {0}",
        sql: "SELECT tbl_name AS \"table\", name AS \"trigger\", sql AS definition\n\
            FROM sqlite_master\n\
            WHERE type = 'trigger' AND tbl_name IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Rows with broken references",
        key: 3,
        noun: "row {1} of {0}, which refers to a missing row of {2},",
        sql: "SELECT \"table\", rowid AS row, parent FROM pragma_foreign_key_check",
    },
    Check {
        title: "Integrity of the file",
        key: 1,
        noun: "integrity check's answer `{0}`",
        sql: "SELECT quick_check AS answer FROM pragma_quick_check",
    },
];

/// The file's results, and what the migrations create.
pub(in crate::schema) fn read(path: &Path) -> MigrateResult<(Vec<Answer>, Vec<Rows>)> {
    let file = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    file.busy_timeout(Duration::from_secs(5))?;
    read_through(&file)
}

/// The same for an open file.
pub(in crate::schema) fn read_through(
    file: &Connection,
) -> MigrateResult<(Vec<Answer>, Vec<Rows>)> {
    let made = Connection::open_in_memory()?;
    made.execute_batch(history::CREATE)?;
    for migration in MIGRATIONS {
        made.execute_batch(&migration.up_for(Engine::Sqlite))?;
    }
    let all = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name";
    let names: Vec<_> = answer(&made, all)?.1.into_iter().flatten().flatten().collect();
    let tables = format!("'{}'", names.join("', '"));
    let mut found = Vec::with_capacity(CHECKS.len());
    let mut expected = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        let sql = check.sql.replace("{tables}", &tables);
        let (columns, rows) = answer(file, &sql)?;
        expected.push(answer(&made, &sql)?.1);
        found.push(Answer { title: check.title, sql, columns, rows });
    }
    Ok((found, expected))
}

fn answer(connection: &Connection, sql: &str) -> MigrateResult<(Vec<String>, Rows)> {
    let mut statement = connection.prepare(sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        (0..columns.len()).map(|index| Ok(text(row.get_ref(index)?))).collect()
    })?;
    let rows = rows.collect::<rusqlite::Result<_>>()?;
    Ok((columns, rows))
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(value.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}
