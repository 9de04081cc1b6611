//! PgBouncer in transaction mode in front of the binary's server, for tests that go through it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::postgres::{self, as_user, free_port, unprivileged};

/// The URL through a pooler that every test shares, if `THROUGH_PGBOUNCER` is set: the whole suite
/// must pass there too.
pub async fn maybe_through(url: &str) -> String {
    static SHARED: tokio::sync::OnceCell<Option<Pooler>> = tokio::sync::OnceCell::const_new();
    if !url.starts_with("postgres") || std::env::var_os("THROUGH_PGBOUNCER").is_none() {
        return url.to_owned();
    }
    match SHARED.get_or_init(|| Pooler::start("")).await {
        Some(pooler) => pooler.before(url),
        None => panic!("THROUGH_PGBOUNCER and SKIP_PGBOUNCER are both set"),
    }
}

/// The first version that tracks prepared statements.
pub const TRACKS: (u32, u32) = (1, 21);
/// For versions that cannot do what a test is about.
pub const TOO_OLD: &str = "too old";

/// A running PgBouncer in front of the shared server.
pub struct Pooler {
    /// Its port on 127.0.0.1.
    pub port: u16,
    dir: tempfile::TempDir,
    // Ends the pooler when this end of its pipe closes.
    _watchdog: Child,
}

impl Pooler {
    /// `None` where `SKIP_PGBOUNCER` is set; `PGBOUNCER` names another binary.
    pub async fn start(settings: &str) -> Option<Self> {
        Self::with(settings, |_| "").await
    }

    /// With a setting that depends on the version.
    pub async fn with(settings: &str, more: impl Fn((u32, u32)) -> &'static str) -> Option<Self> {
        let message = std::env::var("PGBOUNCER").ok();
        let usual = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
        let mut places = message.into_iter().chain(usual.map(String::from));
        if super::skipped("SKIP_PGBOUNCER") {
            return None;
        }
        let binary = places.find(|path| fs::exists(path).unwrap_or(false)).expect(
            "PgBouncer is not installed: apt-get install pgbouncer, or set SKIP_PGBOUNCER=1",
        );
        let message = Command::new(&binary).arg("--version").output().expect("PgBouncer").stdout;
        let message = String::from_utf8(message).expect("PgBouncer");
        let version = message.split_whitespace().nth(1).unwrap_or_default();
        let mut numbers = version.split('.').map(|part| part.parse().expect("PgBouncer"));
        let more = more((numbers.next().expect("PgBouncer"), numbers.next().expect("PgBouncer")));
        if more == TOO_OLD {
            // An older one is what Debian 12 has: the test is about a later version's feature.
            super::say(&format!("skipped: PgBouncer {version} does not track statements"));
            return None;
        }
        let dir = tempfile::tempdir().expect("PgBouncer");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("PgBouncer");
        let (port, server) = (free_port(), postgres::shared().port);
        let users = dir.path().join("users");
        fs::write(&users, "\"postgres\" \"p@ss/word\"\n").expect("PgBouncer");
        let config = dir.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr=127.0.0.1\n\
             listen_port={port}\nunix_socket_dir=\nauth_type=scram-sha-256\nauth_file={}\n\
             pool_mode=transaction\ndefault_pool_size=4\nserver_idle_timeout=3\nmax_client_conn=500\n{settings}\n{more}\n",
            users.display()
        );
        fs::write(&config, text).expect("PgBouncer");
        let mut shell = Command::new("sh");
        shell.args(["-c", r#""$1" -q "$2" & cat >/dev/null; kill $!"#, "sh", &binary]);
        shell.arg(&config).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let watchdog = as_user(&mut shell, unprivileged()).spawn().expect("PgBouncer");
        let until = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < until, "PgBouncer did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(Self { port, dir, _watchdog: watchdog })
    }

    /// The URL with the pooler's port in place of the server's.
    pub fn before(&self, url: &str) -> String {
        let server = format!(":{}/", postgres::shared().port);
        assert!(self.dir.path().exists());
        url.replace(&server, &format!(":{}/", self.port))
    }
}
