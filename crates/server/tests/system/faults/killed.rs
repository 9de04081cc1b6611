//! SIGKILL while clients write: what was acknowledged is there, nothing is there by half, and the
//! server serves again within three seconds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::PASSWORD;
use crate::support::postgres;
use crate::support::process::{Server, call};

const WRITERS: usize = 12;
const ROUNDS: usize = 3;
const SERVING_AGAIN: Duration = Duration::from_secs(3);

/// Every task by its title, as it was last acknowledged, and the titles a request is under way for.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<String, Value>,
    unsure: BTreeMap<String, &'static str>,
}

type Shared = Arc<Mutex<Ledger>>;

fn book<T>(ledger: &Shared, entry: impl FnOnce(&mut Ledger) -> T) -> T {
    entry(&mut ledger.lock().expect("no writer panics"))
}

/// Makes tasks, completes every third and deletes every seventh, until the server stops answering.
async fn write(port: u16, token: String, name: String, ledger: Shared, done: Arc<AtomicUsize>) {
    for n in 0.. {
        let title = format!("{name}-{n}");
        let description = format!("{title} ").repeat(100);
        book(&ledger, |ledger| ledger.unsure.insert(title.clone(), "made"));
        let body = json!({"title": title, "description": description.trim()});
        let made = call(port, "POST", "/api/tasks", Some(&token), Some(&body)).await;
        let Some((201, task)) = made else { return };
        done.fetch_add(1, Ordering::SeqCst);
        book(&ledger, |ledger| {
            ledger.unsure.remove(&title);
            ledger.acknowledged.insert(title.clone(), task.clone());
        });
        let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
        if n % 3 == 0 {
            book(&ledger, |ledger| ledger.unsure.insert(title.clone(), "completed"));
            let path = format!("{path}/complete");
            let body = json!({"completed": true});
            let changed = call(port, "PATCH", &path, Some(&token), Some(&body)).await;
            let Some((200, task)) = changed else { return };
            book(&ledger, |ledger| {
                ledger.unsure.remove(&title);
                ledger.acknowledged.insert(title.clone(), task);
            });
        }
        if n % 7 == 0 {
            book(&ledger, |ledger| ledger.unsure.insert(title.clone(), "deleted"));
            let Some((204, _)) = call(port, "DELETE", &path, Some(&token), None).await else {
                return;
            };
            book(&ledger, |ledger| {
                ledger.unsure.remove(&title);
                ledger.acknowledged.insert(title.clone(), Value::Null);
            });
        }
    }
}

/// Every task the server has, page by page.
async fn stored(server: &Server, token: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for writer in 0..ROUNDS * WRITERS {
        let path = format!("/api/tasks?limit=1000&q=w{writer}-");
        let (status, list) = server.call("GET", &path, Some(token), None).await.expect("an answer");
        assert_eq!(status, 200, "{list}");
        let list = list.as_array().expect("an array").clone();
        assert!(list.len() < 1000, "too many tasks for one page");
        for task in list {
            all.insert(task["title"].as_str().expect("a title").to_owned(), task);
        }
    }
    all
}

fn judge(ledger: &Ledger, stored: &BTreeMap<String, Value>) {
    for (title, task) in &ledger.acknowledged {
        match (ledger.unsure.get(title), stored.get(title)) {
            (None, found) => {
                assert_eq!(found.unwrap_or(&Value::Null), task, "{title} was acknowledged");
            }
            (Some(&"completed"), Some(found)) => {
                let whole = found == task
                    || (found["completed"] == true && found["completed_at"].is_string());
                assert!(whole, "{title} is half completed: {found}");
            }
            (Some(&"deleted"), None) => {}
            (Some(_), found) => assert_eq!(found, Some(task), "{title}"),
        }
    }
    for (title, task) in stored {
        let known = ledger.acknowledged.contains_key(title) || ledger.unsure.contains_key(title);
        assert!(known, "{title} was never sent");
        let description = format!("{title} ").repeat(100);
        assert_eq!(task["description"], description.trim(), "{title} is half made");
    }
}

/// Kills the server over this database while clients write, three times.
async fn kill_in_mid_write(url: &str, dir: &Path) -> String {
    let mut server = Server::start(url, dir).await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    let (status, _) =
        server.call("POST", "/auth/register", None, Some(&account)).await.expect("an answer");
    assert_eq!(status, 201);
    let (_, tokens) = server.call("POST", "/auth/login", None, Some(&account)).await.expect("one");
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let ledger = Shared::default();
    let mut fastest = Duration::MAX;
    for round in 0..ROUNDS {
        let done = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| format!("w{}", round * WRITERS + n))
            .map(|name| write(server.port, token.clone(), name, ledger.clone(), done.clone()))
            .map(tokio::spawn)
            .collect();
        while done.load(Ordering::SeqCst) < 150 {
            assert!(
                writers.iter().any(|writer| !writer.is_finished()),
                "the writers stopped early"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        for writer in writers {
            writer.await.expect("no writer panics");
        }
        server = Server::start(url, dir).await;
        fastest = server.started_in.min(fastest);
        let found = stored(&server, &token).await;
        book(&ledger, |ledger| {
            judge(ledger, &found);
            // What the killed server did with the requests under way is settled now.
            ledger.unsure.clear();
            let gone = ledger.acknowledged.keys().filter(|title| !found.contains_key(*title));
            let gone: Vec<_> = gone.cloned().collect();
            ledger.acknowledged = found;
            ledger.acknowledged.extend(gone.into_iter().map(|title| (title, Value::Null)));
        });
    }
    // A busy machine may hold one start up, or two.
    assert!(fastest < SERVING_AGAIN, "serving again after {fastest:?}");
    token
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_it_acknowledged_on_sqlite() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let file = dir.path().join("doorward.db");
    kill_in_mid_write(&format!("sqlite:{}", file.display()), dir.path()).await;
    let database = rusqlite::Connection::open(&file).expect("the file opens");
    let health: String =
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a row");
    assert_eq!(health, "ok");
    let dangling = database
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut check| check.exists([]))
        .expect("a check");
    assert!(!dangling, "a row refers to one that is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_it_acknowledged_on_postgres() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = postgres::fresh_database().await;
    kill_in_mid_write(&url, dir.path()).await;
    let database = postgres::shared().connect(url.rsplit('/').next().expect("a name")).await;
    let left_open = "SELECT 1 FROM pg_stat_activity \
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    assert!(database.query(left_open, &[]).await.expect("rows").is_empty());
}

/// The tables are made in one piece or not at all, whenever the process dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_its_first_start_starts_the_next_time() {
    for engine in ["sqlite", "postgres"] {
        for millis in [0, 5, 20, 60, 150] {
            let dir = tempfile::tempdir().expect("a temp dir");
            let url = match engine {
                "sqlite" => format!("sqlite:{}", dir.path().join("doorward.db").display()),
                _ => postgres::fresh_database().await,
            };
            // Dropping the server kills it.
            let _ = tokio::time::timeout(
                Duration::from_millis(millis),
                Server::start(&url, dir.path()),
            )
            .await;
            let server = Server::start(&url, dir.path()).await;
            let account = json!({"email": "ada@example.com", "password": PASSWORD});
            let (status, body) =
                server.call("POST", "/auth/register", None, Some(&account)).await.expect("one");
            assert_eq!(status, 201, "{engine} after {millis} ms: {body}");
        }
    }
}
