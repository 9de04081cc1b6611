//! `doorward db backup FILE` and `doorward db restore FILE`.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::report::say;
use super::{DbTarget, failure};
use crate::cli::Exit;
use crate::cli::terminal::note;
use crate::schema::Engine;

/// Arguments of `db backup`.
#[derive(Debug, Args)]
pub(in crate::cli) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
}

/// Arguments of `db restore`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// A file created by `doorward db backup`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the existing database and all its data
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) async fn save(target: &DbTarget, args: &BackupArgs) -> Exit {
    let saved = target.migrator.backup(&args.file, args.force).await;
    let saved = saved.map_err(|error| failure(&error))?;
    let file = args.file.display();
    if target.json {
        say!(
            "{:#}",
            json!({
                "database": target.url, "file": file.to_string(), "bytes": saved.bytes,
                "version": saved.version,
            })
        );
        return Ok(());
    }
    let (bytes, version) = (saved.bytes, saved.version);
    say!("Backed up {} to {file}: {bytes} bytes, migration {version}.", target.url);
    eprintln!(
        "The file contains password hashes: protect it like the database. It does not contain \
            BETTER_AUTH_SECRET, which is needed to decrypt keys and second factors."
    );
    Ok(())
}

pub(in crate::cli) async fn restore(target: &DbTarget, args: &RestoreArgs) -> Exit {
    let restored = target.migrator.restore(&args.file, args.force).await;
    let restored = restored.map_err(|error| failure(&error))?;
    if target.json {
        say!(
            "{:#}",
            json!({
                "database": target.url, "file": args.file.display().to_string(),
                "version": restored.version, "pending": restored.pending,
                "repaired": restored.righted,
            })
        );
        return Ok(());
    }
    for sentence in &restored.righted {
        say!("Put right: {sentence}");
    }
    say!("{} is at migration {} again.", target.url, restored.version);
    if restored.pending > 0 {
        let them = if restored.pending == 1 { "it" } else { "them" };
        note(&format!(
            "{} pending: apply {them} with `doorward db migrate` before you start the server.",
            match restored.pending {
                1 => "1 migration is".to_owned(),
                count => format!("{count} migrations are"),
            }
        ));
    }
    if target.migrator.engine() == Engine::Postgres {
        note(
            "A backup does not contain grants: if the server uses its own login, run `doorward db migrate \
                --grant-to LOGIN`.",
        );
    }
    Ok(())
}
