//! A command's failure and its exit code. Text for people; JSON lines if the server logs JSON, so that log
//! collectors show why it did not start.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::clock::Clock;
use crate::config::LogFormat;
use crate::timestamp::Timestamp;

/// Whether stderr contains JSON lines; one flag per process, like the log.
static IN_JSON: AtomicBool = AtomicBool::new(false);
/// Whether a program reads the output.
static TO_PROGRAM: AtomicBool = AtomicBool::new(false);

/// Prints warnings and failures in the log format from now on.
pub(in crate::cli) fn speak_as(format: LogFormat) {
    IN_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
}

/// Prints warnings and failures as JSON lines from now on: `{"error": "…"}`, `{"warning": "…"}`.
pub(in crate::cli) fn speak_to_program(json: bool) {
    TO_PROGRAM.fetch_or(json, Ordering::Relaxed);
}

/// Prints a warning.
pub(in crate::cli) fn warn(warning: &str) {
    report("warning", "WARN", warning);
}

/// Prints a note beside the data.
pub(in crate::cli) fn note(sentence: &str) {
    if TO_PROGRAM.load(Ordering::Relaxed) {
        eprintln!("{}", json!({"note": sentence}));
    } else {
        eprintln!("{sentence}");
    }
}

/// Whatever `RUST_LOG` hides.
fn report(word: &str, level: &str, sentence: &str) {
    if TO_PROGRAM.load(Ordering::Relaxed) {
        return eprintln!("{}", json!({word: sentence}));
    }
    if !IN_JSON.load(Ordering::Relaxed) {
        return eprintln!("{word}: {sentence}");
    }
    let now = Timestamp::fixed(Clock::system().now());
    let line = json!({
        "timestamp": now.as_str(), "level": level, "message": sentence, "target": "doorward",
    });
    eprintln!("{line}");
}

/// A command's failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Exit 1: the sentence says what failed and what to do.
    Failed(String),
    /// Exit 2: invalid arguments.
    Usage(String),
    /// Exit 3: `db status --exit-code` found pending migrations; already printed.
    MigrationsPending,
    /// Exit 78 (`EX_CONFIG` of sysexits.h): all problems found, a sentence each.
    Configuration(Vec<String>),
}

/// The result of commands.
pub type Exit = Result<(), Failure>;

impl Failure {
    /// A configuration failure with one sentence.
    pub fn configuration(problem: impl Into<String>) -> Self {
        Self::Configuration(vec![problem.into()])
    }

    /// Prints it on stderr and returns the exit code.
    pub fn report(&self) -> ExitCode {
        let (code, problems): (u8, &[String]) = match self {
            Self::Failed(problem) => (1, std::slice::from_ref(problem)),
            Self::Usage(problem) => (2, std::slice::from_ref(problem)),
            Self::MigrationsPending => (3, &[]),
            Self::Configuration(problems) => (78, problems),
        };
        for problem in problems {
            report("error", "ERROR", problem);
        }
        ExitCode::from(code)
    }
}
