//! A small file system to fill: a tmpfs in a mount namespace that only one process sees.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A command that mounts a tmpfs of this many MiB at `disk` and runs the shell script `then`; append the
/// script's `$0` and arguments.
pub fn mounting(disk: &Path, mib: u32, then: &str) -> Command {
    let mount = format!("mount -t tmpfs -o size={mib}m,mode=755 none '{}'", disk.display());
    let mut command = Command::new("unshare");
    if !is_root() {
        // A user becomes root of a user namespace, which may mount.
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", &format!("{mount} && {then}")]);
    command
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

/// A path as the process with this id sees it.
pub fn inside(process: u32, path: &Path) -> PathBuf {
    let path = path.strip_prefix("/").expect("an absolute path");
    Path::new("/proc").join(process.to_string()).join("root").join(path)
}

/// Fills the rest of the file system with this file.
pub fn fill(path: &Path) {
    let mut block = 1 << 20;
    let mut filler = std::fs::File::create(path).expect("a file");
    while block > 0 {
        if std::io::Write::write_all(&mut filler, &vec![b'x'; block]).is_err() {
            block /= 4;
        }
    }
}
