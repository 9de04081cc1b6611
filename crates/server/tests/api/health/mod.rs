//! The probes. A database that hangs is tested in `tests/system/postgres`.

use std::time::Duration;

use crate::support::{Reply, TestApp};

#[allow(clippy::module_inception, reason = "the file has the operation's name")]
mod health;
mod livez;
mod readyz;

/// What the probe says of a database that answers. A busy machine may keep it from answering in
/// time, which is said for a second.
pub(crate) async fn ask(app: &TestApp, path: &str) -> Reply {
    for _ in 0..30 {
        let reply = app.anonymous().get(path).await;
        if reply.json()["database"] == "ok" {
            return reply;
        }
        app.advance(Duration::from_secs(1));
    }
    panic!("the database never answered");
}
