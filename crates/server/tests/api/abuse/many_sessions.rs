//! Thousands of sessions on PostgreSQL: a request finds its own by its id and does not read the others of that
//! user, and a refresh writes to no index.

use tokio_postgres::Client;

use crate::support::{Engine, TestApp, postgres};

const OTHERS: &str = "INSERT INTO users (id, email, email_key, hashed_password, is_active, created_at, updated_at) \
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, n || '@x', n || '@x', 'x', TRUE, now(), now() \
    FROM generate_series(1, 3000) n";
const SESSIONS: &str = "INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, expires_at, \
    max_expires_at) SELECT gen_random_uuid(), id, 'x', now(), now(), now(), '2999-01-01', '2999-01-01' FROM users";
const GATE: &str = "PREPARE gate (uuid, uuid) AS SELECT s.confirmed FROM sessions s \
    JOIN users u ON u.id = s.user_id WHERE s.id = $1 AND s.user_id = $2 AND s.expires_at > now() AND u.is_active";

/// What a refresh changes.
const REFRESH: &str = "UPDATE sessions SET counter = counter + 1, rotated_at = now(), last_seen_at = now(), \
    expires_at = now() + interval '30 days' WHERE id = $1";
const FIRST_PAGE: &str =
    "SELECT id FROM sessions WHERE ctid < '(1,0)'::tid ORDER BY ctid DESC LIMIT 5";
const MOVED: &str = "SELECT count(*) FROM sessions WHERE counter = 1 AND ctid >= '(1,0)'::tid";

/// Three thousand users with a session each, and a connection to look at them.
async fn many() -> (TestApp, Client) {
    let app = TestApp::start(Engine::Postgres).await;
    let database = app.url.rsplit('/').next().expect("a name");
    let superuser = postgres::shared().connect(database).await;
    for sql in [OTHERS, SESSIONS, "ANALYZE users, sessions"] {
        superuser.batch_execute(sql).await.expect(sql);
    }
    (app, superuser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_found_by_its_id_where_most_users_have_one() {
    let (_app, superuser) = many().await;
    superuser.batch_execute(GATE).await.expect("prepared");
    superuser.batch_execute("SET plan_cache_mode = force_generic_plan").await.expect("set");
    let nobody = "00000000-0000-0000-0000-000000000000";
    let explain = format!("EXPLAIN EXECUTE gate ('{nobody}', '{nobody}')");
    let rows = superuser.query(&explain, &[]).await.expect("a plan");
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(plan.iter().any(|line| line.contains("using sessions_pkey")), "{plan:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_stays_on_its_page_when_it_is_refreshed() {
    let (_app, superuser) = many().await;
    let first = superuser.query(FIRST_PAGE, &[]).await.expect("sessions");
    assert_eq!(first.len(), 5);
    for session in first {
        let id: uuid::Uuid = session.get(0);
        assert_eq!(superuser.execute(REFRESH, &[&id]).await.expect("a refresh"), 1);
    }
    let moved: i64 = superuser.query_one(MOVED, &[]).await.expect("a count").get(0);
    assert_eq!(moved, 0, "sessions moved, so that every index got a new entry");
}
