//! Reads passwords: at a terminal without echo, twice for a new one; otherwise only with `--password-stdin`.
//! Never from an argument, which every user of the machine could read.

use std::io::{BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::{Failure, failed};
use crate::email::Email;
use crate::input::Field;
use crate::passwords::{Password, ReadyHash};
use crate::single_use::SixDigits;
use crate::username::Username;

/// Maximum length of a password; the policy is stricter.
const MAX_BYTES: u64 = 4096;

/// A new password that meets the policy.
pub(in crate::cli) async fn new_password(
    app: &App,
    from_stdin: bool,
    email: Option<&Email>,
    username: Option<&Username>,
) -> Result<Password, Failure> {
    let text = if from_stdin { from_pipe()? } else { from_person()? };
    let too_long = || Failure::Failed("The password is too long.".into());
    let password = Password::parse(text.to_string()).ok_or_else(too_long)?;
    match app.passwords.policy.judge(&password, email, username).await.map_err(failed)? {
        Some((why, _)) => Err(Failure::Failed(format!("The password {why}."))),
        None => Ok(password),
    }
}

/// A password hash of another program, from standard input.
pub(in crate::cli) fn ready_hash() -> Result<ReadyHash, Failure> {
    let text = from_pipe()?;
    let hash = ReadyHash::parse(&text);
    hash.map_err(|why| Failure::Failed(format!("The text on standard input {why}.")))
}

/// A code of an authenticator app: from a prompt, otherwise the first line of standard input.
pub(in crate::cli) fn six_digits() -> Result<SixDigits, Failure> {
    let failure =
        |error: std::io::Error| Failure::Failed(format!("Cannot read the code: {error}."));
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let mut stderr = std::io::stderr();
        write!(stderr, "Code from the app: ").and_then(|()| stderr.flush()).map_err(failure)?;
    }
    let mut line = String::new();
    stdin.lock().take(MAX_BYTES).read_line(&mut line).map_err(failure)?;
    let code = SixDigits::from_json(line.trim().into());
    code.map_err(|(why, _)| Failure::Usage(format!("The code from the app {why}.")))
}

/// All of standard input without a byte-order mark, which some editors add, and one line end.
fn from_pipe() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Failed(format!("Cannot read the password: {error}.")))?;
    let line = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(Failure::Failed("Standard input has no password.".into()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn from_person() -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "There is no terminal to prompt for the password: pipe it in with --password-stdin."
                .into(),
        ));
    }
    let first = ask("Password: ")?;
    let second = ask("Again: ")?;
    if first.is_empty() {
        return Err(Failure::Failed("No password was given; nothing was done.".into()));
    }
    if *first != *second {
        return Err(Failure::Failed("The passwords differ; nothing was done.".into()));
    }
    Ok(first)
}

/// One line, without echo.
fn ask(what: &str) -> Result<Zeroizing<String>, Failure> {
    let failure = |error: std::io::Error| Failure::Failed(format!("Cannot ask: {error}."));
    let unseen = Unseen::begin().map_err(|error| failure(error.into()))?;
    let mut stderr = std::io::stderr();
    write!(stderr, "{what}").and_then(|()| stderr.flush()).map_err(failure)?;
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().read_line(&mut line);
    drop(unseen);
    let _ = writeln!(stderr);
    read.map_err(failure)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Disables echo until dropped.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &unseen)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
