//! Detects the kind of a dump: plain text can be read, others need a conversion, which is named.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes to inspect: a tar file has its signature after the first name.
const LOOK: u64 = 1024;

/// Whether this is a plain-text PostgreSQL dump. The error is one sentence that says what to run.
pub(super) fn is_dump(path: &Path, is_named_so: bool) -> Result<bool, String> {
    let name = path.display();
    let restore = || {
        Err(format!(
            "{name} is a dump in a format of pg_restore: run `pg_restore --file=dump.sql {name}`, which needs no \
             database, and import from dump.sql."
        ))
    };
    if path.join("toc.dat").is_file() {
        return restore();
    }
    if !path.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOK).read_to_end(&mut start));
    read.map_err(|error| format!("{name}: {error}"))?;
    if start.starts_with(b"PGDMP") || start.starts_with(b"toc.dat\0") {
        return restore();
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        return Err(format!("{name} is compressed: run `gunzip {name}` first."));
    }
    let has = |text: &[u8]| start.windows(text.len()).any(|part| part == text);
    Ok(!start.starts_with(b"SQLite format 3") && (is_named_so || has(b"PostgreSQL database dump")))
}
