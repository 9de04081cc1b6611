//! `doorward db verify`: what it shows, and that each way to break a schema is found.

use crate::db::schema::{Schema, rows};
use crate::support::Engine;

both! {
    async fn verify_prints_each_statement_and_its_answer(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        let said = schema.db(&["verify"]).expect(0).stdout;
        assert!(said.contains("matches its migrations."), "{said}");
        for title in ["-- Tables\nSELECT ", "-- Columns\nSELECT ", "-- Indexes\nSELECT "] {
            assert!(said.contains(title), "{said}");
        }
        assert!(said.contains("\nusers "), "{said}");
    }

    async fn what_verify_prints_runs_in_the_databases_own_shell(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        let document = schema.verified();
        for answer in document["answers"].as_array().expect("a list") {
            let sql = answer["sql"].as_str().expect("text");
            let printed = schema.sql(&format!("SELECT count(*) FROM (\n{sql}\n) answer;"));
            let count = answer["rows"].as_array().expect("rows").len();
            assert_eq!(printed, count.to_string(), "{}", answer["title"]);
        }
    }

    async fn verify_leaves_nothing_behind(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.has_no_drift();
        assert_eq!(schema.sql("SELECT count(*) FROM users"), "0");
        assert_eq!(schema.sql("SELECT count(*) FROM tasks"), "0");
    }

    async fn verify_reports_a_dropped_index_and_exits_1(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("DROP INDEX users_email_key");
        assert_eq!(schema.drift(), ["The index users_email_key on users is missing."]);
        let ended = schema.db(&["verify"]).expect(1);
        assert!(ended.stdout.contains("DRIFT: The index users_email_key on users is missing."));
        assert!(ended.errors()[0].ends_with("differs from its migrations."), "{ended:?}");
    }

    async fn verify_reports_what_no_migration_made(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("CREATE INDEX mine ON users (name); ALTER TABLE users ADD COLUMN age INTEGER");
        let found = schema.drift();
        assert_eq!(found, [
            "The column users.age is not from any migration.",
            "The index mine on users is not from any migration.",
        ]);
    }

    async fn other_applications_tables_are_no_drift(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)");
        schema.has_no_drift();
    }

    async fn of_a_missing_table_verify_says_one_sentence(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql("DROP TABLE user_roles");
        assert_eq!(schema.drift(), ["The table user_roles is missing."]);
    }

    async fn a_pending_migration_is_drift(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.db(&["migrate", "--to", "3"]).expect(0);
        let found = schema.drift();
        let sentence = "The migration 0004 tasks is pending: apply it with `doorward db migrate`.";
        assert_eq!(found[0], sentence);
        assert!(found.contains(&"The table tasks is missing.".to_owned()), "{found:?}");
    }
}

#[tokio::test]
async fn verify_reports_every_kind_of_drift_on_postgresql() {
    for (sql, sentence) in [
        ("ALTER TABLE users DROP COLUMN name", "The column users.name is missing."),
        (
            "ALTER TABLE users ALTER COLUMN name TYPE varchar(10)",
            "The column users.name has the type `character varying`; with the migrations it is `text`.",
        ),
        (
            "ALTER TABLE sessions ALTER COLUMN salt DROP NOT NULL",
            "The column sessions.salt has the nullable `YES`; with the migrations it is `NO`.",
        ),
        (
            "ALTER TABLE users ALTER COLUMN is_active SET DEFAULT FALSE",
            "The column users.is_active has the default `false`; with the migrations it is `true`.",
        ),
        (
            "ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey",
            "The constraint sessions_user_id_fkey on sessions is missing.",
        ),
        (
            "DROP INDEX users_created_at; CREATE INDEX users_created_at ON users (created_at)",
            "The index users_created_at on users has the definition `CREATE INDEX users_created_at \
             ON users USING btree (created_at)`; with the migrations it is `CREATE INDEX \
             users_created_at ON users USING btree (created_at, id)`.",
        ),
        (
            "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
            "The table tasks has the row-level security `off`; with the migrations it is `on`.",
        ),
        (
            "ALTER TABLE tasks FORCE ROW LEVEL SECURITY",
            "The table tasks has the row-level security forced `yes`; with the migrations it is `no`.",
        ),
        ("DROP POLICY own_tasks ON tasks", "The policy own_tasks on tasks is missing."),
        (
            "ALTER VIEW own_tasks OWNER TO postgres",
            "The view own_tasks has the owner `postgres`; with the migrations it is `doorward_tenant`.",
        ),
        (
            "ALTER VIEW own_tasks SET (security_invoker = true)",
            "The view own_tasks has the options `security_invoker=true`; with the migrations it is none.",
        ),
        ("DROP VIEW own_tasks", "The view own_tasks is missing."),
        (
            "REVOKE DELETE ON tasks FROM doorward_tenant",
            "The grant to doorward_tenant on tasks has the privileges `INSERT, SELECT, UPDATE`; with \
             the migrations it is `DELETE, INSERT, SELECT, UPDATE`.",
        ),
    ] {
        let schema = Schema::migrated(Engine::Postgres).await;
        schema.sql(sql);
        let found = schema.drift();
        assert!(found.iter().any(|one| one == sentence), "{sql}\n{found:#?}");
    }
}

