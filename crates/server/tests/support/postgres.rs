//! A private PostgreSQL for one test binary: made by `initdb` as a user who is not root, without
//! fsync, on a free port, gone when the binary ends, however it ends.

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::small_disk;

/// The superuser's password; SCRAM is on, so that tests sign in as users do.
pub const PASSWORD: &str = "p%40ss/word";
pub const PASSWORD_TEXT: &str = "p@ss/word";

/// A running server.
pub struct Postgres {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The data directory's parent.
    pub dir: PathBuf,
    // Stops the server when this end of its pipe closes, and starts it again at each line.
    watchdog: Child,
}

/// The binary's shared server, started at first use.
pub fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(|| Postgres::start(&[]))
}

/// The URL of a new, empty database on the shared server.
pub async fn fresh_database() -> String {
    shared().create_database(None).await
}

/// The URL of a new database on the shared server with every migration applied.
pub async fn migrated_database() -> String {
    static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    let server = shared();
    let template = TEMPLATE
        .get_or_init(|| async {
            let url = server.create_database(None).await;
            super::app::migrate(&url).await;
            url.rsplit('/').next().expect("a URL has a path").to_owned()
        })
        .await;
    server.create_database(Some(template)).await
}

impl Postgres {
    /// Starts a server of its own with more settings (`name=value`), for tests that break it.
    pub fn start(settings: &[&str]) -> Self {
        Self::launched(settings, None)
    }

