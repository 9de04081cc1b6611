//! Row-level security is gone under a running server, as where somebody restores a dump into its database: no
//! connection that is opened then serves anybody, until it is repaired.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::process::{Server, doorward};
use crate::support::{Client, postgres};

async fn sign_up(server: &Server, name: &str) -> Client {
    let email = format!("{name}@example.com");
    let account = json!({"email": email, "password": PASSWORD});
    server.anonymous().post("/auth/register", account).await.expect(201);
    let client = server.anonymous().login(&email, PASSWORD).await;
    client.post("/api/tasks", json!({"title": format!("a task of {name}")})).await.expect(201);
    client
}

/// What a client finds: the titles of its tasks.
async fn titles(client: &Client) -> Vec<String> {
    let tasks = client.get("/api/tasks").await.expect(200).json();
    let titles = tasks.as_array().expect("tasks").iter();
    titles.map(|task| task["title"].as_str().expect("a title").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_opened_without_isolation_serve_nobody_until_it_is_repaired() {
    let url = postgres::migrated_database().await;
    let dir = tempfile::tempdir().expect("a temp dir");
    let server = Server::start(&url, dir.path()).await;
    let (ada, bob) = (sign_up(&server, "ada").await, sign_up(&server, "bob").await);
    let admin = postgres::shared().connect(url.rsplit('/').next().expect("a path")).await;
    for loss in [
        "ALTER VIEW own_tasks OWNER TO postgres",
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_tasks ON tasks",
        "DROP VIEW own_tasks",
    ] {
        admin.batch_execute(loss).await.expect("lost");
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        admin.batch_execute(end).await.expect("terminated");
        let account = json!({"email": "ada@example.com", "password": PASSWORD});
        for client in [&ada, &bob] {
            for path in ["/api/tasks", "/api/tasks/stats", "/auth/me", "/auth/sessions"] {
                client.get(path).await.expect_problem(503, "unavailable");
            }
            let task = json!({"title": "another task"});
            client.post("/api/tasks", task).await.expect_problem(503, "unavailable");
            client.post("/auth/login", account.clone()).await.expect_problem(503, "unavailable");
        }
        // It keeps what it knows for five seconds.
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let (status, said) =
                server.call("GET", "/readyz", None, None).await.expect("an answer");
            if (status, &said["database"]) == (503, &json!("unprotected")) {
                break;
            }
            assert!(Instant::now() < until, "{loss}: {said}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = server.log();
        assert!(log.contains("without row-level security"), "{log}");
        assert!(log.contains("run `doorward db repair`"), "{log}");

        let repaired =
            doorward(&url, dir.path(), &[]).args(["db", "repair"]).output().expect("runs");
        assert!(repaired.status.success(), "{loss}: {repaired:?}");
        let until = Instant::now() + Duration::from_secs(10);
        while ada.get("/api/tasks").await.status != 200 {
            assert!(Instant::now() < until, "{loss}: {}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(titles(&ada).await, ["a task of ada"], "{loss}");
        assert_eq!(titles(&bob).await, ["a task of bob"], "{loss}");
    }
}
