//! Prints data on stdout; a closed pipe (`| head`) is not a failure.

use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use serde_json::Value;

use super::failure::{Exit, Failure};
use super::table::harmless;

/// Prints data.
pub(in crate::cli) fn output(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("Cannot write to stdout: {error}.")))
        }
        _ => Ok(()),
    }
}

/// Whether output may be coloured.
pub(in crate::cli) fn with_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stdout().is_terminal()
}

/// Prints one JSON document.
pub(in crate::cli) fn output_json(document: &Value) -> Exit {
    output(&format!("{}\n", pretty(document)))
}

/// The document on several lines. Characters that could control a terminal only occur in strings, where JSON
/// can escape them.
pub(in crate::cli) fn pretty(document: &Value) -> String {
    let line = |line: &str| harmless(line, |c| format!("\\u{:04x}", u32::from(c)));
    format!("{document:#}").lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A failure with the message of its cause.
pub(in crate::cli) fn failed(error: impl Display) -> Failure {
    let text = error.to_string();
    Failure::Failed(format!("{}.", text.trim_end_matches('.')))
}

/// A new file, readable only by its owner.
pub(in crate::cli) fn new_file(path: &Path) -> Result<File, Failure> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| failed(format!("{}: {error}", path.display())))
}
