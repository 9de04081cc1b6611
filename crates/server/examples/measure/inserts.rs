//! The limit of writes on SQLite: the same row inserted, or the same counter raised, by one thread that does
//! nothing else, with a commit for each and the settings of the server's writer.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use uuid::Uuid;

/// What each commit writes.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Writing {
    Task,
    Session,
}

pub(crate) fn inserts(file: &str, writing: Writing, synchronous: &str, seconds: u64) {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let owner: String = connection
        .query_row("SELECT id FROM users WHERE email_key = 'user0@example.com'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let (until, started) = (Instant::now() + Duration::from_secs(seconds), Instant::now());
    let mut done = 0_u32;
    let mut begin = connection.prepare("BEGIN IMMEDIATE").unwrap();
    let mut commit = connection.prepare("COMMIT").unwrap();
    let mut write = connection.prepare(match writing {
        Writing::Task => {
            "INSERT INTO tasks (id, user_id, title, completed, priority, due_sort, title_search, version, \
             created_at, updated_at) VALUES (?, ?, 'Buy milk', 0, 0, '9999-12-31T23:59:59.999999Z', \
             'buy milk', 1, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')"
        }
        Writing::Session => {
            "UPDATE sessions SET counter = counter + 1, rotated_at = '2026-01-01T00:00:00.000000Z' \
             WHERE id = (SELECT id FROM sessions WHERE user_id = ?2 OR id = ?1 LIMIT 1)"
        }
    });
    let write = write.as_mut().unwrap();
    while Instant::now() < until {
        begin.execute([]).unwrap();
        write.execute(params![Uuid::now_v7().hyphenated().to_string(), owner]).unwrap();
        commit.execute([]).unwrap();
        done += 1;
    }
    println!("per_second {:.2}", f64::from(done) / started.elapsed().as_secs_f64());
}
