//! Connections that a busy minute has opened are closed again, so that servers of one database do not
//! keep its connections from each other.

use doorward::step;
use std::time::Duration;

use futures_util::future::join_all;

use crate::postgres::data::{ADD_TASK, ALL_TASKS, NOW, database, open, user};
use crate::postgres::proxy::Proxy;
use crate::support::postgres;

/// Moves the runtime's clock, which connections are timed by.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn settle(proxy: &Proxy, expected: usize) {
    for _ in 0..200 {
        if proxy.connections() == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(proxy.connections(), expected);
}

#[tokio::test]
async fn connections_that_nobody_uses_for_a_minute_are_closed_and_the_last_of_a_kind_after_four() {
    let (_, url) = database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let db = open(&proxy.before(&url)).await;
    let ada = user(&db).await;
    let opened = proxy.connections();
    for round in 0..40_u128 {
        let writes = (0..32).map(|number| {
            let id = uuid::Uuid::from_u128(round * 32 + number);
            db.write_as::<uuid::Uuid>(
                ada,
                step!(ADD_TASK { id, owner: ada.user_id, title: "a task", now: NOW }),
            )
        });
        join_all(writes).await.into_iter().for_each(|written| drop(written.unwrap()));
    }
    assert!(proxy.connections() > opened + 4, "{} connections", proxy.connections());
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    // What was being opened is there.
    tokio::time::sleep(Duration::from_millis(200)).await;

    let many = proxy.connections();
    pass(Duration::from_secs(45)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(proxy.connections(), many, "a minute has not passed");
    // Reads and writes, of tasks and of the rest.
    pass(Duration::from_secs(16)).await;
    settle(&proxy, 4).await;
    pass(Duration::from_mins(2)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(proxy.connections(), 4, "the last of a kind stays longer");
    for _ in 0..3 {
        pass(Duration::from_mins(1)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    settle(&proxy, 0).await;

    let id = uuid::Uuid::from_u128(u128::MAX);
    db.write_as::<uuid::Uuid>(
        ada,
        step!(ADD_TASK { id, owner: ada.user_id, title: "a task", now: NOW }),
    )
    .await
    .unwrap();
    let titles: Vec<String> = db.read_as(ada, step!(ALL_TASKS)).await.unwrap();
    assert_eq!((titles.len(), proxy.connections()), (1281, 2));
}
