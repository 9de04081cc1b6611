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
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

/// Arguments of `db restore`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// A file that `doorward db backup` made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the database that is there, with all that it holds
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
    say!("{file} holds {} as it was: {bytes} bytes, migration {version}.", target.url);
    eprintln!(
        "It holds password hashes: keep it as safe as the database. BETTER_AUTH_SECRET is not in it and is \
         needed to read sealed keys and second factors."
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
            "{} pending: apply {them} with `doorward db migrate` before the server starts.",
            match restored.pending {
                1 => "1 migration is".to_owned(),
                count => format!("{count} migrations are"),
            }
        ));
    }
    if target.migrator.engine() == Engine::Postgres {
        note(
            "Grants are no part of a backup: where the server signs in with a login of its own, run `doorward db \
             migrate --grant-to LOGIN`.",
        );
    }
    Ok(())
}
