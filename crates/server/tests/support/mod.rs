//! What every test binary shares: the application on either engine, a client that is the actor, and a
//! private PostgreSQL that the tests start themselves.
#![allow(clippy::expect_used, clippy::used_underscore_binding, reason = "a test may fail")]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod admin;
pub mod app;
pub mod authenticator;
pub mod client;
pub mod mails;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod samples;
pub mod small_disk;
pub mod smtp;

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use {
    app::{Engine, TestApp},
    client::{Client, Reply},
};

/// Whether this variable says that the tests which need a program may pass without it.
pub fn skipped(variable: &str) -> bool {
    let skipped = std::env::var_os(variable).is_some_and(|value| value == "1");
    if skipped {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        say(&format!("skipped by {variable}: {test}"));
    }
    skipped
}

/// Says it on stderr, which the test harness does not keep to itself as it keeps `eprintln!`.
pub fn say(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
}

/// The same body on SQLite and on PostgreSQL: `both! { async fn a_sentence(engine: Engine) { … } }`
/// makes the tests `a_sentence::sqlite` and `a_sentence::postgres`.
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::support::Engine;

            async fn body($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body(Engine::Postgres).await;
            }
        }
    )+};
}
