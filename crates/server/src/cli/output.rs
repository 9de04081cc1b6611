//! What commands print: data on stdout, and a reader who has seen enough (`| head`) is no failure.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use super::{Exit, Failure};

/// Prints data.
pub(super) fn output(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("Cannot write to stdout: {error}.")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON document.
pub(super) fn output_json(document: &serde_json::Value) -> Exit {
    output(&format!("{document:#}\n"))
}

/// A failure that says no more than its cause does.
pub(super) fn failed(error: impl Display) -> Failure {
    let text = error.to_string();
    Failure::Failed(format!("{}.", text.trim_end_matches('.')))
}
