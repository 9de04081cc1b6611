//! The drill of `docs/operations.md`: a real dump restored into a fresh cluster loses the role, the view's owner
//! and with them row-level security; the server refuses, repairing brings it back, users are apart again.

use std::process::Command;

use crate::db::schema::Schema;
use crate::program::{Program, becomes_ready, shell};
use crate::support::Engine;
use crate::support::postgres::{Postgres, bindir};

const PASSWORD: &str = "violet kettle drum 41";

/// The status of reading a task as whoever signs in with this address.
fn reads(url: &str, who: &str, task: &str) -> String {
    shell(&format!(
        "t=$(curl -sf -H 'content-type: application/json' -d '{{\"email\":\"{who}@example.com\",\"password\":\"{PASSWORD}\"}}' \
         {url}/auth/login | jq -r .access_token); \
         curl -s -o /dev/null -w '%{{http_code}}' -H \"authorization: Bearer $t\" {url}/api/tasks/{task}"
    ))
}

/// Two people in a running server's database, one of them with a task; its id.
fn people(program: &Program) -> String {
    let mut server = program.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    let json = "-H 'content-type: application/json'";
    for who in ["ada", "grace"] {
        let body = format!("{{\"email\":\"{who}@example.com\",\"password\":\"{PASSWORD}\"}}");
        shell(&format!("curl -sf {json} -d '{body}' {url}/auth/register"));
    }
    let task = shell(&format!(
        "t=$(curl -sf {json} -d '{{\"email\":\"ada@example.com\",\"password\":\"{PASSWORD}\"}}' {url}/auth/login | jq -r .access_token); \
         curl -sf {json} -H \"authorization: Bearer $t\" -d '{{\"title\":\"hers\"}}' {url}/api/tasks | jq -r .id"
    ));
    server.stop("TERM");
    task.trim().to_owned()
}

fn libpq(url: &str) -> String {
    url.replace("%40ss/", "%40ss%2F")
}

#[tokio::test]
async fn a_dump_restored_by_hand_into_a_fresh_cluster_is_refused_until_it_is_repaired() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let task = people(&Program::ready().env("DATABASE_URL", &schema.url));
    let fresh = Postgres::start(&[]);
    let file = schema.program.folder().join("by-hand.dump");
    let dump = Command::new(bindir().join("pg_dump"))
        .args(["-Fc", "-f"])
        .args([&file])
        .arg(libpq(&schema.url))
        .output()
        .expect("pg_dump");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let to = fresh.url("postgres");
    let program = Program::ready().env("DATABASE_URL", &to);
    // It complains that the role is missing, goes on, and leaves the view to whoever restores.
    let restore = Command::new(bindir().join("pg_restore"))
        .args(["-d", &libpq(&to)])
        .arg(&file)
        .output()
        .expect("pg_restore");
    let complaint = String::from_utf8_lossy(&restore.stderr).into_owned();
    assert!(complaint.contains("role \"doorward_tenant\" does not exist"), "{complaint}");

    let refused = program.run(&["serve"]).expect(78);
    assert_eq!(refused.errors().len(), 1, "{refused:?}");
    assert!(refused.errors()[0].contains("run `doorward db repair`"), "{refused:?}");
    let migrate = program.run(&["db", "migrate"]).expect(0);
    assert!(migrate.stdout.contains("Nothing to apply"), "{migrate:?}");
    program.run(&["serve"]).expect(78);

    let rehearsed = program.run(&["db", "repair", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(rehearsed["isolated"], true);
    program.run(&["serve"]).expect(78);
    let repaired = program.run(&["db", "repair"]).expect(0);
    assert!(
        repaired.stdout.contains("Put right: The role doorward_tenant is missing."),
        "{repaired:?}"
    );
    assert!(
        repaired.stdout.contains("Put right: The view own_tasks has the owner"),
        "{repaired:?}"
    );
    let again = program.run(&["db", "repair"]).expect(0);
    assert!(again.stdout.contains("There is nothing to repair"), "{again:?}");
    program.run(&["db", "verify"]).expect(0);
    let mut server = program.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    assert_eq!(
        (reads(&url, "ada", &task), reads(&url, "grace", &task)),
        ("200".into(), "404".into())
    );
}

#[tokio::test]
async fn a_backup_restored_into_a_fresh_cluster_serves_at_once_with_users_apart() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let path = std::env::var("PATH").unwrap_or_default();
    let from = Program::ready().env("DATABASE_URL", &schema.url).env("PATH", &path);
    let task = people(&from);
    from.run(&["db", "backup", "doorward.backup"]).expect(0);
    let file = from.folder().join("doorward.backup").display().to_string();
    let fresh = Postgres::start(&[]);
    let program = Program::ready().env("DATABASE_URL", &fresh.url("postgres")).env("PATH", &path);
    let restored = program.run(&["db", "restore", &file]).expect(0);
    assert!(
        restored.stdout.contains("Put right: The role doorward_tenant is missing."),
        "{restored:?}"
    );
    program.run(&["db", "verify"]).expect(0);
    let mut server = program.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    assert_eq!(
        (reads(&url, "ada", &task), reads(&url, "grace", &task)),
        ("200".into(), "404".into())
    );
}

