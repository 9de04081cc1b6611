//! `doorward db migrate`, `rollback`, `status` and `reset`.

mod backup;
mod drill;
mod faults;
mod fitness;
mod grants;
mod offline;
mod postgres;
mod rls_sql;
mod roles;
mod schema;
mod verify;

use serde_json::{Value, json};

use crate::db::schema::{Schema, newest};
use crate::program::Program;

/// `created table users` for each change of a JSON document.
fn changes(document: &Value) -> Vec<String> {
    let migrations = document["migrations"].as_array().expect("a list").iter();
    let all = migrations.flat_map(|one| one["changes"].as_array().expect("a list"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    all.map(|one| format!("{} {} {}", text(&one["action"]), text(&one["kind"]), text(&one["name"])))
        .collect()
}

both! {
    async fn migrate_names_each_table_it_creates(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let said = schema.db(&["migrate"]).expect(0).stdout;
        for table in ["doorward_migrations", "users", "roles", "user_roles", "sessions", "tasks"] {
            assert!(said.contains(&format!("created table {table}\n")), "{said}");
        }
        assert!(said.contains("created index users_email_key on users\n"), "{said}");
        if engine == Engine::Postgres {
            assert!(said.contains("created view own_tasks\n"), "{said}");
            assert!(said.contains("created policy own_tasks on tasks\n"), "{said}");
        }
        let again = schema.db(&["migrate"]).expect(0).stdout;
        assert!(again.starts_with("Nothing to apply: "), "{again}");
    }

    async fn migrate_and_rollback_answer_with_one_json_document(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let up = schema.db(&["migrate", "--json"]).expect(0).json();
        assert_eq!(up["version"], newest());
        assert_eq!(up["migrations"][0]["name"], "users");
        assert!(changes(&up).contains(&"created table users".into()), "{up}");
        let down = schema.db(&["rollback", "--to", "0", "--yes", "--json"]).expect(0).json();
        assert_eq!(down["version"], 0);
        assert!(changes(&down).contains(&"dropped table users".into()), "{down}");
        assert!(changes(&down).contains(&"dropped table doorward_migrations".into()), "{down}");
    }

    async fn migrate_stops_at_the_version_asked_for(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let document = schema.db(&["migrate", "--to", "2", "--json"]).expect(0).json();
        assert_eq!(document["version"], 2);
        let status = schema.db(&["status", "--json"]).expect(0).json();
        assert_eq!(status["pending"], newest() - 2);
        let unknown = schema.db(&["migrate", "--to", "999"]).expect(1);
        assert!(unknown.errors()[0].starts_with("There is no migration 999"), "{unknown:?}");
    }

    async fn a_dry_run_shows_the_plan_and_changes_nothing(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let said = schema.db(&["migrate", "--dry-run"]).expect(0).stdout;
        assert!(said.contains("Would apply 0001 users:\n  CREATE TABLE users\n"), "{said}");
        assert_eq!(schema.db(&["status", "--json"]).json()["pending"], newest());
        schema.db(&["migrate"]).expect(0);
        let said = schema.db(&["rollback", "--to", "1", "--dry-run"]).expect(0).stdout;
        assert!(said.contains("  DROP TABLE tasks\n"), "{said}");
        assert!(said.contains("roles (2 rows)"), "{said}");
        schema.has_no_drift();
    }

    async fn rollback_takes_back_one_migration_and_says_what_it_dropped(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.db(&["rollback", "--to", "4", "--yes"]).expect(0);
        let said = schema.db(&["rollback"]).expect(0).stdout;
        assert!(said.starts_with("0004 tasks (rollback)\n"), "{said}");
        assert!(said.contains("  dropped table tasks\n"), "{said}");
        assert_eq!(schema.db(&["status", "--json"]).json()["pending"], newest() - 3);
    }

    async fn a_rollback_that_would_lose_rows_needs_a_yes(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        let now = match engine { Engine::Sqlite => "'2026'", Engine::Postgres => "now()" };
        schema.sql(&format!(
            "INSERT INTO users (id, created_at, updated_at) VALUES \
             ('01a1f9f2-0000-7000-8000-000000000001', {now}, {now})"
        ));
        let refused = schema.db(&["rollback", "--to", "0"]).expect(1);
        assert!(refused.errors()[0].contains("users (1 row)"), "{refused:?}");
        assert!(refused.errors()[0].contains("roles (2 rows)"), "{refused:?}");
        schema.has_no_drift();
        schema.db(&["rollback", "--to", "0", "--yes"]).expect(0);
    }

    async fn reset_needs_a_yes_and_leaves_empty_tables(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("UPDATE roles SET description = 'mine'");
        schema.db(&["reset"]).expect(2);
        schema.db(&["reset", "--yes"]).expect(0);
        assert_eq!(schema.sql("SELECT count(*) FROM roles WHERE description = 'mine'"), "0");
        schema.has_no_drift();
    }

    async fn status_exits_with_3_while_migrations_are_pending_if_asked(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.db(&["status"]).expect(0);
        let pending = schema.db(&["status", "--exit-code"]).expect(3);
        assert!(pending.stdout.contains("0001     users"), "{}", pending.stdout);
        schema.db(&["migrate"]).expect(0);
        let done = schema.db(&["status", "--exit-code"]).expect(0).stdout;
        assert!(done.contains("is up to date."), "{done}");
    }

    async fn an_edited_migration_is_reported(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("UPDATE doorward_migrations SET checksum = 'other' WHERE version = 2");
        let status = schema.db(&["status", "--json"]).expect(0).json();
        assert_eq!(status["migrations"][1]["state"], "changed");
        let refused = schema.db(&["migrate"]).expect(1);
        assert!(refused.errors()[0].contains("edited after being applied: 0002 roles"), "{refused:?}");
        let sentence = "The migration 0002 roles was edited after it was applied: its checksum differs.";
        assert_eq!(schema.drift(), [sentence]);
    }

    async fn a_newer_binarys_migration_is_left_alone(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql(
            "INSERT INTO doorward_migrations (version, name, checksum, applied_at) \
             SELECT 9999, 'later', 'x', applied_at FROM doorward_migrations WHERE version = 1",
        );
        schema.db(&["migrate"]).expect(0);
        schema.db(&["status", "--exit-code"]).expect(0);
        let refused = schema.db(&["rollback", "--yes"]).expect(1);
        assert!(refused.errors()[0].contains("9999 later"), "{refused:?}");
        let found = schema.drift();
        assert_eq!(found, ["The migration 9999 later was applied by a newer binary, which can verify it."]);
    }

    async fn looking_creates_nothing(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.db(&["status"]).expect(0);
        schema.db(&["migrate", "--dry-run"]).expect(0);
        schema.db(&["rollback"]).expect(0);
        schema.db(&["rollback", "--dry-run"]).expect(0);
        let sentence = "No migration was applied: `doorward db migrate` creates the tables.";
        assert_eq!(schema.drift(), [sentence]);
        match engine {
            Engine::Sqlite => assert!(!schema.program.folder().join("test.db").exists()),
            Engine::Postgres => {
                let count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
                assert_eq!(schema.sql(count), "0");
            }
        }
    }

    async fn a_table_of_another_application_stops_the_migration_whole(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.sql("CREATE TABLE sessions (mine INTEGER)");
        let refused = schema.db(&["migrate", "--json"]).expect(1);
        assert!(refused.errors()[0].starts_with("Migration 0003 sessions failed and was undone"));
        assert!(refused.errors()[0].contains("already exists"), "{refused:?}");
        assert!(refused.errors()[0].contains("its own database or schema"), "{refused:?}");
        assert_eq!(refused.json()["migrations"].as_array().map(Vec::len), Some(2));
        schema.sql("DROP TABLE sessions");
        schema.db(&["migrate"]).expect(0);
        schema.has_no_drift();
    }

    async fn a_server_starts_on_no_schema_that_lacks_a_migration(engine: Engine) {
        use doorward::config::DatabaseUrl;
        use doorward::db::Database;
        let schema = Schema::empty(engine).await;
        let url = DatabaseUrl::parse(&schema.url).expect("a URL");
        let db = Database::open(&url).await.expect("open");
        let behind = doorward::schema::Schema::Behind;
        assert_eq!(db.schema().await.expect("an answer"), behind);
        schema.db(&["migrate"]).expect(0);
        let current = doorward::schema::Schema::Current;
        assert_eq!(db.schema().await.expect("an answer"), current);
        // A gap below the newest counts too.
        schema.sql("DELETE FROM doorward_migrations WHERE version = 2");
        assert_eq!(db.schema().await.expect("an answer"), behind);
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        let refused = program.run(&["serve"]).expect(78);
        assert!(refused.errors()[0].starts_with("Migrations are pending on "), "{refused:?}");
    }
}

#[test]
fn a_new_sqlite_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    for command in
        [&["db", "migrate"][..], &["serve", "--migrate"], &["serve", "--wait", "--migrate"]]
    {
        let program = Program::ready();
        if command[0] == "db" {
            program.run(command).expect(0);
        } else {
            crate::program::becomes_ready(&program.start(command).url());
        }
        for end in ["", "-wal"] {
            let Ok(file) = std::fs::metadata(program.folder().join(format!("doorward.db{end}")))
            else {
                continue;
            };
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{command:?} {end}");
        }
    }
}

#[test]
fn a_database_that_is_away_is_one_sentence_without_the_password() {
    let url = "postgresql://ada:hunter2@127.0.0.1:1/app";
    for arguments in [&["migrate"][..], &["status"], &["verify"], &["rollback"]] {
        let ended = Program::new().env("DATABASE_URL", url).run(&[&["db"], arguments].concat());
        let ended = ended.expect(1);
        assert_eq!(ended.errors().len(), 1, "{ended:?}");
        assert!(ended.errors()[0].contains("127.0.0.1:1"), "{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn the_database_flag_wins_over_the_environment() {
    let program = Program::new().env("DATABASE_URL", "postgresql://ada@127.0.0.1:1/app");
    let ended = program.run(&["db", "--database-url", "sqlite:other.db", "status", "--json"]);
    assert_eq!(ended.expect(0).json()["database"], json!("sqlite:other.db"));
}
