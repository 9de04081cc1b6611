//! `doorward dialect`: the built-in dialects, and the configured routes.

use clap::{Args, Subcommand};
use serde_json::json;

use super::sources::SourceArgs;
use super::{Exit, Failure};
use crate::app::{operations, reserved};
use crate::clock::Clock;
use crate::dialect;

#[derive(Debug, Args)]
pub(super) struct DialectArgs {
    #[command(subcommand)]
    command: DialectCommand,
}

#[derive(Debug, Subcommand)]
enum DialectCommand {
    /// List the built-in dialects and their purposes
    List {
        /// Print JSON: name, purpose and settings
        #[arg(long)]
        json: bool,
    },
    /// Print a built-in dialect as TOML
    Show {
        /// Its name
        name: String,
    },
    /// List the routes added by the configured dialects, with their operations
    Routes {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &DialectArgs, sources: &SourceArgs) -> Exit {
    match &args.command {
        DialectCommand::List { json } => {
            let all = dialect::built_in();
            if *json {
                return super::output_json(&json!(all));
            }
            let line = |one: &dialect::BuiltIn| format!("{:18} {}\n", one.name, one.about);
            super::output(&all.iter().map(line).collect::<String>())
        }
        DialectCommand::Show { name } => {
            let names = dialect::NAMES.join(", ");
            let sentence = format!("There is no dialect {name:?}. The dialects are {names}.");
            let text = dialect::text(name).ok_or(Failure::Configuration(vec![sentence]))?;
            super::output(text)
        }
        DialectCommand::Routes { json } => {
            let settings = super::sources::settings(sources.gather().resolve(&reserved()))?;
            let found = dialect::of(&settings, &operations(&settings), Clock::system());
            let Some(dialects) = found.map_err(Failure::Configuration)? else {
                eprintln!(
                    "No dialect is configured: set COMPAT, or add [dialect] to doorward.toml."
                );
                return if *json { super::output_json(&json!([])) } else { Ok(()) };
            };
            if *json {
                return super::output_json(&json!(dialects.aliases()));
            }
            super::output(&dialects.listed())
        }
    }
}
