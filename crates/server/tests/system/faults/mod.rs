//! Faults that no code sees coming: the real binary killed, its disk full, its clock set, its clients by the
//! thousand; and what its supervisor is told meanwhile. `docs/reliability.md` names the test of each promise.

mod clock;
mod crowd;
mod disk;
mod file;
mod hangup;
mod killed;
mod mail;
mod newer;
mod refresh;
mod supervisor;

use std::process::Command;

/// Sends a signal to a process.
fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "{name} was not sent");
}
