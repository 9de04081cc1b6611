//! A SQLite file, its folder, its disk and its pages.

use std::path::Path;

use super::schema;
use crate::cli::doctor::files;
use crate::cli::doctor::finding::{CheckName, Finding, Health};
use crate::cli::doctor::patient::Patient;
use crate::config::{SqliteFile, Synchronous};
use crate::db::survey::sqlite;

const FILE: CheckName = CheckName("database.file");
const FOLDER: CheckName = CheckName("database.folder");
const DISK: CheckName = CheckName("database.disk");
const INTEGRITY: CheckName = CheckName("database.integrity");
const DURABILITY: CheckName = CheckName("database.durability");

const ROOM: u64 = 1 << 30;
const HARDLY_ROOM: u64 = 64 << 20;

pub(super) async fn file(patient: &Patient, file: &SqliteFile) -> Vec<Finding> {
    let path: &Path = file;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut found = vec![of_file(path), files::folder(FOLDER, folder), room(path, folder)];
    if !path.exists() {
        return found;
    }
    found.push(durability(file));
    let limit = patient.limit.mul_f32(0.8);
    let (integrity, schema) = tokio::join!(
        patient.within(INTEGRITY, async {
            match sqlite::check(path, limit).await {
                Ok(checked) => integrity(&checked),
                Err(error) => INTEGRITY.failed(
                    format!("{} cannot be read: {error}", path.display()),
                    "Set DATABASE_URL to a SQLite database, or restore it from a backup",
                ),
            }
        }),
        schema::examine(patient),
    );
    found.push(integrity);
    found.extend(schema);
    found
}

fn of_file(path: &Path) -> Finding {
    let name = path.display();
    if !path.exists() {
        return FILE
            .failed(format!("{name} does not exist"), "Create it with `doorward db migrate`");
    }
    if !files::is_writable(path) {
        return FILE.failed(
            format!("This user may not write to {name}"),
            "Run this as the server's user, or give it the file: chown",
        );
    }
    let beside = ["", "-wal", "-shm"].map(|end| format!("{name}{end}"));
    let there = beside.iter().map(Path::new).filter(|path| path.exists());
    let worst = there
        .filter_map(|path| files::secret(FILE, path))
        .max_by_key(|finding| finding.status == Health::Failed);
    worst.unwrap_or_else(|| FILE.ok(format!("{name} and its log are only readable by their owner")))
}

fn room(path: &Path, folder: &Path) -> Finding {
    let Some(free) = files::free_bytes(folder) else {
        return DISK.skipped("The free space cannot be determined on this system");
    };
    let size = path.metadata().map_or(0, |file| file.len());
    let detail = format!("{} are free; the database has {}", files::size(free), files::size(size));
    match free {
        ..HARDLY_ROOM => {
            DISK.failed(detail, "Free disk space now: writes fail when the disk is full")
        }
        _ if free < ROOM.max(size / 2) => {
            DISK.warning(detail, "Free disk space before the database needs it")
        }
        _ => DISK.ok(detail),
    }
}

fn durability(file: &SqliteFile) -> Finding {
    DURABILITY.ok(match file.tuning.synchronous {
        Synchronous::Normal => {
            "SQLITE_SYNCHRONOUS is normal: a power failure can lose the last writes, but does not damage the file"
        }
        Synchronous::Full => "SQLITE_SYNCHRONOUS is full: a power failure loses no acknowledged write",
    })
}

fn integrity(checked: &sqlite::Checked) -> Finding {
    let size = files::size(checked.bytes);
    match &checked.faults {
        None => INTEGRITY.warning(
            format!("There was not enough time to read all of {size}"),
            "Raise the limit with --timeout",
        ),
        Some(faults) if !faults.is_empty() => INTEGRITY.failed(
            format!("The file is damaged: {}", faults.join("; ")),
            "Stop the server, keep the file, and restore the last good backup",
        ),
        Some(_) => INTEGRITY.ok(format!("All pages are intact ({size}, quick_check)")),
    }
}
