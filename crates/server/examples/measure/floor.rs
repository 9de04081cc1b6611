//! What reads on SQLite are held against: axum behind the same HS256 check, which answers a constant, or a page of
//! tasks that rusqlite reads and `serde_json` writes, and nothing else.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use doorward_verify::{KeySet, Verifier};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Whose page is asked for, and where it goes.
type Asked = (String, oneshot::Sender<Vec<u8>>);

/// A task as a list shows it.
#[derive(Serialize)]
struct Task {
    id: String,
    user_id: String,
    title: String,
    description: Option<String>,
    completed: bool,
    completed_at: Option<String>,
    priority: i64,
    due_at: Option<String>,
    tags: Option<String>,
    metadata: Option<String>,
    created_at: String,
    updated_at: String,
}

const PAGE: &str = "SELECT id, user_id, title, description, completed, completed_at, priority, due_at, tags, metadata, \
    created_at, updated_at FROM tasks WHERE user_id = ? ORDER BY created_at, id LIMIT 20";

pub(crate) async fn floor(port: u16, secret: &str, body: Bytes, file: Option<PathBuf>) {
    let keys = KeySet::of_secrets([secret]).unwrap();
    let verifier = Arc::new(Verifier::new(keys, "doorward", None));
    let subject_of = Arc::new(move |headers: &HeaderMap| {
        let token = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ");
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        verifier.verify(token, now).map(|claims| claims.sub).map_err(|_| StatusCode::UNAUTHORIZED)
    });
    let (of_text, of_body, of_rows) =
        (Arc::clone(&subject_of), Arc::clone(&subject_of), subject_of);
    let text = move |headers: HeaderMap| async move { of_text(&headers) };
    let json = move |headers: HeaderMap| async move { of_body(&headers).map(|_| as_json(body)) };
    let readers = file.map(|file| readers(&file));
    let rows = move |headers: HeaderMap| async move {
        let owner = of_rows(&headers)?;
        let (answer, page) = oneshot::channel();
        readers.unwrap().send((owner, answer)).unwrap();
        Ok::<_, StatusCode>(as_json(page.await.unwrap()))
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let router = Router::new().route("/", get(text)).route("/body", get(json));
    axum::serve(listener, router.route("/rows", get(rows))).await.unwrap();
}

fn as_json(body: impl IntoResponse) -> impl IntoResponse {
    ([("content-type", "application/json")], body)
}

/// A thread for each core, each with a connection of its own.
fn readers(file: &Path) -> Sender<Asked> {
    let (sender, receiver) = channel::<Asked>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..std::thread::available_parallelism().unwrap().get() {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).unwrap();
        let receiver = Arc::clone(&receiver);
        std::thread::spawn(move || {
            let next = || receiver.lock().unwrap().recv();
            while let Ok((owner, answer)) = next() {
                let _ = answer.send(page(&connection, &owner));
            }
        });
    }
    sender
}

/// The first twenty tasks of this user.
fn page(connection: &Connection, owner: &str) -> Vec<u8> {
    let mut statement = connection.prepare_cached(PAGE).unwrap();
    let tasks = statement.query_map([owner], |row| {
        Ok(Task {
            id: row.get(0)?,
            user_id: row.get(1)?,
            title: row.get(2)?,
            description: row.get(3)?,
            completed: row.get(4)?,
            completed_at: row.get(5)?,
            priority: row.get(6)?,
            due_at: row.get(7)?,
            tags: row.get(8)?,
            metadata: row.get(9)?,
            created_at: row.get(10)?,
            updated_at: row.get(11)?,
        })
    });
    let tasks: Vec<Task> = tasks.unwrap().collect::<Result<_, _>>().unwrap();
    serde_json::to_vec(&tasks).unwrap()
}
