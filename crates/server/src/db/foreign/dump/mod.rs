//! Reads a `pg_dump` file like a database: the first pass reads which tables it has, the second loads the
//! rows of the wanted ones into a temporary SQLite file. That file has no name and disappears with its
//! connection, and memory is bounded however large the dump is.

mod copied;
mod dump_kind;
mod dump_lines;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params_from_iter};

use super::{ForeignColumn, ForeignTable};
use copied::{cells, columns, kind, names};
use dump_lines::DumpLines;

/// A dump with known tables.
#[derive(Debug)]
pub struct ForeignDump {
    path: PathBuf,
    tables: Vec<ForeignTable>,
}

impl ForeignDump {
    /// Whether this is a plain-text dump, judged by its contents. The error is one sentence that says what to
    /// run.
    pub fn is_at(path: &Path, is_named_so: bool) -> Result<bool, String> {
        dump_kind::is_dump(path, is_named_so)
    }

    /// Reads which tables it has. The error is one sentence.
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut lines = DumpLines::open(path)?;
        let mut tables: Vec<ForeignTable> = Vec::new();
        let mut kinds: HashMap<(String, String, String), String> = HashMap::new();
        let mut schema = "public".to_owned();
        let mut has_inserts = false;
        while let Some(line) = lines.next_text()? {
            if let Some((found, columns)) = copy_of(&line, &schema) {
                let (schema, name) = found;
                if tables.iter().any(|own| own.schema == schema && own.name == name) {
                    return Err(format!(
                        "{} has the rows of {schema}.{name} twice: take the dump of one database, by pg_dump.",
                        path.display()
                    ));
                }
                let column = |column: String| {
                    let key = (schema.clone(), name.clone(), column);
                    let kind = kinds.remove(&key).unwrap_or_default();
                    ForeignColumn { name: key.2, kind, is_key: false }
                };
                let columns = columns.into_iter().map(column).collect();
                tables.push(ForeignTable { schema, name, columns });
                lines.skip_rows()?;
            } else if let Some((schema, name)) = created(&line, &schema) {
                while let Some(line) = lines.next_text()?
                    && !line.starts_with(')')
                {
                    let (mut column, rest) = names(line.trim_start());
                    if let Some(column) = column.pop() {
                        kinds.insert((schema.clone(), name.clone(), column), kind(rest));
                    }
                }
            } else if let Some(path) = line.strip_prefix("SET search_path = ") {
                schema = names(path).0.pop().unwrap_or(schema);
            } else if let Some(encoding) = line.strip_prefix("SET client_encoding = ") {
                if !encoding.starts_with("'UTF8'") {
                    return Err(format!(
                        "{} is not in UTF-8: make it with `pg_dump --encoding=UTF8`.",
                        path.display()
                    ));
                }
            } else if line.starts_with("INSERT INTO ") {
                has_inserts = true;
            }
        }
        if tables.is_empty() {
            let file = path.display();
            return Err(if has_inserts {
                format!(
                    "{file} has its rows as INSERT statements: make it without `--inserts` and \
                     `--column-inserts` (with Supabase's command line, `supabase db dump --data-only --use-copy`)."
                )
            } else {
                format!(
                    "{file} has no rows: make it with `pg_dump`, without `--schema-only`, or import from \
                     the database itself."
                )
            });
        }
        Ok(Self { path: path.to_owned(), tables })
    }

    /// The tables with rows.
    pub fn tables(&self) -> &[ForeignTable] {
        &self.tables
    }

    /// The rows of the wanted tables. The error is one sentence.
    pub(super) fn load(
        &self,
        is_wanted: &dyn Fn(&ForeignTable) -> bool,
    ) -> Result<Connection, String> {
        let describe = |error: rusqlite::Error| format!("{}: {error}", self.path.display());
        let wanted: Vec<_> = self.tables.iter().filter(|table| is_wanted(table)).collect();
        let connection = Connection::open("").map_err(describe)?;
        let mut schemas: Vec<&str> = wanted.iter().map(|table| table.schema.as_str()).collect();
        schemas.sort_unstable();
        schemas.dedup();
        for schema in schemas {
            let name = in_sql(schema);
            let sql = format!("ATTACH '' AS {name}; PRAGMA {name}.journal_mode = OFF");
            connection.execute_batch(&sql).map_err(describe)?;
        }
        connection.execute_batch("BEGIN").map_err(describe)?;
        let mut lines = DumpLines::open(&self.path)?;
        let mut schema = "public".to_owned();
        while let Some(line) = lines.next_text()? {
            if let Some(path) = line.strip_prefix("SET search_path = ") {
                schema = names(path).0.pop().unwrap_or(schema);
            }
            let Some(((schema, name), _)) = copy_of(&line, &schema) else { continue };
            let found = wanted.iter().find(|own| own.schema == schema && own.name == name);
            match found {
                Some(table) => self.fill(&connection, table, &mut lines)?,
                None => lines.skip_rows()?,
            }
        }
        connection.execute_batch("COMMIT; BEGIN").map_err(describe)?;
        Ok(connection)
    }

    fn fill(
        &self,
        connection: &Connection,
        table: &ForeignTable,
        lines: &mut DumpLines,
    ) -> Result<(), String> {
        let file = self.path.display();
        let name = format!("{}.{}", in_sql(&table.schema), in_sql(&table.name));
        let describe = |error: rusqlite::Error| format!("{file}, {name}: {error}");
        let columns: Vec<_> = table.columns.iter().map(declared).collect();
        let sql = format!("CREATE TABLE {name} ({})", columns.join(", "));
        connection.execute(&sql, []).map_err(describe)?;
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {name} VALUES ({places})");
        let mut insert = connection.prepare(&sql).map_err(describe)?;
        while let Some(row) = lines.next_row()? {
            let row =
                cells(row).map_err(|why| format!("line {} of {file} {why}.", lines.number()))?;
            if row.len() != columns.len() {
                let (line, here, there) = (lines.number(), row.len(), columns.len());
                return Err(format!(
                    "line {line} of {file} has {here} values for {there} columns."
                ));
            }
            insert.execute(params_from_iter(row)).map_err(describe)?;
        }
        // Better Auth's passwords are looked up by user.
        for column in &table.columns {
            if ["userId", "user_id"].contains(&column.name.as_str()) {
                let (schema, index) =
                    (in_sql(&table.schema), in_sql(&format!("{}_owner", table.name)));
                let (table, column) = (in_sql(&table.name), in_sql(&column.name));
                let sql = format!("CREATE INDEX {schema}.{index} ON {table} ({column})");
                connection.execute(&sql, []).map_err(describe)?;
            }
        }
        Ok(())
    }
}

