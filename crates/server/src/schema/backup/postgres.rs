//! PostgreSQL: `pg_dump` writes the schema of Doorward's tables as an archive, `pg_restore` restores it in
//! one transaction. Owners and grants are omitted, since roles belong to the cluster: the repair recreates
//! the role, the view's owner, the policy and the grants, and a verification by SQL ends the work.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Client;

use super::output::Output;
use super::program::Program;
use super::{Kind, Restored, Saved, Say, fits, kind_of, refused};
use crate::config::{PostgresUrl, TENANT_ROLE};
use crate::schema::history::HistoryRow;
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::postgres::{answer, connect_awake};
use crate::schema::migrate::{Migrator, blocking};
use crate::schema::migration::Engine;
use crate::schema::script::upward;
use crate::schema::verify::verify;

/// The line of the history in an archive's table of contents.
const HISTORY: &str = " doorward_migrations ";

/// How long a server process that has lost its client takes to end.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// Properties of the server.
struct Server {
    version: u32,
    schema: Option<String>,
}

pub(super) async fn save(
    migrator: &Migrator,
    url: &PostgresUrl,
    file: PathBuf,
    overwrite: bool,
    say: Say,
) -> MigrateResult<Saved> {
    let instead = format!("pg_dump --format=custom --file={} \"$DATABASE_URL\".", file.display());
    let program = Program::find("pg_dump", &instead)?;
    let client = connect_awake(url).await?;
    let server = ask(&client).await?;
    program.may_work_with(server.version)?;
    let version = migrator.version().await?;
    let (Some(schema), true) = (server.schema, version > 0) else {
        return Err(refused("There are no tables to back up: `doorward db migrate` creates them."));
    };
    drop(client);
    let url = url.clone();
    blocking(move || {
        let output = Output::create(&file, overwrite)?;
        let path = output.path.to_string_lossy().into_owned();
        let schema = format!("--schema=\"{}\"", schema.replace('"', "\"\""));
        let arguments = ["--format=custom", "--no-password", "--verbose", &schema, "--file", &path];
        program.run(
            Some(&url),
            &arguments,
            |line| table(line, "dumping contents of table"),
            say,
        )?;
        Ok(Saved { bytes: output.keep()?, version })
    })
    .await
}

pub(super) async fn restore(
    migrator: &Migrator,
    url: &PostgresUrl,
    file: PathBuf,
    replace: bool,
    say: Say,
) -> MigrateResult<Restored> {
    let shown = file.display().to_string();
    let instead = format!(
        "pg_restore --no-owner --no-privileges --single-transaction --dbname \"$DATABASE_URL\" {shown}, then \
         `doorward db repair`."
    );
    let program = Program::find("pg_restore", &instead)?;
    match kind_of(&file)? {
        Kind::Archive => {}
        Kind::Sqlite => {
            return Err(refused(format!(
                "{shown} is a SQLite database, but DATABASE_URL is a PostgreSQL one: set it to sqlite:FILE, or move accounts with `doorward export` and `doorward import`."
            )));
        }
        Kind::Other => {
            return Err(refused(format!(
                "{shown} is not in pg_dump's custom format, which `doorward db backup` writes: restore a plain dump with psql, then run `doorward db repair`."
            )));
        }
    }
    let client = connect_awake(url).await?;
    let server = ask(&client).await?;
    program.may_work_with(server.version)?;
    let archive = Archive::read(program, file).await?;
    let (version, pending) = fits(&archive.file, &archive.history)?;
    let is_there = !rows(&client, &schema_is_there(&archive.schema)).await?.is_empty();
    if server.schema.as_deref() != Some(archive.schema.as_str()) && is_there {
        return Err(refused(format!(
            "{shown} contains the schema {}, but the login's search_path is {}: add \
             options=-csearch_path%3D{} to the database URL.",
            archive.schema,
            server.schema.as_deref().unwrap_or("none"),
            archive.schema
        )));
    }
    let holds = migrator.history().await?.is_some();
    if holds && !replace {
        return Err(refused(format!(
            "{} already has Doorward's tables: restore into an empty database, or replace everything that is also in the backup with --force.",
            migrator.url()
        )));
    }
    refuse_running(&client, url).await?;
    let present = if holds { present(&client).await? } else { Vec::new() };
    let shell = Program::find("psql", &instead)?;
    let to = Place { url: url.clone(), shell, has_schema: is_there, present };
    drop(client);
    blocking(move || archive.put(&to, say)).await?;
    say("Restoring row-level security.");
    let repaired = migrator.repair(false).await?;
    if !repaired.is_isolated {
        return Err(refused(format!(
            "The tables are restored, but row-level security does not work: {} Run `doorward db verify`.",
            repaired.left.join(" ")
        )));
    }
    if pending == 0 {
        let report = verify(migrator).await?;
        let problems = report.problems();
        if !problems.is_empty() {
            return Err(refused(format!(
                "The tables are restored, but they differ from the migrations: {}",
                problems.join(" ")
            )));
        }
    }
    Ok(Restored { version, pending, righted: repaired.righted })
}

