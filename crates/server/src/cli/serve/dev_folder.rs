//! `.doorward/`: what `dev` keeps between starts. Others cannot enter it (0700) or read its secret (0600),
//! and git ignores it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::sources::random_secret;

/// The folder, created if absent.
#[derive(Debug)]
pub(in crate::cli) struct DevFolder {
    path: PathBuf,
}

impl DevFolder {
    /// The folder in the current directory.
    pub(in crate::cli) fn open() -> Result<Self, Failure> {
        let path = PathBuf::from(".doorward");
        fs::create_dir_all(&path).map_err(|error| cannot("created", &path, &error))?;
        keep_private(&path, 0o700).map_err(|error| cannot("made private", &path, &error))?;
        let ignore = path.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|error| cannot("written", &ignore, &error))?;
        }
        Ok(Self { path })
    }

    /// The folder, if it exists with a database; changes nothing.
    pub(in crate::cli) fn found() -> Option<Self> {
        let path = PathBuf::from(".doorward");
        path.join("doorward.db").exists().then_some(Self { path })
    }

    /// The database's URL.
    pub(in crate::cli) fn database_url(&self) -> String {
        format!("sqlite:{}", self.path.join("doorward.db").display())
    }

    /// Where mails are written.
    pub(in crate::cli) fn mails(&self) -> PathBuf {
        self.path.join("mail")
    }

    /// The URL of the rehearsal's database.
    pub(in crate::cli) fn rehearsal_url(&self) -> String {
        format!("sqlite:{}", self.path.join("shadow.db").display())
    }

    /// True for files in it.
    pub(in crate::cli) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.path)
    }

    /// The stored secret, if any.
    pub(in crate::cli) fn kept_secret(&self) -> Option<String> {
        let text = fs::read_to_string(self.path.join("secret")).ok()?;
        Some(text.trim().to_owned())
    }

    /// The stored secret, created by the first call.
    pub(in crate::cli) fn secret(&self) -> Result<String, Failure> {
        let path = self.path.join("secret");
        match fs::read_to_string(&path) {
            Ok(text) => {
                keep_private(&path, 0o600)
                    .map_err(|error| cannot("made private", &path, &error))?;
                Ok(text.trim().to_owned())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let secret = random_secret();
                write_private(&path, &secret).map_err(|error| cannot("written", &path, &error))?;
                Ok(secret)
            }
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{} cannot be {what}: {error}.", path.display()))
}

/// The mode is set on creation, so others can never read it.
fn write_private(path: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(unix)]
fn keep_private(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_private(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}