#[tokio::test]
async fn verify_reports_every_kind_of_drift_on_sqlite() {
    for (sql, sentence) in [
        ("ALTER TABLE users DROP COLUMN name", "The column users.name is missing."),
        (
            "DROP TABLE user_roles; CREATE TABLE user_roles (user_id TEXT, role TEXT NOT NULL)",
            "The column user_roles.user_id has the type `TEXT`; with the migrations it is `UUID`.",
        ),
        (
            "DROP TABLE user_roles; CREATE TABLE user_roles (user_id UUID NOT NULL, role TEXT NOT NULL)",
            "The foreign key user_roles.user_id is missing.",
        ),
        (
            "DROP INDEX users_created_at; CREATE INDEX users_created_at ON users (created_at)",
            "The index users_created_at on users has the definition `CREATE INDEX users_created_at \
             ON users (created_at)`; with the migrations it is `CREATE INDEX users_created_at ON users \
             (created_at, id)`.",
        ),
        (
            "INSERT INTO user_roles VALUES ('nobody', 'user')",
            "The row 1 of user_roles, which refers to a missing row of users, is not from any \
             migration.",
        ),
    ] {
        let schema = Schema::migrated(Engine::Sqlite).await;
        schema.sql(sql);
        let found = schema.drift();
        assert!(found.iter().any(|one| one == sentence), "{sql}\n{found:#?}");
    }
}

#[tokio::test]
async fn verify_proves_the_policy_by_reading_across_it() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let document = schema.verified();
    let attempts = document["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 8, "{attempts:#?}");
    assert!(attempts.iter().all(|attempt| attempt["holds"] == true), "{attempts:#?}");

    // The same names in the catalog, but a policy that lets everybody through.
    schema.sql("DROP POLICY own_tasks ON tasks; CREATE POLICY own_tasks ON tasks USING (true)");
    let found = schema.drift();
    for sentence in [
        "Row-level security does not work: reading other users' tasks returned 1 instead of 0.",
        "Row-level security does not work: changing another's task returned 1 instead of 0.",
        "Row-level security does not work: deleting another's task returned 1 instead of 0.",
        "Row-level security does not work: writing a task for another returned done instead of refused.",
        "Row-level security does not work: reading as an empty user returned 2 instead of 0.",
    ] {
        assert!(found.iter().any(|one| one == sentence), "{sentence}\n{found:#?}");
    }
    assert_eq!(schema.sql("SELECT count(*) FROM users"), "0");
}

#[tokio::test]
async fn a_view_of_another_owner_is_caught_by_reading_across_it() {
    let schema = Schema::migrated(Engine::Postgres).await;
    schema.sql("ALTER VIEW own_tasks OWNER TO postgres");
    let broken =
        "Row-level security does not work: reading other users' tasks returned 1 instead of 0.";
    assert!(schema.drift().iter().any(|one| one == broken));
}

#[tokio::test]
async fn the_attempts_that_verify_prints_run_in_psql() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let said = schema.db(&["verify"]).expect(0).stdout;
    let start = said.find("BEGIN;").expect("the script");
    let end = said.find("ROLLBACK;").expect("its end") + "ROLLBACK;".len();
    // Refusals are errors in psql, after which it goes on to the ROLLBACK TO.
    let printed = schema.sql(&format!("\\set ON_ERROR_STOP off\n{}", &said[start..end]));
    let counts: Vec<_> = printed.lines().filter(|line| line.len() == 1).collect();
    assert_eq!(counts, ["0", "1", "0", "0", "0", "0"], "{printed}");
}

#[tokio::test]
async fn foreign_keys_cascade_on_both_engines() {
    for (engine, title) in
        [(Engine::Sqlite, "Foreign keys"), (Engine::Postgres, "Keys and constraints")]
    {
        let document = Schema::migrated(engine).await.verified();
        let found: Vec<_> = rows(&document, title)
            .iter()
            .map(|row| serde_json::to_string(row).expect("JSON"))
            .filter(|row| engine == Engine::Sqlite || row.contains("FOREIGN KEY"))
            .collect();
        assert!(found.len() >= 4, "{found:?}");
        assert!(found.iter().all(|row| row.contains("CASCADE")), "{found:?}");
    }
}