/// Isolation that is lost under a running server is noticed by the probe.
#[tokio::test]
async fn a_running_server_that_loses_its_isolation_is_not_ready_until_it_is_repaired() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let program = Program::ready().env("DATABASE_URL", &schema.url);
    let mut server = program.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    for loss in [
        "ALTER VIEW own_tasks OWNER TO postgres",
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_tasks ON tasks",
        "CREATE POLICY everything ON tasks USING (true)",
        "REVOKE SELECT ON tasks FROM doorward_tenant",
    ] {
        schema.sql(loss);
        let asked = shell(&format!(
            "for i in $(seq 100); do a=$(curl -s -w ' %{{http_code}}' {url}/readyz); case $a in *unprotected*) break;; esac; sleep 0.1; done; echo $a"
        ));
        assert!(asked.contains("unprotected") && asked.contains(" 503"), "{loss}: {asked}");
        if loss.starts_with("CREATE POLICY") {
            // What somebody added is somebody's decision.
            let left = schema.db(&["repair"]).expect(1);
            assert!(
                left.stdout.contains("Not repaired: The policy everything on tasks"),
                "{left:?}"
            );
            schema.sql("DROP POLICY everything ON tasks");
        } else {
            schema.db(&["repair"]).expect(0);
        }
        becomes_ready(&url);
    }
}

both! {
    async fn lost_indexes_and_triggers_come_back_and_data_stays(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        let trigger = match engine {
            Engine::Sqlite => "DROP TRIGGER audit_log_delete",
            Engine::Postgres => "DROP TRIGGER audit_log_change ON audit_log",
        };
        schema.sql(&format!("DROP INDEX users_email_key; DROP INDEX tasks_due; {trigger}"));
        let rehearsed = schema.db(&["repair", "--dry-run"]).expect(0);
        assert!(rehearsed.stdout.contains("Would put right: The index tasks_due on tasks is missing."), "{rehearsed:?}");
        assert_eq!(schema.drift().len(), 3);
        let repaired = schema.db(&["repair", "--json"]).expect(0).json();
        assert_eq!(repaired["repaired"].as_array().map(Vec::len), Some(3), "{repaired}");
        schema.has_no_drift();
        let again = schema.db(&["repair"]).expect(0);
        assert!(again.stdout.contains("There is nothing to repair"), "{again:?}");
        // What a migration that is still to come makes is not missing.
        let older = Schema::empty(engine).await;
        older.db(&["migrate", "--to", "9"]).expect(0);
        older.db(&["repair"]).expect(0);
        older.db(&["migrate"]).expect(0);
        older.has_no_drift();
    }
}
