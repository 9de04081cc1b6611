//! The report file: always complete, and readable only by its owner.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::cli::{Exit, Failure};
use crate::shadow::Findings;

/// The default path of the report.
pub(super) const DEFAULT: &str = ".doorward/shadow.json";

/// The report's format.
const VERSION: u32 = 1;

/// Finds out whether the path is writable before the rehearsal, not after it.
pub(super) fn check(file: &Path) -> Exit {
    if file.is_dir() {
        return Err(Failure::Usage(format!("--report: {} is a folder.", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::Usage(format!("--report: there is no folder {}.", folder.display())))
        }
        _ => Ok(()),
    }
}

/// Writes a new file beside the old one, then replaces it.
pub(super) fn write(file: &Path, findings: &Findings) -> Exit {
    let text = serde_json::to_string_pretty(findings).map_err(|error| cannot(file, &error))?;
    replace(file, &format!("{text}\n")).map_err(|error| cannot(file, &error))
}

/// Replaces a file's text; readers see either the old one or the new one.
pub(super) fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = Path::new(&name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = fs::remove_file(beside);
    let mut new = options.open(beside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(beside, file)
}

/// The report of an earlier rehearsal.
pub(super) fn read(file: &Path) -> Result<Findings, Failure> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::Failed(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("There is no report {shown}: run `doorward shadow --upstream URL` first.")
            }
            _ => format!("{shown} cannot be read: {error}."),
        })
    })?;
    let findings: Findings = serde_json::from_str(&text)
        .map_err(|_| Failure::Failed(format!("{shown} is not a rehearsal report.")))?;
    if findings.version == VERSION {
        Ok(findings)
    } else {
        Err(Failure::Failed(format!("{shown} is a report of an unsupported version.")))
    }
}

fn cannot(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Failed(format!("{} cannot be written: {error}.", file.display()))
}
