//! Runs the binary: a folder of its own, no environment but what the test gives, output captured.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A strong secret.
pub(crate) const SECRET: &str = "4d9f0c2b7a6e81539d0f4b2c6a8e1735f2d4c6b8a09e7f5d3c1b2a4958671e0d";

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder in which the binary is run.
pub(crate) struct Program {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Program {
    /// An empty folder, an empty environment.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temp dir"), environment: Vec::new() }
    }

    /// The same with a strong secret set and any free port.
    pub(crate) fn ready() -> Self {
        Self::new().env("BETTER_AUTH_SECRET", SECRET).env("PORT", "0")
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// What a variable of its environment is set to.
    pub(crate) fn value(&self, name: &str) -> String {
        let found = self.environment.iter().find(|(own, _)| own == name);
        found.expect("it is set").1.clone()
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder().join(name), text).expect("a written file");
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("the binary runs"))
    }

    /// Runs it to its end with this on its standard input.
    pub(crate) fn fed(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that refuses its arguments reads nothing.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ended::of(&child.wait_with_output().expect("the binary ends"))
    }

    /// Runs it at a terminal of its own, where somebody answers each question; what was shown.
    pub(crate) fn at_a_terminal(&self, arguments: &[&str], answers: &[(&str, &str)]) -> Ended {
        let (mut ours, theirs) = terminal();
        let mut command = self.command(arguments);
        command.stdin(theirs.try_clone().expect("the terminal"));
        command.stdout(Stdio::piped()).stderr(theirs);
        let child = command.spawn().expect("the binary runs");
        drop(command);
        let mut shown = String::new();
        let mut bytes = [0; 256];
        let mut answers = answers.iter().peekable();
        // The terminal answers EIO once nobody holds its other end.
        while let Ok(count) = ours.read(&mut bytes) {
            if count == 0 {
                break;
            }
            shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
            if let Some((_, answer)) = answers.next_if(|(question, _)| shown.ends_with(question)) {
                ours.write_all(format!("{answer}\n").as_bytes()).expect("the terminal takes it");
            }
        }
        let mut ended = Ended::of(&child.wait_with_output().expect("the binary ends"));
        ended.stderr = shown;
        ended
    }

    /// Runs a server until it is stopped.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(arguments);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let stderr = child.stderr.take().expect("captured");
        Server::of(child, stderr)
    }

    /// Runs what goes on printing until it is stopped.
    pub(crate) fn follow(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
        let stdout = child.stdout.take().expect("captured");
        Server::of(child, stdout)
    }
}

impl Server {
    fn of(child: Child, output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, said: Vec::new() }
    }

    /// The next line it prints.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }
}

/// Both ends of a new terminal.
fn terminal() -> (File, File) {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("a terminal");
    let name = ptsname(&ours, Vec::new()).expect("its name");
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
    (File::from(ours), File::from(theirs))
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The lines that begin with `error: `, without it; with `--json` their text as it is in JSON.
    pub(crate) fn errors(&self) -> Vec<&str> {
        let in_json = |line| str::strip_suffix(str::strip_prefix(line, r#"{"error":""#)?, "\"}");
        let text = |line| str::strip_prefix(line, "error: ").or_else(|| in_json(line));
        self.stderr.lines().filter_map(text).collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("stdout is one JSON document")
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Server {
    /// Reads its log until a line that contains `text`; all lines so far.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> &[String] {
        let deadline = Instant::now() + PATIENCE;
        while !self.said.last().is_some_and(|line| line.contains(text)) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(why) => panic!("{why}: no line with {text:?} in {:#?}", self.said),
            }
        }
        &self.said
    }

    /// The address it listens on, from the first line that names one.
    #[track_caller]
    pub(crate) fn url(&mut self) -> String {
        while self.until("http://").last().is_some_and(|line| line.contains("settings that differ"))
        {
            let next = self.lines.recv_timeout(PATIENCE).expect("one more line");
            self.said.push(next);
        }
        let line = self.said.last().expect("the line just read");
        line[line.find("http://").expect("just found")..]
            .split(['"', ' '])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Tells it to stop with this signal; how it ended.
    #[track_caller]
    pub(crate) fn stop(mut self, signal: &str) -> Ended {
        self.signal(signal);
        self.end()
    }

    /// Waits for it to end of its own accord.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Ended {
        // The log ends when the process does.
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    panic!("it did not end: {:#?}", self.said)
                }
            }
        }
        let status = self.child.wait().expect("it has ended");
        let stderr = self.said.join("\n");
        Ended { code: status.code(), stdout: String::new(), stderr }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the server at this address says that it is ready.
pub(crate) fn is_ready(address: &str) -> bool {
    shell(&format!("curl -s {address}/readyz")).contains(r#""status":"ready""#)
}

/// Asks until it is.
#[track_caller]
pub(crate) fn becomes_ready(address: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !is_ready(address) {
        assert!(Instant::now() < deadline, "not ready");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Runs a line of shell and gives what it printed.
#[track_caller]
pub(crate) fn shell(script: &str) -> String {
    let mut child = Command::new("bash")
        .arg("-c")
        .arg(script)
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut printed = String::new();
    child.stdout.take().expect("captured").read_to_string(&mut printed).expect("UTF-8");
    assert!(child.wait().expect("it ends").success(), "{script}\n{printed}");
    printed
}
