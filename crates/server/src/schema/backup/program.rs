//! PostgreSQL's own programs, run with everything they need in their environment, so that the password is in
//! no process list. Their error output becomes one sentence.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secrecy::ExposeSecret;

use super::{Say, refused};
use crate::config::{ChannelBinding, PostgresUrl, Tls};
use crate::schema::migrate::error::{MigrateError, MigrateResult};

/// From this version on, clients can trust the system's CAs by name.
const TRUSTS_SYSTEM: u32 = 16;
/// The paths of the public CAs on Debian-like and Red Hat-like systems.
const AUTHORITIES: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Reads a program's stderr: reports progress, keeps errors.
fn listen(stderr: impl Read, progress_of: fn(&str) -> Option<String>, say: Say) -> Vec<String> {
    let mut complaints = Vec::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let is_complaint = ["error: ", "ERROR: ", "FATAL: ", "detail: ", "DETAIL: ", "hint: "];
        if let Some(progress) = progress_of(&line) {
            say(&progress);
        } else if let Some(word) = is_complaint.iter().find(|word| line.contains(**word)) {
            let (_, text) = line.split_once(*word).unwrap_or(("", &line));
            complaints.push(text.trim().to_owned());
        }
    }
    complaints
}

/// An installed program.
#[derive(Debug)]
pub(super) struct Program {
    name: &'static str,
    path: PathBuf,
    /// Its major version.
    pub(super) version: u32,
}

