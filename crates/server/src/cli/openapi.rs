//! `doorward openapi`: the HTTP contract of this configuration, without a server.

use std::path::{Path, PathBuf};

use clap::Args;

use super::sources::SourceArgs;
use super::{Exit, Failure};
use crate::app::App;
use crate::clock::Clock;
use crate::crypto::Random;
use crate::db::Database;

#[derive(Debug, Args)]
pub(super) struct OpenapiArgs {
    /// Write the document to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(args: OpenapiArgs, sources: &SourceArgs) -> Exit {
    let settings = sources.without_secret(None)?;
    // The routes need a database; the document needs none of its tables.
    let db = Database::open_sqlite(Path::new(":memory:")).await.map_err(super::failed)?;
    let document = App::new(settings, db, Clock::system(), Random::system()).document();
    let text = crate::openapi::to_text(&document);
    match args.output {
        None => super::output(&text),
        Some(path) => std::fs::write(&path, text).map_err(|error| {
            Failure::Failed(format!("{} cannot be written: {error}.", path.display()))
        }),
    }
}
