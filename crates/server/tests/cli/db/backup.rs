//! `db backup` and `db restore` of both engines: what goes in comes out, and what must not happen is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::db::schema::Schema;
use crate::program::{Ended, Program, becomes_ready, shell};
use crate::support::Engine;

const USER: &str = "INSERT INTO users (id, name, email, email_key, created_at, updated_at) VALUES \
    ('00000000-0000-7000-8000-00000000000NUMBER', 'Ada', 'adaNUMBER@example.com', 'adaNUMBER@example.com', \
    '2026-11-20T12:00:00.000000Z', '2026-11-20T12:00:00.000000Z')";

fn user(number: u8) -> String {
    USER.replace("NUMBER", &number.to_string())
}

/// With the client programs of PostgreSQL at hand.
fn with_path(schema: Schema) -> Schema {
    let program = schema.program.env("PATH", &std::env::var("PATH").unwrap_or_default());
    Schema { program, ..schema }
}

fn file(schema: &Schema, name: &str) -> PathBuf {
    schema.program.folder().join(name)
}

fn one_error(ended: &Ended) -> &str {
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    ended.errors()[0]
}

both! {
    async fn what_was_backed_up_comes_back(engine: Engine) {
        let schema = with_path(Schema::migrated(engine).await);
        schema.sql(&user(1));
        let saved = schema.db(&["backup", "a.backup", "--json"]).expect(0).json();
        let file = file(&schema, "a.backup");
        let metadata = file.metadata().expect("the backup");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(saved["bytes"], metadata.len());
        schema.sql(&user(2));

        // Never in place of what is there.
        let refused = schema.db(&["backup", "a.backup"]).expect(1);
        assert!(one_error(&refused).contains("overwrite it with --force"), "{refused:?}");
        let refused = schema.db(&["restore", "a.backup"]).expect(1);
        assert!(one_error(&refused).contains("--force"), "{refused:?}");
        assert_eq!(schema.sql("SELECT count(*) FROM users"), "2");

        let restored = schema.db(&["restore", "a.backup", "--force", "--json"]).expect(0).json();
        assert_eq!(restored["pending"], 0);
        assert_eq!(restored["version"], saved["version"]);
        assert_eq!(schema.sql("SELECT count(*) FROM users"), "1");
        schema.has_no_drift();
        schema.db(&["backup", "a.backup", "--force"]).expect(0);
        let left = std::fs::read_dir(schema.program.folder()).expect("the folder").flatten();
        let left: Vec<_> = left.filter(|it| it.file_name().to_string_lossy().contains("part-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    async fn a_backup_of_an_older_schema_says_what_is_pending(engine: Engine) {
        let schema = with_path(Schema::empty(engine).await);
        schema.db(&["migrate", "--to", "20"]).expect(0);
        schema.db(&["backup", "old.backup"]).expect(0);
        schema.db(&["migrate"]).expect(0);
        let restored = schema.db(&["restore", "old.backup", "--force"]).expect(0);
        assert!(restored.stdout.contains("is at migration 20 again"), "{restored:?}");
        assert!(restored.stderr.contains("migrations are pending: apply them with `doorward db migrate`"));
        schema.db(&["migrate"]).expect(0);
        schema.has_no_drift();
    }

    async fn a_backup_of_a_newer_doorward_is_refused_and_nothing_is_changed(engine: Engine) {
        let schema = with_path(Schema::migrated(engine).await);
        let row = "INSERT INTO doorward_migrations VALUES (9000, 'later', 'x', '2026-11-20T12:00:00Z')";
        schema.sql(row);
        schema.db(&["backup", "new.backup"]).expect(0);
        schema.sql("DELETE FROM doorward_migrations WHERE version = 9000");
        schema.sql(&user(1));
        let refused = schema.db(&["restore", "new.backup", "--force"]).expect(1);
        assert!(one_error(&refused).contains("is from a newer Doorward (migration 9000 later)"), "{refused:?}");
        assert_eq!(schema.sql("SELECT count(*) FROM users"), "1");
        schema.has_no_drift();
    }

    async fn what_is_no_backup_is_refused_by_what_it_is(engine: Engine) {
        let schema = with_path(Schema::migrated(engine).await);
        let folder = schema.program.folder().to_owned();
        std::fs::write(folder.join("text"), "CREATE TABLE users ();\n").expect("written");
        shell(&format!("sqlite3 {}/other 'CREATE TABLE a (b)'", folder.display()));
        std::fs::write(folder.join("archive"), b"PGDMP\x01\x0e").expect("written");
        for (name, on_sqlite, on_postgres) in [
            ("text", "is not a SQLite database", "is not in pg_dump's custom format"),
            ("archive", "is a backup of a PostgreSQL database", "pg_restore failed: "),
            ("other", "contains no tables of Doorward", "is a SQLite database"),
            ("absent", "cannot be read", "cannot be read"),
        ] {
            let message = if engine == Engine::Sqlite { on_sqlite } else { on_postgres };
            let refused = schema.db(&["restore", name, "--force"]).expect(1);
            assert!(one_error(&refused).contains(message), "{name}: {refused:?}");
        }
        schema.has_no_drift();
    }

    async fn a_running_server_is_backed_up_and_never_restored_under(engine: Engine) {
        let schema = with_path(Schema::migrated(engine).await);
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        let mut server = program.start(&["serve"]);
        let url = server.url();
        becomes_ready(&url);
        let body = r#"{"email":"ada@example.com","password":"violet kettle drum 41"}"#;
        shell(&format!("curl -sf -H 'content-type: application/json' -d '{body}' {url}/auth/register"));
        schema.db(&["backup", "live.backup"]).expect(0);
        let refused = schema.db(&["restore", "live.backup", "--force"]).expect(1);
        assert!(one_error(&refused).contains("then restore."), "{refused:?}");
        becomes_ready(&url);
        server.stop("TERM");
        schema.sql("DELETE FROM users");
        schema.db(&["restore", "live.backup", "--force"]).expect(0);
        assert_eq!(schema.sql("SELECT count(*) FROM users"), "1");
        schema.has_no_drift();
    }
}

#[tokio::test]
async fn a_missing_or_old_program_of_postgresql_is_said_with_what_to_run() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let refused = schema.db(&["backup", "a.backup"]).expect(1);
    let message = one_error(&refused);
    assert!(
        message.starts_with("pg_dump is not on PATH: install PostgreSQL's client programs"),
        "{message}"
    );
    assert!(message.contains("pg_dump --format=custom"), "{message}");

    let folder = schema.program.folder().to_owned();
    let script = "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n";
    std::fs::write(folder.join("pg_dump"), script).expect("written");
    std::fs::set_permissions(folder.join("pg_dump"), std::fs::Permissions::from_mode(0o755))
        .expect("executable");
    let path = folder.display().to_string();
    let schema = Schema { program: schema.program.env("PATH", &path), ..schema };
    let refused = schema.db(&["backup", "a.backup"]).expect(1);
    let message = one_error(&refused);
    assert!(message.contains("pg_dump is version 9 and the server is PostgreSQL 1"), "{message}");
    assert!(!file(&schema, "a.backup").exists());
}

/// The password is in no list of processes: it reaches the program by its environment alone.
#[tokio::test]
async fn the_password_is_on_no_command_line() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let folder = schema.program.folder().to_owned();
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 99.0' && exit\n\
        echo \"$@\" > arguments\necho \"$PGPASSWORD\" > password\n";
    std::fs::write(folder.join("pg_dump"), script).expect("written");
    std::fs::set_permissions(folder.join("pg_dump"), std::fs::Permissions::from_mode(0o755))
        .expect("executable");
    let path = format!("{}:/bin:/usr/bin", folder.display());
    let schema = Schema { program: schema.program.env("PATH", &path), ..schema };
    schema.db(&["backup", "a.backup"]).expect(0);
    let arguments = std::fs::read_to_string(folder.join("arguments")).expect("called");
    let password = crate::support::postgres::PASSWORD_TEXT;
    assert!(!arguments.contains(password), "{arguments}");
    let message = std::fs::read_to_string(folder.join("password")).expect("called");
    assert_eq!(message.trim_end(), password);
}
