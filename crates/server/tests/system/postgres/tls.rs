//! TLS with a private authority, made with `openssl` at test time: who is trusted, who is refused,
//! and the sentence each refusal comes with.

use doorward::{statement, step};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward::config::DatabaseUrl;
use doorward::db::Database;

use crate::postgres::data::ONE;
use crate::postgres::proxy::Proxy;
use crate::support::postgres::{PASSWORD, Postgres, unprivileged};

struct Secured {
    server: Postgres,
    dir: tempfile::TempDir,
}

impl Secured {
    /// A server with a certificate for `localhost` alone, signed by `ca.pem`.
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["ca", "other"] {
            let subject = format!("/CN={name}");
            openssl(
                dir.path(),
                &[
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    &subject,
                    "-keyout",
                    &format!("{name}.key"),
                    "-out",
                    &format!("{name}.pem"),
                ],
            );
        }
        openssl(
            dir.path(),
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=localhost",
                "-keyout",
                "server.key",
                "-out",
                "server.csr",
            ],
        );
        std::fs::write(dir.path().join("san"), "subjectAltName=DNS:localhost\n").unwrap();
        openssl(
            dir.path(),
            &[
                "x509",
                "-req",
                "-in",
                "server.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "san",
                "-out",
                "server.pem",
            ],
        );
        let key = dir.path().join("server.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = unprivileged() {
            chown(&key, Some(uid), Some(gid)).unwrap();
        }
        let certificate = dir.path().join("server.pem");
        let server = Postgres::start(&[
            "ssl = on",
            &format!("ssl_cert_file = '{}'", certificate.display()),
            &format!("ssl_key_file = '{}'", key.display()),
        ]);
        Self { server, dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self, host: &str, port: u16, parameters: &str) -> String {
        let ca = self.file("ca.pem");
        let parameters = parameters.replace("{ca}", &ca.display().to_string());
        let parameters =
            parameters.replace("{other}", &self.file("other.pem").display().to_string());
        format!("postgresql://postgres:{PASSWORD}@{host}:{port}/postgres?{parameters}")
    }

    async fn open(&self, host: &str, parameters: &str) -> Result<Database, String> {
        open(&self.url(host, self.server.port, parameters)).await
    }
}

fn openssl(dir: &Path, args: &[&str]) {
    let made = Command::new("openssl").args(args).current_dir(dir).output().expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn open(url: &str) -> Result<Database, String> {
    let url = DatabaseUrl::parse(url)?;
    Database::open(&url).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_right_authority_and_name_are_trusted() {
    let secured = Secured::start();
    let full = "sslmode=verify-full&sslrootcert={ca}&channel_binding=require";
    let db = secured.open("localhost", full).await.unwrap();
    assert_eq!(db.find::<i64>(step!(ONE)).await.unwrap(), Some(1));
    const SECURED: doorward::sql::Sql =
        statement!("SECURED", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    assert_eq!(db.find::<bool>(step!(SECURED)).await.unwrap(), Some(true));
    for (host, parameters, outcome) in [
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", ""),
        ("localhost", "sslmode=require", ""),
        ("localhost", "sslmode=require&channel_binding=require", ""),
        ("localhost", "sslmode=prefer", ""),
        ("localhost", "sslmode=disable", ""),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "another host"),
        ("localhost", "sslmode=verify-full&sslrootcert={other}", "not trusted"),
        ("localhost", "sslmode=verify-ca&sslrootcert={other}", "not trusted"),
        ("localhost", "sslmode=verify-full", "not trusted"),
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem", "/nowhere.pem"),
    ] {
        match secured.open(host, parameters).await {
            Ok(_) => assert_eq!(outcome, "", "{host} {parameters} was let in"),
            Err(error) => {
                assert!(!outcome.is_empty() && error.contains(outcome), "{parameters}: {error}");
                assert!(!error.contains("p@ss") && error.ends_with('.'), "{error}");
            }
        }
    }
}

/// A server whose certificate is its own authority, made as PostgreSQL's manual says, and another such
/// certificate of the same name.
fn self_signed(more: &[&str]) -> Secured {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["ca", "other"] {
        let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
        let made =
            ["req", "-new", "-x509", "-days", "365", "-nodes", "-text", "-subj", "/CN=localhost"];
        let made = [&made[..], &["-out", &file, "-keyout", &key], more].concat();
        openssl(dir.path(), &made);
    }
    let key = dir.path().join("ca.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    if let Some((uid, gid)) = unprivileged() {
        chown(&key, Some(uid), Some(gid)).unwrap();
    }
    let certificate = dir.path().join("ca.pem");
    let server = Postgres::start(&[
        "ssl = on",
        &format!("ssl_cert_file = '{}'", certificate.display()),
        &format!("ssl_key_file = '{}'", key.display()),
    ]);
    Secured { server, dir }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_its_own_authority_is_trusted_where_it_was_given() {
    let named = ["-addext", "subjectAltName=DNS:localhost"];
    for (more, full) in [(&[][..], "subjectAltName"), (&named[..], "")] {
        let secured = self_signed(more);
        for (host, parameters, outcome) in [
            ("localhost", "sslmode=verify-ca&sslrootcert={ca}", ""),
            ("127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", ""),
            ("localhost", "sslmode=require&sslrootcert={ca}", ""),
            ("localhost", "sslmode=verify-full&sslrootcert={ca}", full),
            ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "another host"),
            ("localhost", "sslmode=verify-ca&sslrootcert={other}", "not trusted"),
            ("localhost", "sslmode=verify-full", "not trusted"),
        ] {
            match secured.open(host, parameters).await {
                Ok(_) => assert_eq!(outcome, "", "{host} {parameters} was let in"),
                Err(error) => {
                    assert!(
                        !outcome.is_empty() && error.contains(outcome),
                        "{parameters}: {error}"
                    );
                    assert!(error.ends_with('.') && !error.contains(['{', '(', '[']), "{error}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_name_is_sent_so_that_a_proxy_can_route_by_it() {
    let secured = Secured::start();
    let proxy = Proxy::to(secured.server.port).await;
    let full = "sslmode=verify-full&sslrootcert={ca}";
    open(&secured.url("localhost", proxy.port, full)).await.unwrap();
    let hello = proxy.first_bytes();
    assert!(hello.windows(9).any(|window| window == b"localhost"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channel_binding_that_is_required_and_missing_is_refused() {
    let secured = Secured::start();
    let rules = "hostssl all all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(secured.server.dir.join("data/pg_hba.conf"), rules).unwrap();
    secured.server.ctl(&["reload"]);
    let parameters = "sslmode=verify-full&sslrootcert={ca}&channel_binding=require";
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let error = loop {
        match secured.open("localhost", parameters).await {
            Err(error) => break error,
            Ok(_) => assert!(std::time::Instant::now() < until, "let in without channel binding"),
        }
    };
    assert!(error.contains("did not use channel binding"), "{error}");
}
