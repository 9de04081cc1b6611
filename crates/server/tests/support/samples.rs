//! What a server counts, read as Prometheus reads it, and by how much it grows.

use std::collections::BTreeMap;

use doorward::config::{Secret, Settings};

use super::app::{Engine, TestApp};
use super::client::Reply;

/// Opens `/metrics` of the applications here.
pub const TOKEN: &str = "6f1c1c2f8a7d4e0b9a35d7be0c4e81f2a9";

/// An application whose metrics are read with [`TOKEN`].
pub async fn counting(engine: Engine) -> TestApp {
    TestApp::with(engine, count).await
}

/// Has an application count.
pub fn count(settings: &mut Settings) {
    settings.metrics_token = Some(Secret::new(TOKEN));
}

/// The calls to the database, once those that requests have left behind them are over.
pub async fn settled(app: &TestApp) -> f64 {
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
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    /// Those of this application now.
    pub async fn of(app: &TestApp) -> Self {
        let reply = app.anonymous().with_token(TOKEN).get("/metrics").await.expect(200);
        Self::read(&reply)
    }

    /// Those of an answer.
    pub fn read(reply: &Reply) -> Self {
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
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    /// All samples whose name begins so, summed up.
    pub fn sum(&self, start: &str) -> f64 {
        self.0.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, value)| value).sum()
    }

    /// All names with their labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// By how much each of these has grown.
pub async fn growth<const N: usize>(
    app: &TestApp,
    names: [&str; N],
    work: impl Future<Output = ()>,
) -> [f64; N] {
    let before = Samples::of(app).await;
    work.await;
    let after = Samples::of(app).await;
    names.map(|name| after.get(name) - before.get(name))
}

/// Refuses what has not grown by exactly this.
pub fn same<const N: usize>(grown: [f64; N], wanted: [f64; N]) {
    let far = grown.iter().zip(&wanted).any(|(grown, wanted)| (grown - wanted).abs() > 1e-9);
    assert!(!far, "grown by {grown:?}, not {wanted:?}");
}
