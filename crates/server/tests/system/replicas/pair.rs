//! The two processes.

use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::process::{Server, doorward};
use crate::support::{Client, Engine, app, postgres};

/// The URL of a database without tables, and a folder for the processes to run in.
pub(crate) async fn empty(engine: Engine) -> (String, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = match engine {
        Engine::Postgres => postgres::fresh_database().await,
        Engine::Sqlite => format!("sqlite:{}", dir.path().join("doorward.db").display()),
    };
    (url, dir)
}

/// Two processes over one database.
pub(crate) struct Pair {
    pub(crate) one: Server,
    pub(crate) two: Server,
    url: String,
    settings: Vec<(&'static str, String)>,
    dir: tempfile::TempDir,
}

impl Pair {
    /// With the defaults, except that nobody is slowed down for calling often.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// With more settings, for both.
    pub(crate) async fn with(engine: Engine, more: &[(&'static str, &str)]) -> Self {
        let (url, dir) = empty(engine).await;
        app::migrate(&url).await;
        Self::over(url, dir, more).await
    }

    /// Over a database that may have no tables yet: both are told to make them.
    pub(crate) async fn over(
        url: String,
        dir: tempfile::TempDir,
        more: &[(&'static str, &str)],
    ) -> Self {
        let settings = [
            // The tests say which address somebody calls from.
            ("TRUSTED_PROXIES", "127.0.0.1"),
            ("RATE_LIMIT_LOGIN", "off"),
            ("RATE_LIMIT_REGISTER", "off"),
            ("RATE_LIMIT_REFRESH", "off"),
            ("RATE_LIMIT_AUTH", "off"),
        ];
        // The last of a name counts.
        let settings =
            settings.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned()));
        let settings: Vec<_> = settings.collect();
        let (one, two) = tokio::join!(
            Server::with(&url, dir.path(), &settings),
            Server::with(&url, dir.path(), &settings)
        );
        Self { one, two, url, settings, dir }
    }

    /// Ends the first process as a crash would, and starts it anew.
    pub(crate) async fn restart_one(&mut self) {
        self.one.kill();
        self.one = Server::with(&self.url, self.dir.path(), &self.settings).await;
    }

    /// Ends a process, once what it was asked is answered, and starts it anew with these secrets: the one
    /// that signs, and those that it takes besides.
    pub(crate) async fn restart(&mut self, number: usize, secret: &str, accepted: &str) {
        let mut settings = self.settings.clone();
        settings.push(("BETTER_AUTH_SECRET", secret.to_owned()));
        settings.push(("PREVIOUS_SECRETS", accepted.to_owned()));
        let process = if number == 0 { &mut self.one } else { &mut self.two };
        process.kill();
        *process = Server::with(&self.url, self.dir.path(), &settings).await;
    }

    /// The processes in turn.
    fn process(&self, number: usize) -> &Server {
        [&self.one, &self.two][number % 2]
    }

    /// A client of the one or the other that nobody has signed in.
    pub(crate) fn client(&self, number: usize) -> Client {
        self.process(number).anonymous()
    }

    /// The same client, calling the one or the other.
    pub(crate) fn turn(&self, number: usize, client: &Client) -> Client {
        client.calling(self.process(number))
    }

    /// The same client, calling the second process.
    pub(crate) fn there(&self, client: &Client) -> Client {
        self.turn(1, client)
    }

    /// Registers `name@example.com` at the first process and signs in there.
    pub(crate) async fn sign_up(&self, name: &str) -> Client {
        let email = format!("{name}@example.com");
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        let user = self.one.anonymous().post("/auth/register", body).await.expect(201).json();
        let mut client = self.one.anonymous().login(&email, PASSWORD).await;
        client.user = user;
        client
    }

    /// The same for somebody whom the operator makes an admin.
    pub(crate) async fn admin(&self, name: &str) -> Client {
        let client = self.sign_up(name).await;
        self.operator(&["role", "grant", &format!("{name}@example.com"), "admin"]);
        client
    }

    /// Runs a command of the command line.
    pub(crate) fn operator(&self, arguments: &[&str]) {
        let done = doorward(&self.url, self.dir.path(), &self.settings).args(arguments).output();
        let done = done.expect("the binary runs");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
    }
}
