//! A real mail server for one test: aiosmtpd in the virtual environment that `scripts/smtp.sh` makes. It
//! behaves as the recipient's name says (`tests/smtp/server.py`). Without it the tests that need it fail,
//! unless `SKIP_SMTP=1` says otherwise.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use doorward::config::{MailFrom, Settings, SmtpUrl};

use super::mails::SentMail;
use super::postgres::free_port;

/// A running server.
pub struct SmtpServer {
    /// The port on 127.0.0.1.
    pub port: u16,
    server: Child,
    dir: tempfile::TempDir,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl SmtpServer {
    /// Starts a server without TLS; `None` where `SKIP_SMTP` is set.
    pub async fn start() -> Option<Self> {
        Self::with(free_port(), &[]).await
    }

    /// The same on this port, with a certificate, its key and a password that it asks for.
    pub async fn with(port: u16, more: &[&str]) -> Option<Self> {
        if super::skipped("SKIP_SMTP") {
            return None;
        }
        let python = root().join("target/smtp/bin/python");
        assert!(
            python.exists(),
            "aiosmtpd is not installed: ./scripts/smtp.sh, or set SKIP_SMTP=1"
        );
        let dir = tempfile::tempdir().expect("a temp dir");
        let server = Command::new(python)
            .arg(root().join("tests/smtp/server.py"))
            .args([dir.path().to_str().expect("UTF-8"), &port.to_string()])
            .args(more)
            .stdin(Stdio::null())
            .spawn()
            .expect("the mail server starts");
        let this = Self { port, server, dir };
        for _ in 0..3000 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(this);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the mail server does not listen on {port}");
    }

    /// Its address on this machine, where no TLS is asked for.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The same as another machine's, which must offer STARTTLS.
    pub fn url_of_another_machine(&self) -> String {
        format!("smtp://0.0.0.0:{}", self.port)
    }

    /// Every mail it took, in order.
    pub fn mails(&self) -> Vec<SentMail> {
        let files = std::fs::read_dir(self.dir.path()).expect("the folder").flatten();
        let mut files: Vec<_> = files.map(|file| file.path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "eml"));
        files.sort();
        files.iter().map(|path| SentMail(std::fs::read_to_string(path).expect("a mail"))).collect()
    }

    /// Waits until it has a mail that it never answers.
    pub async fn hangs(&self) {
        for _ in 0..3000 {
            if self.dir.path().join("hangs").exists() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing hangs");
    }

    /// Waits until it took this many.
    pub async fn has(&self, count: usize) -> Vec<SentMail> {
        for _ in 0..1000 {
            if self.mails().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mails = self.mails();
        assert_eq!(mails.len(), count);
        mails
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Settings that send to this address.
pub fn by_smtp(url: &str) -> impl FnOnce(&mut Settings) {
    by_patient_smtp(url, Duration::from_secs(2))
}

/// The same with so much time for each step.
pub fn by_patient_smtp(url: &str, step: Duration) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.smtp_url = Some(SmtpUrl::parse(url).expect("an address"));
        settings.mail_from =
            Some(MailFrom::parse("Doorward <post@example.org>").expect("a sender"));
        settings.smtp_timeout = step;
    }
}

/// An authority and a certificate for 0.0.0.0 that it signed: (authority, certificate, key), as PEM files.
pub fn certificates(dir: &Path) -> [String; 3] {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca && \
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -out req.pem -subj /CN=mail && \
        printf 'subjectAltName=IP:0.0.0.0' > ext && \
        openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2 -out cert.pem";
    let made =
        Command::new("sh").args(["-c", script]).current_dir(dir).stderr(Stdio::null()).status();
    assert!(made.expect("sh runs").success(), "openssl makes certificates");
    ["ca.pem", "cert.pem", "key.pem"].map(|name| dir.join(name).display().to_string())
}
