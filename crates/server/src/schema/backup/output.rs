//! A file being written: readable only by its owner, under another name until complete, deleted if never
//! completed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::refused;
use crate::schema::migrate::error::{MigrateError, MigrateResult};

/// A file being written beside its final path.
#[derive(Debug)]
pub(super) struct Output {
    /// The path while writing.
    pub(super) path: PathBuf,
    place: PathBuf,
    overwrite: bool,
}

impl Output {
    /// An empty file for this path, which must be free unless it may be overwritten.
    pub(super) fn create(place: &Path, overwrite: bool) -> MigrateResult<Self> {
        if place.is_dir() {
            return Err(refused(format!("{} is a folder: name a file in it.", place.display())));
        }
        if !overwrite && place.symlink_metadata().is_ok() {
            return Err(taken(place));
        }
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let path = place.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|error| cannot(place, &error))?;
        Ok(Self { path, place: place.to_owned(), overwrite })
    }

    /// Gives it the owner of another file, if permitted.
    pub(super) fn owned_as(&self, other: &Path) {
        #[cfg(unix)]
        if let Ok(of) = other.metadata() {
            use std::os::unix::fs::{MetadataExt as _, chown};
            let _ = chown(&self.path, Some(of.uid()), Some(of.gid()));
        }
    }

    /// Moves it to its path, complete and synced; returns its size.
    pub(super) fn keep(self) -> MigrateResult<u64> {
        let done = self.settle();
        done.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => taken(&self.place),
            _ => cannot(&self.place, &error),
        })
    }

    fn settle(&self) -> io::Result<u64> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        let linked = if self.overwrite {
            fs::rename(&self.path, &self.place)
        } else {
            // A link fails if somebody else has taken the name in the meantime.
            match fs::hard_link(&self.path, &self.place) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    fs::rename(&self.path, &self.place)
                }
                linked => linked,
            }
        };
        linked?;
        let folder = self.place.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(bytes)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn taken(place: &Path) -> MigrateError {
    let place = place.display();
    refused(format!("{place} already exists: name another file, or overwrite it with --force."))
}

fn cannot(place: &Path, error: &io::Error) -> MigrateError {
    let place = place.display();
    refused(match error.kind() {
        ErrorKind::StorageFull => format!("The disk of {place} is full: free some space."),
        ErrorKind::NotFound => format!("The folder of {place} does not exist: create it."),
        _ => format!("{place} cannot be written: {error}."),
    })
}