/// An archive with its table of contents and history.
struct Archive {
    program: Program,
    file: PathBuf,
    contents: Vec<String>,
    schema: String,
    history: Vec<HistoryRow>,
}

impl Archive {
    async fn read(program: Program, file: PathBuf) -> MigrateResult<Self> {
        blocking(move || {
            let path = file.to_string_lossy().into_owned();
            let listed = program.run(None, &["--list", &path], |_| None, |_| {})?;
            let contents: Vec<String> =
                listed.lines().filter(|line| !line.starts_with(';')).map(str::to_owned).collect();
            // 219; 1259 16402 TABLE public doorward_migrations postgres
            let table = contents
                .iter()
                .find(|line| line.contains(" TABLE ") && line.contains(HISTORY))
                .and_then(|line| line.split(" TABLE ").nth(1))
                .and_then(|rest| rest.split(HISTORY).next());
            let Some(schema) = table.map(str::to_owned) else {
                return Err(refused(format!(
                    "{path} contains no tables of Doorward: name a file from `doorward db backup`."
                )));
            };
            let arguments =
                ["--data-only", "--table=doorward_migrations", "--file=-", path.as_str()];
            let rows = program.run(None, &arguments, |_| None, |_| {})?;
            Ok(Self { program, contents, schema, history: copied(&rows), file })
        })
        .await
    }

    /// Restores everything in one transaction; with replacement, also drops the tables of newer migrations
    /// that the archive does not contain.
    fn put(&self, to: &Place, say: Say) -> MigrateResult<()> {
        // An existing schema stays: `public` is in every database.
        let wanted =
            self.contents.iter().filter(|line| !(to.has_schema && line.contains(" SCHEMA - ")));
        let wanted: Vec<_> = wanted.map(String::as_str).collect();
        let list = Output::create(&std::env::temp_dir().join("doorward-restore.list"), true)?;
        let broken = |error: std::io::Error| refused(format!("No temporary file: {error}."));
        let mut text = std::fs::OpenOptions::new().write(true).open(&list.path).map_err(broken)?;
        text.write_all(wanted.join("\n").as_bytes()).map_err(broken)?;
        let (list, file) = (list.path.to_string_lossy(), self.file.to_string_lossy());
        let mut arguments = vec!["--no-owner", "--no-privileges", "--verbose", "--file=-"];
        if !to.present.is_empty() {
            arguments.extend(["--clean", "--if-exists"]);
        }
        arguments.extend(["--use-list", &list, &file]);
        let mut head = String::from("BEGIN;\n");
        let tables = to.present.iter().rev().filter(|[kind, _]| kind == "TABLE");
        let functions = to.present.iter().filter(|[kind, _]| kind != "TABLE");
        for [kind, name] in tables.chain(functions) {
            let known = format!(" {kind} {} {name}", self.schema);
            if !self.contents.iter().any(|line| line.contains(&known)) {
                let _ = writeln!(
                    head,
                    "DROP {kind} \"{}\".{name}{};",
                    self.schema,
                    if kind == "TABLE" { "" } else { " CASCADE" }
                );
            }
        }
        let shell = (&to.shell, &to.url);
        let progress_of = |line: &str| table(line, "processing data for table");
        self.program.feed(&arguments, shell, [&head, "COMMIT;\n"], progress_of, say)
    }
}

/// The target of a restore.
struct Place {
    url: PostgresUrl,
    shell: Program,
    has_schema: bool,
    /// The existing tables and functions of Doorward, in order of creation; empty if the database has none.
    present: Vec<[String; 2]>,
}