impl Program {
    /// Finds it in `PATH`; `instead` says what to run where it is installed.
    pub(super) fn find(name: &'static str, instead: &str) -> MigrateResult<Self> {
        let absent = || {
            refused(format!(
                "{name} is not on PATH: install PostgreSQL's client programs (Debian: apt-get install \
                 postgresql-client), or run this on a machine that has them: {instead}"
            ))
        };
        let places = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&places).map(|folder| folder.join(name));
        let path = found.find(|path| path.is_file()).ok_or_else(absent)?;
        let text = Command::new(&path).arg("--version").stdin(Stdio::null()).output();
        let text = text.map_err(|_| absent())?.stdout;
        // pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)
        let text = String::from_utf8_lossy(&text).into_owned();
        let number = text.split_whitespace().find_map(|word| {
            let digits = word.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<u32>().ok()
        });
        Ok(Self { name, path, version: number.ok_or_else(absent)? })
    }

    /// Rejects a server that is newer than the program.
    pub(super) fn may_work_with(&self, server: u32) -> MigrateResult<()> {
        if self.version >= server {
            return Ok(());
        }
        Err(refused(format!(
            "{} is version {} and the server is PostgreSQL {server}: install the client programs of version \
             {server} or newer (Debian: apt-get install postgresql-client-{server}).",
            self.name, self.version
        )))
    }

    /// Runs it with this database; returns its output. Progress lines that `tells` converts are reported.
    pub(super) fn run(
        &self,
        url: Option<&PostgresUrl>,
        arguments: &[&str],
        progress_of: fn(&str) -> Option<String>,
        say: Say,
    ) -> MigrateResult<String> {
        let mut command = Command::new(&self.path);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("LC_ALL", "C");
        if let Some(url) = url {
            self.connect(&mut command, url);
        }
        let broken =
            |error: std::io::Error| refused(format!("{} cannot be run: {error}.", self.name));
        let mut child = command.spawn().map_err(broken)?;
        let stdout = child.stdout.take();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(mut stdout) = stdout {
                let _ = Read::read_to_string(&mut stdout, &mut text);
            }
            text
        });
        let complaints =
            child.stderr.take().map(|stderr| listen(stderr, progress_of, say)).unwrap_or_default();
        let ended = child.wait().map_err(broken)?;
        let printed = reading.join().unwrap_or_default();
        if ended.success() {
            return Ok(printed);
        }
        Err(self.failed(&complaints))
    }

    /// Lets `shell` run the output of this program, between a head and a tail that is sent only after all of
    /// it: what is cut off is never committed.
    pub(super) fn feed(
        &self,
        arguments: &[&str],
        shell: (&Self, &PostgresUrl),
        [head, tail]: [&str; 2],
        progress_of: fn(&str) -> Option<String>,
        say: Say,
    ) -> MigrateResult<()> {
        let (shell, url) = shell;
        let broken =
            |name: &str, error: io::Error| refused(format!("{name} cannot be run: {error}."));
        let mut writes = Command::new(&self.path);
        writes.args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
        let mut writes = writes.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let writes =
            writes.as_mut().map_err(|error| broken(self.name, io::Error::from(error.kind())))?;
        let mut runs = Command::new(&shell.path);
        runs.args(["-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"]).env("LC_ALL", "C");
        shell.connect(&mut runs, url);
        let runs = runs.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut runs = match runs {
            Ok(runs) => runs,
            Err(error) => {
                let _ = writes.kill();
                let _ = writes.wait();
                return Err(broken(shell.name, error));
            }
        };
        let voices = [writes.stderr.take(), runs.stderr.take()].map(|stderr| {
            std::thread::spawn(move || {
                stderr.map(|it| listen(it, progress_of, say)).unwrap_or_default()
            })
        });
        let passed_on = (|| {
            let (Some(from), Some(into)) = (writes.stdout.as_mut(), runs.stdin.as_mut()) else {
                return Ok(());
            };
            into.write_all(head.as_bytes())?;
            io::copy(from, into).map(drop)
        })();
        if passed_on.is_err() {
            let _ = writes.kill();
        }
        let written = writes.wait().is_ok_and(|ended| ended.success()) && passed_on.is_ok();
        if let Some(mut into) = runs.stdin.take()
            && written
        {
            let _ = into.write_all(tail.as_bytes());
        }
        let ran = runs.wait().is_ok_and(|ended| ended.success());
        let [of_writer, of_shell] = voices.map(|thread| thread.join().unwrap_or_default());
        match (written, ran) {
            (true, true) => Ok(()),
            (_, false) if !of_shell.is_empty() => Err(shell.failed(&of_shell)),
            (false, _) => Err(self.failed(&of_writer)),
            (true, false) => Err(shell.failed(&of_shell)),
        }
    }

    fn failed(&self, complaints: &[String]) -> MigrateError {
        let why = match complaints.get(..complaints.len().min(3)) {
            None | Some([]) => "without an error message".to_owned(),
            Some(some) => some.join(" "),
        };
        refused(format!("{} failed: {}.", self.name, why.trim_end_matches('.')))
    }

    /// The connection, for libpq.
    fn connect(&self, command: &mut Command, url: &PostgresUrl) {
        for name in
            ["PGSERVICE", "PGHOSTADDR", "PGPASSFILE", "PGOPTIONS", "PGSSLROOTCERT", "PGPASSWORD"]
        {
            command.env_remove(name);
        }
        command.env("PGHOST", &url.host).env("PGPORT", url.port.to_string());
        command.env("PGAPPNAME", "doorward db");
        for (name, value) in [("PGUSER", &url.user), ("PGDATABASE", &url.database)] {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if let Some(password) = &url.password {
            command.env("PGPASSWORD", password.expose_secret());
        }
        if let Some(options) = &url.options {
            command.env("PGOPTIONS", options);
        }
        command.env(
            "PGSSLMODE",
            match url.tls {
                Tls::Disabled => "disable",
                Tls::Preferred => "prefer",
                Tls::Required => "require",
                Tls::VerifyCa => "verify-ca",
                Tls::VerifyFull => "verify-full",
            },
        );
        command.env(
            "PGCHANNELBINDING",
            match url.channel_binding {
                ChannelBinding::Disabled => "disable",
                ChannelBinding::Preferred => "prefer",
                ChannelBinding::Required => "require",
            },
        );
        if let Some(authorities) = &url.root_certificates {
            command.env("PGSSLROOTCERT", authorities);
        } else if matches!(url.tls, Tls::VerifyCa | Tls::VerifyFull) {
            if self.version >= TRUSTS_SYSTEM && url.tls == Tls::VerifyFull {
                command.env("PGSSLROOTCERT", "system");
            } else if let Some(file) = AUTHORITIES.iter().find(|file| Path::new(file).exists()) {
                command.env("PGSSLROOTCERT", file);
            }
        }
    }
}
