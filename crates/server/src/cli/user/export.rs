//! `doorward user export`: all data about one user, for a written request.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::app::App;
use crate::cli::operator::{by_operator, find_user};
use crate::cli::terminal::{new_file, note};
use crate::cli::{Exit, failed};

#[derive(Debug, Args)]
pub(in crate::cli) struct UserExportArgs {
    /// The account's id or e-mail address
    user: String,
    /// The file to write, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(in crate::cli) async fn export(app: &App, args: UserExportArgs) -> Exit {
    let id = find_user(app, &args.user).await?.user.id;
    let mut out: Box<dyn Write + Send> = match &args.out {
        None => Box::new(std::io::stdout()),
        Some(path) => Box::new(new_file(path)?),
    };
    let written = |done: std::io::Result<()>| {
        done.map_err(|error| failed(format!("the export cannot be written: {error}")))
    };
    let (mut sheet, head) = app.exports().begin(&by_operator(), id).await.map_err(failed)?;
    written(out.write_all(head.as_bytes()))?;
    while let Some(piece) = sheet.next().await.map_err(failed)? {
        written(out.write_all(piece.as_bytes()))?;
    }
    written(out.flush())?;
    if let Some(path) = &args.out {
        note(&format!("Exported all data stored about {} to {}.", args.user, path.display()));
    }
    Ok(())
}
