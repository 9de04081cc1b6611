//! A worker without work leaves the database asleep, and wakes for what is known to be due.

use std::time::Duration;

use super::ask;
use crate::support::smtp::{SmtpServer, by_smtp};
use crate::support::{Engine, TestApp, postgres};

/// When any connection of the application last began a statement, and when it ended.
async fn last_statement(url: &str) -> String {
    let database =
        url.rsplit_once('/').expect("a database").1.split('?').next().unwrap_or_default();
    let client = postgres::shared().connect(database).await;
    let row = client
        .query_one(
            "SELECT coalesce(string_agg(pid || ' ' || query_start || ' ' || state_change, ', ' ORDER BY pid), '') \
             FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .await
        .expect("the activity");
    row.get(0)
}

async fn settled(url: &str) -> String {
    let mut last = last_statement(url).await;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = last_statement(url).await;
        if now == last {
            return now;
        }
        last = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_server_asks_the_database_nothing_for_hours_and_wakes_for_a_retry() {
    let Some(server) = SmtpServer::start().await else { return };
    let app = TestApp::with(Engine::Postgres, by_smtp(&server.url())).await;
    let worker = tokio::spawn(app.delivery().run());
    ask(&app, "ada@example.com").await;
    server.has(1).await;
    let before = settled(&app.url).await;
    assert!(!before.is_empty(), "the application has a connection");
    for _ in 0..48 {
        app.advance(Duration::from_mins(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(settled(&app.url).await, before, "no statement in eight hours");

    ask(&app, "grey@example.com").await;
    for _ in 0..200 {
        if app
            .app
            .outbox()
            .list(false, 10)
            .await
            .expect("listed")
            .iter()
            .any(|mail| mail.last_error.is_some())
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waiting = settled(&app.url).await;
    app.advance(Duration::from_secs(50));
    assert_eq!(settled(&app.url).await, waiting, "not before it is due");
    app.advance(Duration::from_secs(11));
    server.has(2).await;
    worker.abort();
}
