//! What every test binary shares: the application on either engine, a client that is the actor, and a
//! private PostgreSQL that the tests start themselves.
#![allow(clippy::expect_used, clippy::used_underscore_binding, reason = "a test may fail")]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod admin;
pub mod app;
pub mod client;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod redis;

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use {
    app::{Engine, TestApp},
    client::{Client, Reply},
};

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
