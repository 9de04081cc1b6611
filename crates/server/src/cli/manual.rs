//! `doorward completions` and `doorward man`, generated from the command line's definition.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::{Cli, Exit, Failure, failed};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell to complete for
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write one page per command into this folder instead of printing them
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::program(), "doorward", &mut script);
    super::output(&String::from_utf8_lossy(&script))
}

pub(super) fn man(args: &ManArgs) -> Exit {
    if let Some(folder) = &args.output {
        return std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::program(), folder))
            .map_err(|error| {
                Failure::Failed(format!("{} cannot be written: {error}.", folder.display()))
            });
    }
    let mut command = Cli::program();
    command.build();
    let mut pages = Vec::new();
    write_pages(&command, &mut pages).map_err(failed)?;
    super::output(&String::from_utf8_lossy(&pages))
}

/// The page of a command, then those of its subcommands.
fn write_pages(command: &clap::Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
        .try_for_each(|below| write_pages(below, pages))
}
