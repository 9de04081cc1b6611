//! `doorward db repair`: prints what it repaired, and fails if users are still not isolated.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::Args;
use serde_json::json;

use super::report::say;
use super::{DbTarget, failure};
use crate::cli::{Exit, Failure};
use crate::schema::Engine;

/// Arguments of `db repair`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RepairArgs {
    /// Show what would be repaired without changing anything
    #[arg(long)]
    dry_run: bool,
}

pub(in crate::cli) async fn run(target: &DbTarget, args: &RepairArgs) -> Exit {
    let done = target.migrator.repair(args.dry_run).await.map_err(|error| failure(&error))?;
    let on_postgres = target.migrator.engine() == Engine::Postgres;
    if target.json {
        say!(
            "{:#}",
            json!({
                "database": target.url, "dry_run": args.dry_run, "changes": done.changes,
                "repaired": done.righted, "left": done.left,
                "isolated": on_postgres.then_some(done.is_isolated),
            })
        );
    } else {
        let verb = if args.dry_run { "Would put right" } else { "Put right" };
        for sentence in &done.righted {
            say!("{verb}: {sentence}");
        }
        for sentence in &done.left {
            say!("Not repaired: {sentence}");
        }
        match (done.righted.is_empty() && done.changes.is_empty(), args.dry_run) {
            (true, _) => say!("There is nothing to repair in {}.", target.url),
            (false, true) => say!("Nothing was changed."),
            (false, false) => {
                say!("{} is repaired.", target.url);
                eprintln!("`doorward db verify` checks the result.");
            }
        }
        if !on_postgres {
            say!(
                "SQLite has no row-level security: every statement of the server has the owner's id."
            );
        }
    }
    if done.is_isolated || args.dry_run {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "Row-level security of {} does not work: {}",
        target.url,
        if done.left.is_empty() {
            "see `doorward db verify`.".to_owned()
        } else {
            done.left.join(" ")
        }
    )))
}