    /// The same with this folder as a disk of its own with this many MiB, which only the server sees. It has a folder
    /// `space` for tables, and holds the write-ahead log if that is asked for. See [`Postgres::inside`].
    pub fn on_small_disk(disk: &Path, mib: u32, with_log: bool) -> Self {
        let script = if with_log {
            r#"cp -a "$2/pg_wal/." "$5/space" && mount --bind "$5/space" "$2/pg_wal""#
        } else {
            "true"
        };
        let owner = unprivileged().map_or_else(String::new, |(uid, gid)| {
            format!(r#"&& chown -R {uid}:{gid} "$5/space""#)
        });
        let script = format!(r#"mkdir -m 700 "$5/space" {owner} && {script}"#);
        Self::launched(&[], Some((disk, mib, script)))
    }

    fn launched(settings: &[&str], disk: Option<(&Path, u32, String)>) -> Self {
        let dir =
            tempfile::Builder::new().prefix("doorward-pg-").tempdir().expect("a temp dir").keep();
        let data = dir.join("data");
        let bin = server_bindir();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        let user = unprivileged();
        if let Some((uid, gid)) = user {
            chown(&dir, Some(uid), Some(gid)).expect("chown");
        }
        let secret = dir.join("password");
        std::fs::write(&secret, PASSWORD_TEXT).expect("a password file");
        let mut initdb = Command::new(bin.join("initdb"));
        initdb.args(["-D", path(&data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]);
        initdb.args(["--no-locale", "--no-sync", "--pwfile", path(&secret)]);
        let made = as_user(&mut initdb, user).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        configure(&dir, port, settings);
        let watchdog = match disk {
            None => watch(&dir, &bin, user),
            Some((disk, mib, script)) => watch_on_disk(&dir, &bin, user, (disk, mib), &script),
        };
        let server = Self { port, dir, watchdog };
        server.wait_until_ready();
        server
    }

    /// A standby that follows this server as it is now: a base backup and what streams in after it. It
    /// needs `wal_level = replica`, which is the default.
    pub fn standby(&self) -> Self {
        let dir =
            tempfile::Builder::new().prefix("doorward-pg-").tempdir().expect("a temp dir").keep();
        let (data, bin, user) = (dir.join("data"), bindir(), unprivileged());
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        if let Some((uid, gid)) = user {
            chown(&dir, Some(uid), Some(gid)).expect("chown");
        }
        let mut backup = Command::new(bin.join("pg_basebackup"));
        backup.args(["-D", path(&data), "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        backup.args(["-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        let made = as_user(&mut backup, user).env("PGPASSWORD", PASSWORD_TEXT).output();
        let made = made.expect("pg_basebackup runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let file = data.join("postgresql.auto.conf");
        let mut conf = std::fs::read_to_string(&file).expect("the configuration");
        // The last line of a name counts.
        let sockets = dir.display();
        let _ = write!(conf, "port = {port}\nunix_socket_directories = '{sockets}'\n");
        std::fs::write(&file, conf).expect("the configuration");
        let standby = Self { port, watchdog: watch(&dir, &bin, user), dir };
        standby.wait_until_ready();
        standby
    }

    /// The URL of `database` as the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// A superuser's connection to `database`.
    pub async fn connect(&self, database: &str) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url(database), tokio_postgres::NoTls)
                .await
                .expect("connect");
        tokio::spawn(connection);
        client
    }

    async fn create_database(&self, template: Option<&str>) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // One CREATE at a time: a template must have no other users.
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _turn = TURN.lock().await;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let template = template.unwrap_or("template0");
        let admin = self.connect("postgres").await;
        let deadline = Instant::now() + Duration::from_mins(1);
        while let Err(error) =
            admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await
        {
            assert!(Instant::now() < deadline, "create database: {error:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.url(&name)
    }

    /// `pg_ctl` on this server: `restart`, `stop`, `start` with its options.
    pub fn ctl(&self, args: &[&str]) {
        let data = self.dir.join("data");
        let log = self.dir.join("log");
        let mut command = Command::new(server_bindir().join("pg_ctl"));
        command.args(["-D", path(&data), "-w", "-l", path(&log)]).args(args);
        let done = as_user(&mut command, unprivileged())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("pg_ctl runs");
        assert!(done.success(), "pg_ctl {args:?}");
    }

    /// A path as the server of [`Postgres::on_small_disk`] sees it.
    pub fn inside(&self, path: &Path) -> PathBuf {
        small_disk::inside(self.watchdog.id(), path)
    }

    /// Starts the server where it has ended by itself.
    pub fn start_again(&mut self) {
        let stdin = self.watchdog.stdin.as_mut().expect("a pipe");
        std::io::Write::write_all(stdin, b"\n").expect("the watchdog listens");
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let ready = Command::new(bindir().join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .expect("pg_isready runs");
            if ready.success() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "PostgreSQL did not start; see {}",
                self.dir.display()
            );
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}

fn configure(dir: &Path, port: u16, settings: &[&str]) {
    let data = dir.join("data");
    let conf = [
        format!("port = {port}"),
        "listen_addresses = '127.0.0.1'".into(),
        format!("unix_socket_directories = '{}'", dir.display()),
        "fsync = off".into(),
        "max_connections = 1000".into(),
        "shared_buffers = '64MB'".into(),
    ];
    let more = settings.iter().map(|setting| (*setting).to_owned());
    let text: Vec<String> = conf.into_iter().chain(more).collect();
    let file = data.join("postgresql.auto.conf");
    std::fs::write(&file, text.join("\n") + "\n").expect("the configuration");
}

/// Lives in its own process group and outlasts us: our end of its standard input closing is what tells it that
/// we have ended, even by SIGKILL.
const WATCHDOG: &str = r#"
    start() { "$1/pg_ctl" -D "$2" -w -l "$3" start >/dev/null 2>&1; }
    start "$@"
    while read -r _; do start "$@"; done
    "$1/pg_ctl" -D "$2" -m immediate stop >/dev/null 2>&1
    rm -rf "$4"
"#;

/// Starts the server in this folder, and ends it when we have ended.
fn watch(dir: &Path, bin: &Path, user: Option<(u32, u32)>) -> Child {
    let mut watchdog = Command::new("sh");
    watchdog.args(["-c", WATCHDOG, "sh"]);
    watched(as_user(&mut watchdog, user), dir, bin).spawn().expect("sh runs")
}

/// The same in a mount namespace of its own, after `script` has made what it wants there.
fn watch_on_disk(
    dir: &Path,
    bin: &Path,
    user: Option<(u32, u32)>,
    (disk, mib): (&Path, u32),
    script: &str,
) -> Child {
    // PostgreSQL does not run as root, so a user who became root of a namespace becomes itself again.
    let then = if let Some((uid, gid)) = user {
        format!("setpriv --reuid {uid} --regid {gid} --clear-groups")
    } else {
        let mine = std::fs::metadata("/proc/self").expect("a process");
        format!("unshare --user --map-user={} --map-group={}", mine.uid(), mine.gid())
    };
    let script = format!(r#"{script} && w=$0 && exec {then} sh -c "$w" sh "$@""#);
    let mut watchdog = small_disk::mounting(disk, mib, &script);
    watchdog.arg(WATCHDOG).current_dir("/").env("LC_ALL", "C");
    watched(&mut watchdog, dir, bin).arg(disk).spawn().expect("unshare runs")
}

fn watched<'a>(watchdog: &'a mut Command, dir: &Path, bin: &Path) -> &'a mut Command {
    let (data, log) = (dir.join("data"), dir.join("log"));
    watchdog.args([path(bin), path(&data), path(&log), path(dir)]);
    watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0)
}

/// Who runs servers if we are root, which PostgreSQL refuses to be: `postgres`, else `nobody`.
pub fn unprivileged() -> Option<(u32, u32)> {
    let me = Command::new("id").arg("-u").output().expect("id runs").stdout;
    if me.trim_ascii() != b"0" {
        return None;
    }
    let passwd = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut parts = line.split(':').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

/// The command as that user.
pub fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command.current_dir("/").env("LC_ALL", "C")
}

/// Where the server's own programs are: `DOORWARD_POSTGRES` names the folder of another version's `initdb`,
/// `pg_ctl` and `postgres`.
pub fn server_bindir() -> PathBuf {
    std::env::var_os("DOORWARD_POSTGRES").map_or_else(bindir, PathBuf::from)
}

/// Where `initdb` is: `pg_config` knows, else Debian's versioned folders.
pub fn bindir() -> PathBuf {
    let message = Command::new("pg_config").arg("--bindir").output();
    let message = message.map(|out| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()));
    if let Ok(dir) = message
        && dir.join("initdb").exists()
    {
        return dir;
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found
        .into_iter()
        .rfind(|dir| dir.join("initdb").exists())
        .expect("PostgreSQL's server binaries: apt-get install postgresql, or ./scripts/test.sh")
}

/// A port nobody listens on just now, each time another one, and below those that the kernel gives to
/// whoever asks for any: so nobody is likely to take it before it is used.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const LAST: u32 = 32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id() * 97 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + number % (LAST - FIRST)).expect("a port");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}
