//! What becomes of mails is counted, and so are those that wait.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ask, deliver};
use crate::support::TestApp;
use crate::support::samples::{Samples, count, same};
use crate::support::smtp::{SmtpServer, by_smtp};

const MINUTE: Duration = Duration::from_secs(61);

/// Sent, retried, failed, dropped, waiting, and the age of the oldest.
async fn counted(app: &TestApp) -> [f64; 6] {
    let samples = Samples::of(app).await;
    let attempts = ["sent", "retried", "failed", "dropped"]
        .map(|outcome| format!("doorward_mail_attempts_total{{outcome=\"{outcome}\"}}"));
    let [sent, retried, failed, dropped] = attempts.map(|name| samples.get(&name));
    let waiting = samples.get("doorward_mail_waiting");
    [sent, retried, failed, dropped, waiting, samples.get("doorward_mail_oldest_seconds")]
}

/// Has the worker run until this is counted, which knows how many wait.
async fn run_until(app: &TestApp, wanted: [f64; 6]) {
    let worker = tokio::spawn(app.delivery().run());
    let until = Instant::now() + Duration::from_secs(30);
    let differs = |found: [f64; 6]| found.iter().zip(wanted).any(|(it, to)| (it - to).abs() > 1e-9);
    while differs(counted(app).await) {
        assert!(Instant::now() < until, "{:?}", counted(app).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.abort();
    let _ = worker.await;
}

both! {
    async fn mails_are_counted_by_what_became_of_them(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, |settings| {
            count(settings);
            settings.public_url = Some("https://auth.example.org".into());
            by_smtp(&server.url())(settings);
        })
        .await;
        same(counted(&app).await, [0.0; 6]);
        ask(&app, "ada@example.com").await;
        assert_eq!(deliver(&app).await, 1);
        same(counted(&app).await, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        ask(&app, "refused@example.com").await;
        deliver(&app).await;
        same(counted(&app).await, [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        // Asked for an address without an account, which nobody is to learn.
        let nobody = json!({"email": "nobody@example.com"});
        app.anonymous().post("/auth/password/forgot", nobody).await.expect(202);
        deliver(&app).await;
        same(counted(&app).await, [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]);

        // A greylisted mail waits for a minute, and grows older meanwhile.
        ask(&app, "grey@example.com").await;
        run_until(&app, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]).await;
        app.advance(MINUTE);
        same(counted(&app).await, [1.0, 1.0, 1.0, 1.0, 1.0, 61.0]);
        run_until(&app, [2.0, 1.0, 1.0, 1.0, 0.0, 0.0]).await;
    }
}
