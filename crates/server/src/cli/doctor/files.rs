//! Who can read and write a file: only the owner should read secrets, and whoever can write a file decides
//! what the server believes.

use std::io::Read as _;
use std::path::Path;

use super::finding::{CheckName, Finding};

/// Bits of a mode (chmod(1)).
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITE: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// The permissions of a file with secrets; `None` if only its owner and perhaps its group can access it.
pub(in crate::cli::doctor) fn secret(check: CheckName, path: &Path) -> Option<Finding> {
    let name = path.display();
    let mode = match mode(path) {
        Ok(mode) => mode,
        Err(error) => {
            return Some(check.failed(
                format!("{name} cannot be checked: {error}"),
                "Correct the path, or run this as the server's user",
            ));
        }
    };
    let bits = mode & 0o777;
    let next = format!("Run chmod 600 {name}, as the user that the server runs as");
    if mode & OTHERS_WRITE != 0 {
        let detail = format!("All users of this machine can change {name} (mode {bits:04o})");
        return Some(check.failed(detail, next));
    }
    if mode & OTHERS_READ != 0 {
        let detail = format!("All users of this machine can read {name} (mode {bits:04o})");
        return Some(check.warning(detail, next));
    }
    None
}

/// The permissions of such a file's folder: whoever can write to it can replace the file.
pub(in crate::cli::doctor) fn folder(check: CheckName, path: &Path) -> Finding {
    let name = path.display();
    let mode = match mode(path) {
        Ok(mode) => mode,
        Err(error) => {
            return check.failed(
                format!("The folder {name} cannot be checked: {error}"),
                "Create it, or correct the path",
            );
        }
    };
    let bits = mode & 0o7777;
    if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
        return check.failed(
            format!("All users of this machine can create files in {name} (mode {bits:04o})"),
            format!("Run chmod 700 {name}, or move the database to its own folder"),
        );
    }
    if !is_writable(path) {
        return check.failed(
            format!("This user may not write to {name}, where the write-ahead log is created"),
            format!("Run this as the server's user, or give it the folder: chown … {name}"),
        );
    }
    if mode & (OTHERS_WRITE | GROUP_WRITE) != 0 {
        return check.warning(
            format!("Other users may create files in {name} (mode {bits:04o})"),
            "Move the database to a folder that belongs only to the server",
        );
    }
    check.ok(format!("{name} is only writable by its owner (mode {bits:04o})"))
}

/// The mode of a path.
pub(in crate::cli::doctor) fn mode(path: &Path) -> std::io::Result<u32> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::MetadataExt::mode(&metadata));
    #[cfg(not(unix))]
    Ok(if metadata.permissions().readonly() { 0o400 } else { 0o600 })
}

/// Whether this process can write to it.
#[cfg(unix)]
pub(in crate::cli::doctor) fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
pub(in crate::cli::doctor) fn is_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.permissions().readonly())
}

/// Free bytes for users other than root.
#[cfg(unix)]
pub(in crate::cli::doctor) fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(in crate::cli::doctor) fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// `512 MiB`, `3.4 GiB`.
pub(in crate::cli::doctor) fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit behind the point")]
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// Whether a SQLite file uses a write-ahead log (file format 1.3.3).
pub(in crate::cli::doctor) fn has_log(path: &Path) -> bool {
    let mut header = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header[18..] == [2, 2]
}
