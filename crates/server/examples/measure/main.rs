//! The measuring half of `scripts/bench.sh`, `scripts/growth.sh` and `scripts/soak.sh`: the floor that requests are held against, the bare hash
//! loop, loads of many kinds over real sockets, and a proxy that adds distance.
//! Prints one `name value` pair a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "it measures real time")]

mod beside;
mod delay;
mod floor;
mod growth;
mod hash;
mod http;
mod inserts;
mod mint;
mod mix;
mod sign_ins;
mod soak;
mod touch;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::beside::beside;
use crate::delay::delay;
use crate::floor::floor;
use crate::growth::growth;
use crate::hash::hash;
use crate::inserts::{Writing, inserts};
use crate::mix::mix;
use crate::sign_ins::{flood, login, refresh};
use crate::soak::soak;
use crate::touch::{Kind, touch};

#[derive(Parser)]
enum Measure {
    /// axum behind an HS256 check: plain text, at `/body` the JSON in a file, at `/rows` a page of tasks from a
    /// SQLite file.
    Floor { port: u16, secret: String, body: Option<PathBuf>, database: Option<PathBuf> },
    /// Writes to a SQLite file, one commit each, in a bare loop.
    Inserts { file: String, writing: Writing, synchronous: String, seconds: u64 },
    /// Argon2id (m=19456, t=2, p=1) in a bare loop on all cores.
    Hash { seconds: u64 },
    /// Sign-ins of user0@example.com … as fast as they are answered.
    Login { port: u16, users: usize, connections: usize, seconds: u64 },
    /// Refreshes, each connection with a session of its own whose token it passes on.
    Refresh { port: u16, connections: usize, seconds: u64 },
    /// Users at one request a second each, 2 % of them sign-ins, the rest reads and writes of tasks.
    Mix { port: u16, users: usize, seconds: u64 },
    /// Sign-ins by the hundred, and meanwhile how long `/health` and a GET of `path` take.
    Flood { port: u16, connections: usize, seconds: u64, token: String, path: String },
    /// How long it takes to read a task and a page of tasks of random users, and, less the hash, to
    /// sign one of them in and to register somebody. Each user has a session.
    Growth { port: u16, users: u64, tasks: u64, seconds: u64, secret: String },
    /// Prepares requests of one kind by random users, prints `prepared`, waits for a line, and sends them: for
    /// whoever counts what they cost elsewhere.
    Touch { kind: Kind, port: u16, users: u64, tasks: u64, count: usize, secret: String },
    /// How long sign-ins, reads and writes of others take until standard input ends.
    Beside { port: u16, users: u64, tasks: u64, secret: String },
    /// Writes while others kill and restart; the file names the server's process. Fails if a promise is broken.
    Soak { port: u16, process: PathBuf, clients: usize, seconds: u64 },
    /// Forwards `from` to `to`, each direction late by `micros`.
    Delay { from: u16, to: u16, micros: u64 },
}

const PASSWORD: &str = "correct horse battery staple";

#[tokio::main]
async fn main() {
    match Measure::parse() {
        Measure::Floor { port, secret, body, database } => {
            let body = body.map(|file| std::fs::read(file).unwrap()).unwrap_or_default();
            floor(port, &secret, body.into(), database).await;
        }
        Measure::Inserts { file, writing, synchronous, seconds } => {
            inserts(&file, writing, &synchronous, seconds);
        }
        Measure::Hash { seconds } => hash(seconds),
        Measure::Login { port, users, connections, seconds } => {
            login(port, users, connections, seconds).await;
        }
        Measure::Refresh { port, connections, seconds } => {
            refresh(port, connections, seconds).await;
        }
        Measure::Mix { port, users, seconds } => mix(port, users, seconds).await,
        Measure::Flood { port, connections, seconds, token, path } => {
            flood(port, connections, seconds, &token, &path).await;
        }
        Measure::Growth { port, users, tasks, seconds, secret } => {
            growth(port, users, tasks, seconds, &secret).await;
        }
        Measure::Touch { kind, port, users, tasks, count, secret } => {
            touch(kind, port, users, tasks, count, &secret).await;
        }
        Measure::Beside { port, users, tasks, secret } => {
            beside(port, users, tasks, &secret).await;
        }
        Measure::Soak { port, process, clients, seconds } => {
            soak(port, process, clients, seconds).await;
        }
        Measure::Delay { from, to, micros } => delay(from, to, micros).await,
    }
}

pub(crate) fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!("{name}_count {}", times.len());
    println!("{name}_p50_ms {:.2}", at(0.50));
    println!("{name}_p95_ms {:.2}", at(0.95));
    println!("{name}_p99_ms {:.2}", at(0.99));
    println!("{name}_max_ms {:.2}", at(1.0));
}
