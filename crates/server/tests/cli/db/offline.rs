//! `--sql`: the script a database administrator runs makes the same database.

use crate::db::schema::{Schema, newest};
use crate::program::Program;

both! {
    async fn the_offline_script_makes_a_schema_that_verify_accepts(engine: Engine) {
        let schema = Schema::empty(engine).await;
        let script = schema.db(&["migrate", "--sql"]).expect(0).stdout;
        schema.sql(&script);
        schema.has_no_drift();
        schema.db(&["status", "--exit-code"]).expect(0);
    }

    async fn offline_scripts_go_part_of_the_way_and_back(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.sql(&schema.db(&["migrate", "--sql", "--to", "2"]).expect(0).stdout);
        assert_eq!(schema.db(&["status", "--json"]).json()["pending"], newest() - 2);
        schema.sql(&schema.db(&["migrate", "--sql", "--from", "2"]).expect(0).stdout);
        schema.has_no_drift();
        schema.sql(&schema.db(&["rollback", "--sql", "--to", "0"]).expect(0).stdout);
        let tables = match engine {
            Engine::Sqlite => "SELECT count(*) FROM sqlite_master",
            Engine::Postgres => {
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            }
        };
        assert_eq!(schema.sql(tables), "0");
    }

    async fn an_offline_script_applied_twice_changes_nothing(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        let script = schema.db(&["migrate", "--sql"]).expect(0).stdout;
        let again = std::panic::catch_unwind(|| schema.sql(&script));
        assert!(again.is_err(), "the second run must stop at its first migration");
        schema.has_no_drift();
    }
}

#[test]
fn offline_sql_needs_no_database() {
    let program = Program::new().env("DATABASE_URL", "postgresql://ada:hunter2@127.0.0.1:1/app");
    let script = program.run(&["db", "migrate", "--sql"]).expect(0).stdout;
    assert!(script.contains("CREATE TABLE users"), "{script}");
    assert!(!script.contains("hunter2"), "{script}");
    assert!(!script.contains("@sqlite") && !script.contains("strftime"), "{script}");
    let program = Program::new().env("DATABASE_URL", "sqlite:none.db");
    let script = program.run(&["db", "migrate", "--sql"]).expect(0).stdout;
    assert!(!script.contains("pg_advisory"), "{script}");
    assert!(!program.folder().join("none.db").exists());
}

#[test]
fn offline_sql_names_the_configured_role() {
    let program = Program::new()
        .env("DATABASE_URL", "postgresql://127.0.0.1:1/app")
        .env("DATABASE_TENANT_ROLE", "other_role");
    let script = program.run(&["db", "migrate", "--sql"]).expect(0).stdout;
    assert!(script.contains("CREATE ROLE \"other_role\" NOLOGIN"), "{script}");
    assert!(!script.contains("doorward_tenant"), "{script}");
}