/// The rows of the history in `COPY` format.
fn copied(text: &str) -> Vec<HistoryRow> {
    let rows = text.lines().skip_while(|line| !line.starts_with("COPY ")).skip(1);
    rows.take_while(|line| *line != "\\.")
        .filter_map(|line| {
            let mut columns = line.split('\t').map(str::to_owned);
            Some(HistoryRow {
                version: columns.next()?.parse().ok()?,
                name: columns.next()?,
                checksum: columns.next()?,
                applied_at: columns.next()?,
            })
        })
        .collect()
}

/// `pg_dump: dumping contents of table "public.users"` as progress.
fn table(line: &str, what: &str) -> Option<String> {
    let (_, name) = line.split_once(what)?;
    Some(format!("{} …", name.trim().trim_matches('"')))
}

async fn ask(client: &Client) -> MigrateResult<Server> {
    let sql = "SELECT current_setting('server_version_num')::int / 10000, current_schema()";
    let mut row = rows(client, sql).await?.into_iter().next().unwrap_or_default().into_iter();
    let version = row.next().flatten().and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Server { version, schema: row.next().flatten() })
}

/// The existing tables and functions of the migrations.
async fn present(client: &Client) -> MigrateResult<Vec<[String; 2]>> {
    let sql = "SELECT kind, name FROM (\
        SELECT 'TABLE' AS kind, quote_ident(relname) AS name, oid, relname AS bare FROM pg_class \
        WHERE relkind = 'r' AND relnamespace = quote_ident(current_schema())::regnamespace \
        UNION ALL SELECT 'FUNCTION', proname || '(' || pg_get_function_identity_arguments(oid) || ')', oid, proname \
        FROM pg_proc WHERE pronamespace = quote_ident(current_schema())::regnamespace) found ORDER BY oid";
    let made = made_names();
    let found = rows(client, sql).await?.into_iter().filter_map(|row| {
        let mut row = row.into_iter().flatten();
        Some([row.next()?, row.next()?])
    });
    let bare = |name: &str| name.split('(').next().unwrap_or_default().to_owned();
    Ok(found.filter(|[_, name]| made.contains(&bare(name))).collect())
}

/// The names of the tables and functions that migrations create.
fn made_names() -> Vec<String> {
    let all = upward(0, i64::MAX)
        .into_iter()
        .flat_map(|step| step.outline(Engine::Postgres, TENANT_ROLE));
    let name = |line: String| {
        let mut words = line.split([' ', '(']);
        match (words.next(), words.next(), words.next()) {
            (Some("CREATE"), Some("TABLE" | "FUNCTION"), Some(name)) => Some(name.to_owned()),
            _ => None,
        }
    };
    all.filter_map(name).chain(["doorward_migrations".to_owned()]).collect()
}

/// Nobody may restore under a running server.
async fn refuse_running(client: &Client, url: &PostgresUrl) -> MigrateResult<()> {
    let name = url.application_name.replace('\'', "''");
    let sql = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND application_name = '{name}' AND backend_type = 'client backend'"
    );
    // A connection that has just ended is visible for a moment.
    let until = tokio::time::Instant::now() + GONE_WITHIN;
    let found = loop {
        let found: Vec<String> =
            rows(client, &sql).await?.into_iter().flatten().flatten().collect();
        if found.is_empty() {
            return Ok(());
        }
        if tokio::time::Instant::now() >= until {
            break found;
        }
        tokio::time::sleep(GONE_WITHIN / 10).await;
    };
    Err(MigrateError::Refused(format!(
        "A server works with the database (process {} there): stop it, then restore.",
        found.join(", ")
    )))
}

fn schema_is_there(schema: &str) -> String {
    format!("SELECT 1 FROM pg_namespace WHERE nspname = '{}'", schema.replace('\'', "''"))
}

async fn rows(client: &Client, sql: &str) -> MigrateResult<Vec<Vec<Option<String>>>> {
    Ok(answer(client, sql).await?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_read_from_what_copy_writes() {
        let text = "SET x;\nCOPY public.doorward_migrations (version, name, checksum, applied_at) FROM stdin;\n\
            1\tusers\tabc\t2026-11-20 12:00:00+00\n2\troles\tdef\t2026-11-20 12:00:01+00\n\\.\n\nSELECT 1;\n";
        let rows = copied(text);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].version, rows[1].name.as_str()), (2, "roles"));
    }

    #[test]
    fn progress_names_the_table() {
        let table_name = table(
            "pg_dump: dumping contents of table \"public.users\"",
            "dumping contents of table",
        );
        assert_eq!(table_name.as_deref(), Some("public.users …"));
        assert_eq!(table("pg_dump: reading schemas", "dumping contents of table"), None);
    }
}
