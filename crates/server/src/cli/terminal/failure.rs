//! Why a command did not do its work, and the exit code that says so. Text for people; of a server that
//! logs JSON lines, JSON lines too, so that whoever collects them reads why it did not start.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::clock::Clock;
use crate::config::LogFormat;
use crate::timestamp::Timestamp;

/// Whether stderr holds JSON lines; one for the process, as the log is.
static IN_JSON: AtomicBool = AtomicBool::new(false);
/// Whether a program reads what the command says.
static TO_PROGRAM: AtomicBool = AtomicBool::new(false);

/// Tells warnings and failures from now on as the log is written.
pub(in crate::cli) fn speak_as(format: LogFormat) {
    IN_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
}

/// Tells warnings and failures from now on as JSON, a line each: `{"error": "…"}`, `{"warning": "…"}`.
pub(in crate::cli) fn speak_to_program(json: bool) {
    TO_PROGRAM.fetch_or(json, Ordering::Relaxed);
}

/// Tells something that is odd but harmless.
pub(in crate::cli) fn warn(warning: &str) {
    report("warning", "WARN", warning);
}

/// Says something beside the data.
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
    /// Exit 2: the command line cannot mean anything.
    Usage(String),
    /// Exit 3: `db status --exit-code` found migrations waiting; already said.
    MigrationsPending,
    /// Exit 78 (`EX_CONFIG` of sysexits.h): every problem found, each one sentence.
    Configuration(Vec<String>),
}

/// What commands return.
pub type Exit = Result<(), Failure>;

impl Failure {
    /// A configuration failure of one sentence.
    pub fn configuration(problem: impl Into<String>) -> Self {
        Self::Configuration(vec![problem.into()])
    }

    /// Tells the person on stderr and gives the exit code.
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
