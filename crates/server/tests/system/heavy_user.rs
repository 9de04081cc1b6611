//! An account that holds far more than others: what it asks for at once is given in bounded memory, and others
//! are answered meanwhile.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use doorward::config::DatabaseUrl;
use doorward::db::Database;
use doorward::sql::Sql;
use doorward::{statement, step};
use http_body_util::BodyExt;
use serde_json::json;
use time::OffsetDateTime;

use crate::replicas::empty;
use crate::support::client::PASSWORD;
use crate::support::process::{Server, exchange};
use crate::support::{Client, Engine};

const TASKS: i64 = 200_000;
const MIB: usize = 1024 * 1024;

macro_rules! fill {
    ($id:literal) => {
        statement!(
            "FILL",
            concat!(
                "INSERT INTO tasks (id, user_id, title, due_sort, title_search, created_at, updated_at) \
                 WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < :count) \
                 SELECT ",
                $id,
                ", :owner, 'A task that somebody has had for years', :now, 'a task', :now, :now FROM n"
            )
        )
    };
}
const FILL_SQLITE: Sql = fill!(
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
     || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
);
const FILL_POSTGRES: Sql = fill!("gen_random_uuid()");

/// Gives the account its tasks, by SQL: a server would take minutes.
async fn fill(url: &str, engine: Engine, ada: &Client) {
    let db = Database::open(&DatabaseUrl::parse(url).expect("a URL")).await.expect("a database");
    let (owner, now, count) = (ada.id(), OffsetDateTime::UNIX_EPOCH, 1_000_i64);
    for _ in 0..TASKS / count {
        let step = match engine {
            Engine::Sqlite => step!(FILL_SQLITE { count, owner, now }),
            Engine::Postgres => step!(FILL_POSTGRES { count, owner, now }),
        };
        db.write(vec![step]).await.expect("tasks");
    }
    db.close().await;
}

/// A line of the process's status, in bytes.
fn memory(server: &Server, line: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}

fn get(path: &str, client: &Client) -> Request<Body> {
    let token = client.token.as_ref().unwrap();
    Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

async fn sign_up(server: &Server, name: &str) -> Client {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "password": PASSWORD});
    let user = server.anonymous().post("/auth/register", body).await.expect(201).json();
    let mut client = server.anonymous().login(&email, PASSWORD).await;
    client.user = user;
    client
}

both! {
    async fn all_of_two_hundred_thousand_tasks_is_exported_in_bounded_memory_while_others_work(engine: Engine) {
        let (url, dir) = empty(engine).await;
        let server = Server::start(&url, dir.path()).await;
        let (ada, bob) = (sign_up(&server, "ada").await, sign_up(&server, "bob").await);
        fill(&url, engine, &ada).await;
        for _ in 0..20 {
            bob.get("/auth/me").await.expect(200);
        }
        let before = memory(&server, "VmHWM:");

        let mut body = exchange(server.port, get("/auth/me/export", &ada)).await.into_body();
        let (mut size, mut found, mut tail, mut slowest) = (0, 0, Vec::new(), Duration::ZERO);
        let mut asked = Instant::now();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.unwrap_or_else(|error| panic!("{error}: {}", server.log())).into_data() else { continue };
            size += data.len();
            tail.extend_from_slice(&data);
            // A title may lie across two frames: what is behind the last whole one stays.
            let title = b"\"A task that";
            while let Some(at) = tail.windows(title.len()).position(|part| part == title) {
                found += 1;
                tail.drain(..at + title.len());
            }
            tail.drain(..tail.len().saturating_sub(64));
            if asked.elapsed() > Duration::from_millis(100) {
                asked = Instant::now();
                bob.get("/auth/me").await.expect(200);
                slowest = slowest.max(asked.elapsed());
            }
        }
        assert_eq!(found, TASKS);
        assert!(String::from_utf8_lossy(&tail).contains("\"complete\":true"), "{:?}", String::from_utf8_lossy(&tail));
        let grown = memory(&server, "VmHWM:").saturating_sub(before);
        assert!(size > 50 * MIB, "{size} bytes");
        assert!(grown < 24 * MIB, "{} MiB more for {} MiB", grown / MIB, size / MIB);
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    }
}
