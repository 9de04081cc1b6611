//! What `pg_dump` writes, as a source: the same accounts and tasks as from the database itself.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::moving::import::{HASH, New, Old, sqlmodel, tally};
use crate::moving::import_profiles::{SITE, better_auth};
use crate::program::Program;
use crate::support::{Engine, postgres};

/// The dump that `pg_dump` makes with these options.
fn dump(old: &Old, name: &str, options: &[&str]) -> String {
    let file: PathBuf = old.folder.path().join(name);
    let mut command = Command::new(postgres::bindir().join("pg_dump"));
    let (_, place) = old.url.rsplit_once('@').expect("a login");
    command.arg("--file").arg(&file).args(options).env("PGPASSWORD", postgres::PASSWORD_TEXT);
    command.arg("--dbname").arg(format!("postgresql://postgres@{place}"));
    let made = command.output().expect("pg_dump runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    file.display().to_string()
}

both! {
    async fn a_dump_gives_what_its_database_gives(engine: Engine) {
        let old = Old::new(Engine::Postgres, &sqlmodel()).await;
        let more = "INSERT INTO task VALUES (3, 'A tab\there', E'two\\nlines \\\\ é', FALSE, NULL, NULL, 1, \
            '2024-01-08 08:00:00', '[]', '\\N', 7)";
        old.run(more).await;
        let from_database = New::start(engine).await;
        from_database.report("auto", &old.url, &[]);
        for options in [&[][..], &["--quote-all-identifiers"], &["--create", "--clean", "--if-exists"]] {
            let new = New::start(engine).await;
            let file = dump(&old, "old.sql", options);
            let report = new.report("auto", &file, &[]);
            assert_eq!((&report["users"], &report["tasks"]), (&tally(3, 0, 0), &tally(3, 0, 0)));
            let export = |new: &New| new.program.run(&["export", "--with-password-hashes"]).expect(0).stdout;
            // The ids of identities are drawn by chance.
            let lines = |text: String| {
                let without_id = |line: &str| {
                    let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                    if line["type"] == "identity" {
                        line["id"] = json!("any");
                    }
                    line.to_string()
                };
                let mut lines: Vec<_> = text.lines().map(without_id).collect();
                lines.sort();
                lines
            };
            assert_eq!(lines(export(&new)), lines(export(&from_database)), "{options:?}");
            assert_eq!(new.report("auto", &file, &[])["tasks"], tally(0, 3, 0));
        }
    }

    async fn a_dump_of_better_auth_has_passwords_and_links(engine: Engine) {
        for is_snake in [false, true] {
            let old = Old::new(Engine::Postgres, &better_auth(is_snake)).await;
            let new = New::start(engine).await;
            // The ending says nothing: what is in it does.
            let report = new.report("auto", &dump(&old, "backup", &[]), &["--issuer", SITE]);
            assert_eq!((&report["users"], &report["identities"]), (&tally(2, 0, 0), &tally(2, 0, 0)));
            assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_that_cannot_be_read_says_what_to_run() {
    let old = Old::new(Engine::Postgres, &sqlmodel()).await;
    let program = Program::new().env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate"]).expect(0);
    let whole = std::fs::read_to_string(dump(&old, "old.sql", &[])).expect("the dump");
    let write = |name: &str, bytes: &[u8]| {
        let path = old.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let half = &whole[..whole.find("grace@example.com").expect("somebody")];
    let ragged = whole.replacen("\tGrace\t", "\t", 1);
    for (file, message) in [
        (dump(&old, "old.dump", &["--format=custom"]), "pg_restore --file=dump.sql"),
        (dump(&old, "old.tar", &["--format=tar"]), "pg_restore --file=dump.sql"),
        (dump(&old, "old.dir", &["--format=directory"]), "pg_restore --file=dump.sql"),
        (dump(&old, "inserts.sql", &["--inserts"]), "without `--inserts`"),
        (dump(&old, "empty.sql", &["--schema-only"]), "without `--schema-only`"),
        (dump(&old, "latin.sql", &["--encoding=LATIN1"]), "--encoding=UTF8"),
        (write("packed.sql.gz", &[0x1f, 0x8b, 8, 0]), "gunzip"),
        (write("half.sql", half.as_bytes()), "the dump is not whole"),
        (write("ragged.sql", ragged.as_bytes()), "has 6 values for 7 columns"),
        (write("two.sql", format!("{whole}{whole}").as_bytes()), "the rows of public.task twice"),
    ] {
        let ended = program.run(&["import", "auto", "--from", &file, "--yes"]).expect(1);
        assert!(ended.errors()[0].contains(message), "{file}: {ended:?}");
        assert_eq!(ended.errors().len(), 1, "{ended:?}");
    }
    let users = program.run(&["user", "list", "--json"]).expect(0).json();
    assert_eq!(users, json!([]), "nothing came of any of them");
    // What pg_restore makes of the custom format is read.
    let text = old.folder.path().join("restored.sql");
    let mut restore = Command::new(postgres::bindir().join("pg_restore"));
    restore.arg("--file").arg(&text).arg(old.folder.path().join("old.dump"));
    assert!(restore.status().expect("pg_restore runs").success());
    let text = text.display().to_string();
    let said = program.run(&["import", "auto", "--from", &text, "--yes"]).expect(0);
    assert!(said.stdout.contains("accounts  3"), "{said:?}");
    assert!(whole.contains(HASH), "and the hashes were there to be read");
}