/// The table and columns of `COPY auth.users (id, email) FROM stdin;`.
fn copy_of(line: &str, schema: &str) -> Option<((String, String), Vec<String>)> {
    let rest = line.strip_prefix("COPY ")?;
    let (found, rest) = names(rest);
    let table = located(found, schema)?;
    rest.trim_end().ends_with("FROM stdin;").then_some(())?;
    Some((table, columns(rest)?))
}

/// The table of `CREATE TABLE auth.users (`.
fn created(line: &str, schema: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("CREATE ")?;
    let rest = rest.strip_prefix("UNLOGGED ").unwrap_or(rest).strip_prefix("TABLE ")?;
    let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
    let (found, rest) = names(rest);
    rest.trim_end().ends_with('(').then_some(())?;
    located(found, schema)
}

fn located(mut names: Vec<String>, schema: &str) -> Option<(String, String)> {
    let table = names.pop()?;
    Some((names.pop().unwrap_or_else(|| schema.to_owned()), table))
}

/// Numbers are sorted as numbers; everything else is text as in the dump.
fn declared(column: &ForeignColumn) -> String {
    let kind = column.kind.to_ascii_lowercase();
    let is_whole =
        ["int", "bigint", "smallint", "integer", "serial", "bigserial"].contains(&kind.as_str());
    format!("{} {}", in_sql(&column.name), if is_whole { "INTEGER" } else { "TEXT" })
}

fn in_sql(name: &str) -> String {
    format!("\"{}\"", name.split('"').collect::<Vec<_>>().join("\"\""))
}
