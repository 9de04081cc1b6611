//! The schema is a version ahead of the binary, as during a rolling upgrade: what a newer release adds does
//! not disturb a server of the older one, whether it runs already or starts now.

use doorward::schema::migrate::Migrator;
use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp, postgres};

const TABLES: [&str; 4] = ["users", "sessions", "tasks", "audit_log"];

/// What an expanding migration of a newer release does.
async fn expand(app: &TestApp, engine: Engine) {
    let mut sql: Vec<String> = TABLES
        .iter()
        .flat_map(|table| {
            [
                format!("ALTER TABLE {table} ADD COLUMN of_later INTEGER NOT NULL DEFAULT 7"),
                format!("CREATE INDEX {table}_of_later ON {table} (of_later)"),
            ]
        })
        .collect();
    sql.push("CREATE TABLE of_later (id INTEGER PRIMARY KEY)".into());
    let name = app.url.rsplit('/').next().expect("a name");
    match engine {
        Engine::Sqlite => {
            let path = app.url.strip_prefix("sqlite:").expect("a file");
            let file = rusqlite::Connection::open(path).expect("the file opens");
            file.busy_timeout(std::time::Duration::from_secs(10)).expect("set");
            for sql in &sql {
                file.execute_batch(sql).expect(sql);
            }
        }
        Engine::Postgres => {
            let client = postgres::shared().connect(name).await;
            for sql in &sql {
                client.batch_execute(sql).await.expect(sql);
            }
        }
    }
}

/// A day in the life of the older binary.
async fn works(app: &TestApp, name: &str, known: &Client) {
    let new = app.sign_up(name).await;
    for client in [&new, known] {
        client.get("/auth/me").await.expect(200);
        let task = client.post("/api/tasks", json!({"title": name})).await.expect(201).json();
        let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
        client.patch(&path, json!({"title": "renamed"})).await.expect(200);
        client.get("/api/tasks").await.expect(200);
        client.get("/auth/sessions").await.expect(200);
        client.delete(&path).await.expect(204);
    }
    let again = known.login("ada@example.com", PASSWORD).await;
    let refresh = json!({"refresh_token": again.refresh_token.clone().expect("a token")});
    again.post("/auth/refresh", refresh).await.expect(200);
    again.post_empty("/auth/logout").await.expect(204);
    app.advance(std::time::Duration::from_secs(6));
    app.anonymous().get("/readyz").await.expect(200);
}

both! {
    async fn an_older_binary_works_on_a_newer_schema_whether_it_ran_before_or_starts_now(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        works(&app, "before", &ada).await;
        let version = Migrator::new(&app.app.settings.database).version().await.expect("a version");
        expand(&app, engine).await;
        works(&app, "after", &ada).await;
        let started = app.replica().await;
        works(&started, "later", &ada.through(&started)).await;
        let now = Migrator::new(&app.app.settings.database).version().await.expect("a version");
        assert_eq!(version, now, "nobody migrated anything");
    }
}
