//! The probes while the database says nothing.

use std::time::{Duration, Instant};

use doorward::clock::Clock;

use crate::postgres::data::NOW;
use crate::postgres::proxy::Proxy;
use crate::support::{TestApp, postgres};

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_within_a_second_while_the_database_hangs() {
    let direct = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&direct), Clock::frozen(NOW), 1, |_| {}).await;
    let client = app.anonymous();
    client.get("/health").await.expect(200);
    proxy.go_silent();
    // Longer than an answer is kept.
    app.advance(Duration::from_secs(6));
    let began = Instant::now();
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { (client.get("/health").await, client.get("/livez").await) })
        })
        .collect();
    for answer in asked {
        let (health, livez) = answer.await.expect("no panic");
        assert_eq!(health.expect(503).json()["status"], "unhealthy");
        livez.expect(200);
    }
    // Promised within a second of real time: the database is a socket that says nothing. Its own
    // deadline is four, which a busy machine may not reach either.
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
    client.get("/readyz").await.expect(503);

    proxy.resume();
    let recovered = async {
        while client.get("/health").await.status != 200 {
            app.advance(Duration::from_secs(6));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), recovered).await.expect("healthy again");
}
