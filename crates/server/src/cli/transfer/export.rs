//! `doorward export`: everything as JSON lines.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::operator::{OperatorArgs, by_operator};
use crate::cli::sources::SourceArgs;
use crate::cli::terminal::{new_file, note, warn};
use crate::cli::{Exit, Failure, failed, output_json};

/// Writes accounts, roles, identities and tasks out.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The file to write, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Include the password hashes; without them users cannot sign in with their passwords after an import
    #[arg(long)]
    with_password_hashes: bool,
    #[command(flatten)]
    operator: OperatorArgs,
}

/// Runs `doorward export`.
pub(in crate::cli) async fn run(args: ExportArgs, sources: &SourceArgs) -> Exit {
    if args.operator.json && args.output.is_none() {
        return Err(Failure::Usage("--json needs --output: the export itself is JSON.".into()));
    }
    let app = args.operator.app(sources).await?;
    if args.with_password_hashes {
        warn("the export contains all password hashes: protect it like the database.");
    }
    let mut out: Box<dyn Write + Send> = match &args.output {
        None => Box::new(std::io::stdout()),
        Some(path) => Box::new(new_file(path)?),
    };
    let mut out = BufWriter::new(&mut out);
    let mut write = |line: &str| {
        writeln!(out, "{line}").map_err(|error| format!("the export cannot be written: {error}"))
    };
    let exported =
        app.transfer().export(&by_operator(), args.with_password_hashes, &mut write).await;
    let flushed = out.flush();
    app.db.close().await;
    let exported = exported.map_err(failed)?;
    flushed.map_err(failed)?;
    if args.operator.json {
        return output_json(&json!(exported));
    }
    note(&format!(
        "Exported {} accounts, {} tasks, {} roles and {} identities.",
        exported.users, exported.tasks, exported.roles, exported.identities
    ));
    Ok(())
}
