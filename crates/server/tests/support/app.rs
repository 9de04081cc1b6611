//! The application under test: the real router over a fresh database of either engine, with a clock
//! that stands still and repeatable randomness.

use std::sync::Arc;
use std::time::Duration;

use doorward::app::{App, Served};
use doorward::clock::Clock;
use doorward::config::{DatabaseUrl, HashScheme, Secret, Settings};
use doorward::crypto::Random;
use doorward::schema::migrate::Migrator;
use serde_json::json;
use time::macros::datetime;

use super::client::{Client, PASSWORD};
use super::postgres;

/// The secret of every application under test.
pub const SECRET: &str = "a test secret of more than thirty-two bytes";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of the binary's private server.
    Postgres,
}

/// One application over one database.
pub struct TestApp {
    /// What the features are built from.
    pub app: App,
    /// The router with every layer.
    pub router: Served,
    /// The frozen clock.
    pub clock: Clock,
    /// The database's URL.
    pub url: String,
    // Removes the SQLite file at the end.
    folder: Option<Arc<tempfile::TempDir>>,
    // The same of the mails.
    pub(super) mails: Option<Arc<tempfile::TempDir>>,
}

impl TestApp {
    /// An application with the documented defaults, except that hashing is cheap.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// The same with other settings.
    pub async fn with(engine: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        let (url, dir) = match engine {
            Engine::Postgres => (postgres::migrated_database().await, None),
            Engine::Sqlite => {
                let dir = tempfile::tempdir().expect("a temp dir");
                let url = format!("sqlite:{}", dir.path().join("doorward.db").display());
                migrate(&url).await;
                (url, Some(dir))
            }
        };
        let clock = Clock::frozen(datetime!(2026-11-20 12:00 UTC));
        let mut this = Self::over(&url, clock, 1, change).await;
        this.folder = dir.map(Arc::new);
        this
    }

    /// A second server process over the same database: same clock, other randomness.
    pub async fn replica(&self) -> Self {
        let settings = (*self.app.settings).clone();
        Self::over(&self.url, self.clock.clone(), 2, |other| *other = settings).await
    }

    /// An application over a database that has its schema.
    pub async fn over(
        url: &str,
        clock: Clock,
        seed: u64,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let through = super::pooler::maybe_through(url).await;
        let database = DatabaseUrl::parse(&through).expect("a database URL");
        let mut settings = Settings::new(database, Secret::new(SECRET));
        settings.password_hash = HashScheme::Argon2id { m: 64, t: 1, p: 1 };
        // Every test calls from one address while the clock stands still.
        settings.rate_limit_login = None;
        settings.rate_limit_register = None;
        settings.rate_limit_refresh = None;
        settings.rate_limit_auth = None;
        change(&mut settings);
        let db = doorward::db::Database::open(&settings.database).await.expect("an open database");
        let app = App::new(settings, db, clock.clone(), Random::seeded(seed));
        let router = app.router();
        Self { app, router, clock, url: url.into(), folder: None, mails: None }
    }

    /// Takes over another's SQLite file, which would be removed with it.
    pub fn keep_folder_of(&mut self, other: Self) {
        self.folder = other.folder;
    }

    /// A client that nobody has signed in.
    pub fn anonymous(&self) -> Client {
        Client { folder: self.folder.clone(), ..Client::anonymous(self.router.clone()) }
    }

    /// Registers `name@example.com` and signs in.
    pub async fn sign_up(&self, name: &str) -> Client {
        let email = format!("{name}@example.com");
        let client = self.anonymous();
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        let user = client.post("/auth/register", body).await.expect(201).json();
        let mut client = client.login(&email, PASSWORD).await;
        client.user = user;
        client
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

/// Applies every migration.
pub async fn migrate(url: &str) {
    let database = DatabaseUrl::parse(url).expect("a database URL");
    Migrator::new(&database).up(None, &mut |_| {}).await.expect("the migrations apply");
}
