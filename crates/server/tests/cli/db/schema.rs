//! A database of either engine for the tests of `doorward db`, and the guards on the schema itself.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Ended, Program};
use crate::support::{Engine, postgres};

/// A database and the binary that works on it.
pub(crate) struct Schema {
    pub(crate) engine: Engine,
    pub(crate) program: Program,
    pub(crate) url: String,
}

impl Schema {
    /// A database without tables.
    pub(crate) async fn empty(engine: Engine) -> Self {
        let program = Program::new();
        let url = match engine {
            Engine::Postgres => postgres::fresh_database().await,
            Engine::Sqlite => format!("sqlite:{}", program.folder().join("test.db").display()),
        };
        Self { engine, program: program.env("DATABASE_URL", &url), url }
    }

    /// A database with every table.
    pub(crate) async fn migrated(engine: Engine) -> Self {
        let this = Self::empty(engine).await;
        this.db(&["migrate"]).expect(0);
        this
    }

    /// Runs `doorward db …`.
    pub(crate) fn db(&self, arguments: &[&str]) -> Ended {
        self.program.run(&[&["db"], arguments].concat())
    }

    /// `db verify --json`.
    pub(crate) fn verified(&self) -> Value {
        self.db(&["verify", "--json"]).json()
    }

    /// The sentences of `db verify`, which must find some.
    #[track_caller]
    pub(crate) fn drift(&self) -> Vec<String> {
        let ended = self.db(&["verify", "--json"]).expect(1);
        let document = ended.json();
        assert_eq!(document["ok"], false);
        let drift = document["drift"].as_array().expect("a list");
        drift.iter().map(|sentence| sentence.as_str().expect("text").to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn has_no_drift(&self) {
        let ended = self.db(&["verify", "--json"]);
        assert_eq!(ended.json()["drift"], serde_json::json!([]));
        ended.expect(0);
    }

    /// Runs SQL with the database's own shell; what it printed, unadorned.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        let mut shell = match self.engine {
            Engine::Postgres => {
                let mut psql = Command::new("psql");
                // An unescaped slash in a password is more than psql reads.
                let url = self.url.replace("%40ss/", "%40ss%2F");
                psql.args([&url, "-q", "-At", "-v", "ON_ERROR_STOP=1"]);
                psql
            }
            Engine::Sqlite => {
                let mut sqlite3 = Command::new("sqlite3");
                sqlite3.args(["-bail", self.url.trim_start_matches("sqlite:")]);
                sqlite3
            }
        };
        let mut child = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the database's shell");
        std::io::Write::write_all(&mut child.stdin.take().expect("piped"), sql.as_bytes())
            .expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }
}

/// The rows of one answer of `db verify`.
pub(crate) fn rows(document: &Value, title: &str) -> Vec<Vec<Value>> {
    let answers = document["answers"].as_array().expect("a list");
    let answer = answers.iter().find(|answer| answer["title"] == title).expect("the answer");
    serde_json::from_value(answer["rows"].clone()).expect("rows")
}

#[tokio::test]
async fn both_schemas_agree() {
    let mut columns = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let document = Schema::migrated(engine).await.verified();
        let mut found: Vec<_> = rows(&document, "Columns")
            .into_iter()
            .filter(|row| row[0] != "own_tasks")
            .map(|row| (row[0].to_string(), row[1].to_string(), row[3].to_string()))
            .collect();
        found.sort();
        columns.push(found);
    }
    assert!(columns[0].len() > 40, "{columns:?}");
    assert_eq!(columns[0], columns[1]);
}

/// `UPDATE_DOCS=1 cargo test --test cli schema` writes the file anew.
#[tokio::test]
async fn the_expected_schema_of_postgresql_is_what_the_migrations_make() {
    let document = Schema::migrated(Engine::Postgres).await.verified();
    let mut sections = Vec::new();
    for answer in document["answers"].as_array().expect("a list") {
        let rows = answer["rows"].as_array().expect("rows").iter();
        let rows: Vec<_> = rows.map(|row| format!("    {row}")).collect();
        sections.push(format!("  {}: [\n{}\n  ]", answer["title"], rows.join(",\n")));
    }
    let made = format!("{{\n{}\n}}\n", sections.join(",\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/expected.postgres.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &made).expect("a written file");
    }
    let kept = std::fs::read_to_string(path).expect("the file");
    assert!(
        kept == made,
        "migrations/expected.postgres.json is out of date: UPDATE_DOCS=1 cargo test --test cli schema"
    );
}

both! {
    async fn every_pair_of_up_and_down_is_reversible(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let mut before = Vec::new();
        for version in 1..=newest() {
            before.push(catalog(&schema));
            schema.db(&["migrate", "--to", &version.to_string()]).expect(0);
        }
        let whole = catalog(&schema);
        for version in (1..=newest()).rev() {
            schema.db(&["rollback", "--yes"]).expect(0);
            assert_eq!(catalog(&schema), before.pop().expect("one each"), "down of {version}");
        }
        schema.db(&["migrate"]).expect(0);
        assert_eq!(catalog(&schema), whole);
        schema.has_no_drift();
    }
}

/// The newest migration.
pub(crate) fn newest() -> i64 {
    doorward::schema::MIGRATIONS.last().expect("at least one").version
}

/// Everything in the schema, and what the tenant role may do in it.
fn catalog(schema: &Schema) -> String {
    schema.sql(match schema.engine {
        Engine::Sqlite => {
            "SELECT type, name, CASE type WHEN 'table' THEN '' ELSE sql END FROM sqlite_master \
             ORDER BY 1, 2;
             SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value FROM sqlite_master m \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2;
             SELECT m.name, f.\"table\", f.\"from\" FROM sqlite_master m \
             JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2, 3"
        }
        Engine::Postgres => {
            "SELECT c.relkind, c.relname, c.relacl FROM pg_class c \
             WHERE c.relnamespace = 'public'::regnamespace ORDER BY 2;
             SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1;
             SELECT table_name, column_name, data_type, is_nullable, column_default \
             FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
             SELECT polname FROM pg_policy ORDER BY 1; SELECT conname FROM pg_constraint c \
             WHERE c.connamespace = 'public'::regnamespace ORDER BY 1;
             SELECT nspacl FROM pg_namespace WHERE nspname = 'public'"
        }
    })
}

#[tokio::test]
async fn the_data_model_documents_every_column() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data-model.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let document = Schema::migrated(Engine::Postgres).await.verified();
    let mut wrong = Vec::new();
    let mut found = 0;
    for row in rows(&document, "Columns").iter().filter(|row| row[0] != "own_tasks") {
        let word = |index: usize| row[index].as_str().expect("text");
        let (table, column) = (word(0), word(1));
        let kind = word(2).replace("timestamp with time zone", "timestamptz");
        let section = text.split(&format!("\n### `{table}`\n")).nth(1).unwrap_or_default();
        let section = section.split("\n#").next().unwrap_or_default();
        found += 1;
        if !section.contains(&format!("\n| `{column}` | {kind} |")) {
            wrong.push(format!("{table}.{column} ({kind})"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let rows = text.lines().filter(|line| line.starts_with("| `") && !line.contains("doorward "));
    assert_eq!(rows.count(), found, "docs/data-model.md documents columns that are gone");
}
