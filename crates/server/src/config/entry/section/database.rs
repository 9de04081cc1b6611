//! The settings of SQLite's file.

use crate::config::Synchronous;
use crate::config::entry::entries::{DATABASE, PLAIN};
use crate::config::entry::parse::{self, Parsed};
use crate::config::entry::table::Setting;
use crate::config::entry::word::put;

/// `SQLITE_SYNCHRONOUS`.
pub(in crate::config) const SQLITE_SYNCHRONOUS: Setting = Setting {
    name: "SQLITE_SYNCHRONOUS",
    section: DATABASE,
    about: "When SQLite waits for the disk. `normal`: a killed process loses nothing; a power failure or a \
        system crash can lose the most recent changes, but never part of a change. `full`: each commit waits \
        for the disk, so a power failure loses no acknowledged change. See `docs/limits.md`.",
    default: "normal",
    example: "full",
    set: Some(|settings, text| put(&mut settings.sqlite.synchronous, synchronous(text))),
    ..PLAIN
};

/// `SQLITE_CACHE_SIZE`.
pub(in crate::config) const SQLITE_CACHE_SIZE: Setting = Setting {
    name: "SQLITE_CACHE_SIZE",
    section: DATABASE,
    about: "The size of the page cache of each of SQLite's four connections: `2MB`, `256MB`, `1GB`.",
    default: "2MB",
    example: "256MB",
    set: Some(|settings, text| {
        put(&mut settings.sqlite.cache_bytes, parse::size(text, CACHE_LEAST..=MOST))
    }),
    ..PLAIN
};

/// `SQLITE_MMAP_SIZE`.
pub(in crate::config) const SQLITE_MMAP_SIZE: Setting = Setting {
    name: "SQLITE_MMAP_SIZE",
    section: DATABASE,
    about: "How much of the file SQLite maps into memory. Set it to the size of the file if that exceeds \
        `SQLITE_CACHE_SIZE`, and only on a reliable disk: a read error then kills the process.",
    default: "0",
    example: "8GB",
    set: Some(|settings, text| put(&mut settings.sqlite.mmap_bytes, parse::size(text, 0..=MOST))),
    ..PLAIN
};

/// With fewer pages than a statement needs, SQLite would write them out and read them back.
const CACHE_LEAST: u64 = 1 << 20;
/// A terabyte.
const MOST: u64 = 1 << 40;

fn synchronous(text: &str) -> Parsed<Synchronous> {
    match text.to_ascii_lowercase().as_str() {
        "normal" => Ok(Synchronous::Normal),
        "full" => Ok(Synchronous::Full),
        _ => Err(format!("must be normal or full, not {text:?}")),
    }
}
