//! Why a command did not do its work, and the exit code that says so.

use std::process::ExitCode;

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
pub type Outcome = Result<(), Failure>;

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
            eprintln!("error: {problem}");
        }
        ExitCode::from(code)
    }
}
