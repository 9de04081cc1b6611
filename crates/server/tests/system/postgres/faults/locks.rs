//! Others hold rows or tables locked, as an idle transaction or a maintenance job does: what needs them
//! waits and says so in time, all else goes on, with many connections and with few.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward::clock::Clock;
use serde_json::json;
use tokio::task::JoinSet;

use crate::postgres::data::{NOW, RENAME_USER, database, few, open, user};
use crate::support::client::PASSWORD;
use crate::support::pooler::Pooler;
use crate::support::{Client, TestApp, postgres};
use doorward::db::Database;
use doorward::sql::DbError;
use doorward::step;

/// How long others are at work while the rows are held: several times longer than a lock is waited for.
const MEANWHILE: Duration = Duration::from_secs(4);
/// A request waits 5 s for the database in all; a busy machine adds to it.
const IN_TIME: Duration = Duration::from_millis(6900);

/// How many answers of one kind were good, of all.
#[derive(Default)]
struct Count {
    good: AtomicUsize,
    all: AtomicUsize,
}

/// Asks again and again until it is over.
async fn keep_asking(
    over: Arc<AtomicBool>,
    count: Arc<Count>,
    good: u16,
    mut ask: impl AsyncFnMut(usize) -> u16,
) {
    for number in 0.. {
        if over.load(Ordering::SeqCst) {
            return;
        }
        let began = Instant::now();
        let status = ask(number).await;
        assert!(began.elapsed() < IN_TIME, "{status} after {:?}", began.elapsed());
        count.all.fetch_add(1, Ordering::SeqCst);
        count.good.fetch_add(usize::from(status == good), Ordering::SeqCst);
        // A client that is refused waits, if not for long.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What others do meanwhile: each kind of request by itself, named with its answers.
fn others(app: &TestApp, bob: &Client, over: &Arc<AtomicBool>) -> (JoinSet<()>, Counts) {
    let mut asking = JoinSet::new();
    let mut counts = Counts::new();
    let mut count = |name| {
        let count = Arc::new(Count::default());
        counts.push((name, Arc::clone(&count)));
        (Arc::clone(over), count)
    };
    let (over, registered) = count("register");
    let client = app.anonymous();
    asking.spawn(keep_asking(over, registered, 201, async move |number| {
        let body = json!({"email": format!("new{number}@example.com"), "password": PASSWORD});
        client.post("/auth/register", body).await.status
    }));
    let (over, signed_in) = count("sign-in");
    let client = app.anonymous();
    asking.spawn(keep_asking(over, signed_in, 200, async move |_| {
        let body = json!({"email": "bob@example.com", "password": PASSWORD});
        client.post("/auth/login", body).await.status
    }));
    let (over, made) = count("a new task");
    let client = bob.clone();
    asking.spawn(keep_asking(over, made, 201, async move |_| {
        client.post("/api/tasks", json!({"title": "a task"})).await.status
    }));
    let (over, listed) = count("tasks");
    let client = bob.clone();
    asking.spawn(keep_asking(over, listed, 200, async move |_| {
        client.get("/api/tasks").await.status
    }));
    let (over, healthy) = count("health");
    let client = app.anonymous();
    asking.spawn(keep_asking(over, healthy, 200, async move |_| {
        let began = Instant::now();
        let status = client.get("/health").await.status;
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        status
    }));
    (asking, counts)
}

type Counts = Vec<(&'static str, Arc<Count>)>;

fn judge(counts: &Counts, needed: &[&str]) {
    let seen = counts.iter().map(|(name, count)| {
        let (good, all) = (count.good.load(Ordering::SeqCst), count.all.load(Ordering::SeqCst));
        (*name, good, all)
    });
    let seen: Vec<_> = seen.collect();
    for (name, good, all) in &seen {
        if needed.contains(name) {
            assert!(*all >= 5 && good * 100 >= all * 95, "{name}: {seen:?}");
        }
    }
}

/// Ten users whose rows, sessions and tasks another session holds, with three clients each.
async fn rows_are_held(url: &str) {
    let name = url.rsplit('/').next().unwrap().to_owned();
    let app = TestApp::over(url, Clock::frozen(NOW), 1, |_| {}).await;
    let bob = app.sign_up("bob").await;
    let (over, mut stuck) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let mut held = Vec::new();
    for number in 0..10 {
        let client = app.sign_up(&format!("held{number}")).await;
        let task = client.post("/api/tasks", json!({"title": "t"})).await.expect(201).json();
        held.push((client, format!("/api/tasks/{}", task["id"].as_str().unwrap()), number));
    }
    let mut admin = postgres::shared().connect(&name).await;
    let transaction = admin.transaction().await.unwrap();
    let lock = "SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id JOIN tasks t ON t.user_id = u.id \
        WHERE u.email LIKE 'held%' FOR UPDATE";
    transaction.batch_execute(lock).await.unwrap();
    let count = Arc::new(Count::default());
    for (client, task, number) in held.clone() {
        let (one, two, three) = (client.clone(), client.clone(), client);
        let again = || (Arc::clone(&over), Arc::clone(&count));
        let (until, counted) = again();
        stuck.spawn(keep_asking(until, counted, 200, async move |_| {
            one.patch("/auth/me", json!({"name": "x"})).await.status
        }));
        let (until, counted) = again();
        stuck.spawn(keep_asking(until, counted, 200, async move |_| {
            two.patch(&task, json!({"title": "x"})).await.status
        }));
        let (until, counted) = again();
        stuck.spawn(keep_asking(until, counted, 200, async move |_| {
            let email = format!("held{number}@example.com");
            three.post("/auth/login", json!({"email": email, "password": PASSWORD})).await.status
        }));
    }
    let (mut asking, counts) = others(&app, &bob, &over);
    tokio::time::sleep(MEANWHILE).await;
    over.store(true, Ordering::SeqCst);
    while let Some(ended) = asking.join_next().await {
        ended.unwrap();
    }
    while let Some(ended) = stuck.join_next().await {
        ended.unwrap();
    }
    assert_eq!(count.good.load(Ordering::SeqCst), 0, "the rows were held");
    judge(&counts, &["register", "sign-in", "a new task", "tasks", "health"]);
    transaction.rollback().await.unwrap();
    for (client, task, _) in held {
        client.patch(&task, json!({"title": "x"})).await.expect(200);
        client.patch("/auth/me", json!({"name": "x"})).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_others_hold_do_not_keep_anybody_else() {
    rows_are_held(&postgres::migrated_database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_others_hold_do_not_keep_anybody_else_with_three_connections() {
    let url = postgres::migrated_database().await;
    let name = url.rsplit('/').next().unwrap();
    rows_are_held(&few(&format!("rows_{name}"), name, 3).await).await;
}

/// The table of sessions is locked whole: whoever is signed in waits, and a sign-in cannot end.
async fn sessions_are_locked(url: &str) {
    let name = url.rsplit('/').next().unwrap().to_owned();
    let app = TestApp::over(url, Clock::frozen(NOW), 1, |_| {}).await;
    let bob = app.sign_up("bob").await;
    let mut admin = postgres::shared().connect(&name).await;
    let transaction = admin.transaction().await.unwrap();
    transaction.batch_execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let (mut asking, counts) = others(&app, &bob, &over);
    for _ in 0..20 {
        let (client, over, count) = (bob.clone(), Arc::clone(&over), Arc::default());
        asking.spawn(keep_asking(over, count, 200, async move |number| match number % 2 {
            0 => client.get("/auth/me").await.status,
            _ => client.patch("/auth/me", json!({"name": "x"})).await.status,
        }));
    }
    let until = Instant::now() + MEANWHILE;
    while Instant::now() < until {
        // An answer is kept for five seconds.
        app.advance(Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    over.store(true, Ordering::SeqCst);
    while let Some(ended) = asking.join_next().await {
        ended.unwrap();
    }
    judge(&counts, &["register", "health"]);
    transaction.rollback().await.unwrap();
    bob.get("/auth/me").await.expect(200);
    bob.patch("/auth/me", json!({"name": "x"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_all_sessions_leaves_health_quick_and_registration_open() {
    sessions_are_locked(&postgres::migrated_database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_all_sessions_leaves_health_and_registration_with_three_connections() {
    let url = postgres::migrated_database().await;
    let name = url.rsplit('/').next().unwrap();
    sessions_are_locked(&few(&format!("table_{name}"), name, 3).await).await;
}

/// A write on rows that are held, and what became of it once they were let go after `after`.
async fn write_while_held(db: &Database, url: &str, after: Duration) -> Result<(), DbError> {
    let ada = user(db).await;
    let mut admin = postgres::shared().connect(url.rsplit('/').next().unwrap()).await;
    let held = admin.transaction().await.unwrap();
    held.execute("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", &[&ada.user_id]).await.unwrap();
    let rename = || step!(RENAME_USER { id: ada.user_id, name: "Ada" });
    let write = async {
        let began = Instant::now();
        let written = db.write_as::<()>(ada, rename()).await.map(drop);
        assert!(began.elapsed() < Duration::from_millis(3900), "{:?}", began.elapsed());
        written
    };
    let release = async {
        tokio::time::sleep(after).await;
        held.rollback().await.unwrap();
    };
    let (written, ()) = tokio::join!(write, release);
    db.write_as::<()>(ada, rename()).await.unwrap();
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_let_go_in_time_is_written_and_one_that_is_not_is_left_as_it_was() {
    let (db, url) = database().await;
    write_while_held(&db, &url, Duration::from_millis(500)).await.unwrap();
    let late = write_while_held(&db, &url, Duration::from_secs(4)).await;
    assert!(matches!(late, Err(DbError::Away(_))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_a_lock_is_waited_for_as_shortly() {
    let Some(pooler) = Pooler::start("").await else { return };
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    write_while_held(&db, &url, Duration::from_millis(500)).await.unwrap();
    let late = write_while_held(&db, &url, Duration::from_secs(4)).await;
    assert!(matches!(late, Err(DbError::Away(_))), "{late:?}");
}
