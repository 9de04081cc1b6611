//! Metrics: who may read them, and that each counts what it says.

mod scrape;
mod values;

use std::collections::BTreeMap;

use doorward::config::Secret;

use crate::support::client::Reply;
use crate::support::{Engine, TestApp};

pub(super) const TOKEN: &str = "6f1c1c2f8a7d4e0b9a35d7be0c4e81f2a9";

/// An application whose metrics are read with [`TOKEN`].
pub(super) async fn counting(engine: Engine) -> TestApp {
    TestApp::with(engine, |settings| settings.metrics_token = Some(Secret::new(TOKEN))).await
}

/// The calls to the database, once those that requests have left behind them are over.
pub(super) async fn settled(app: &TestApp) -> f64 {
    let calls = "doorward_database_call_seconds_count";
    app.app.audit.flush().await;
    let (mut last, mut quiet) = (f64::NAN, 0);
    while quiet < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let now = Samples::of(app).await.sum(calls);
        quiet = if (now - last).abs() < 1e-9 { quiet + 1 } else { 0 };
        last = now;
    }
    last
}

/// All samples by name and labels, as they are written.
pub(super) struct Samples(BTreeMap<String, f64>);

impl Samples {
    pub(super) async fn of(app: &TestApp) -> Self {
        let reply = app.anonymous().with_token(TOKEN).get("/metrics").await.expect(200);
        Self::read(&reply)
    }

    pub(super) fn read(reply: &Reply) -> Self {
        let text = reply.text();
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name.to_owned(), value.parse().expect("a number"))
        };
        Self(lines.map(sample).collect())
    }

    /// The sample of this name and these labels; 0 if it is not there.
    pub(super) fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    /// All samples whose name begins so, summed up.
    pub(super) fn sum(&self, start: &str) -> f64 {
        self.0.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, value)| value).sum()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
