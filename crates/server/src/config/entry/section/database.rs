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
    about: "When SQLite waits for the disk. `normal`: a killed process loses nothing, a power cut or a crash \
        of the system can undo the last moments, never part of a change. `full`: each commit waits, and a \
        power cut loses nothing that was answered. See `docs/limits.md`.",
    default: "normal",
    example: "full",
    set: Some(|settings, text| put(&mut settings.sqlite.synchronous, synchronous(text))),
    ..PLAIN
};

/// `SQLITE_CACHE_SIZE`.
pub(in crate::config) const SQLITE_CACHE_SIZE: Setting = Setting {
    name: "SQLITE_CACHE_SIZE",
    section: DATABASE,
    about: "How much of the file each of SQLite's four connections keeps in memory: `2MB`, `256MB`, `1GB`.",
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
    about: "How much of the file SQLite reads through the system's page cache without copying it. Worth \
        setting to the size of the file where it has outgrown `SQLITE_CACHE_SIZE`, on a disk that does not \
        fail: a read error then ends the process.",
    default: "0",
    example: "8GB",
    set: Some(|settings, text| put(&mut settings.sqlite.mmap_bytes, parse::size(text, 0..=MOST))),
    ..PLAIN
};

/// Fewer pages than a statement needs at once would make SQLite write them out and read them back.
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
