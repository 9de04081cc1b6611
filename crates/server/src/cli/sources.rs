//! The sources of commands' settings, and the warnings before they start.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, log, terminal};
use crate::app::reserved;
use crate::cli::log::panic_hook;
use crate::cli::serve::dev_folder::DevFolder;
use crate::config::source::gather;
use crate::config::{Gathered, Reserved, Resolved, Settings, Sources};
use crate::crypto::Random;

/// The settings files; every command accepts these two flags.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct SourceArgs {
    /// Read this file instead of ./doorward.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read this file instead of ./.env
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

impl SourceArgs {
    /// The texts of all settings, before the flags.
    pub(super) fn gather(&self) -> Gathered {
        gather(&Sources {
            toml: self.config.clone(),
            dotenv: self.env_file.clone(),
            ..Sources::of_process()
        })
    }

    /// The same with the database in a flag, if given. If no database is set, the default is printed, because
    /// it is seldom intended on a production machine.
    pub(super) fn gather_on(&self, database_url: Option<String>) -> Gathered {
        let mut gathered = self.gather();
        if database_url.is_some() {
            gathered.ignore("DATABASE_URL_UNPOOLED");
            gathered.flag("DATABASE_URL", "--database-url", database_url);
        }
        if !gathered.has("DATABASE_URL") {
            take_default(&mut gathered);
        }
        gathered
    }

    /// The settings of a command that signs no token, so that it runs without a secret (migrations in CI). A
    /// random secret is used, never an empty one.
    pub(super) fn without_secret(&self, database_url: Option<String>) -> Result<Settings, Failure> {
        settings(secretless(self.gather_on(database_url)).resolve(&reserved()))
    }

    /// The same for a command that only needs the server, not the database.
    pub(super) fn of_server(&self) -> Result<Settings, Failure> {
        settings(secretless(self.gather()).resolve(&reserved()))
    }

    /// The same if broken templates are to be shown, not rejected.
    pub(super) fn for_letters(&self) -> Result<Settings, Failure> {
        let reserved = Reserved { letter_problems: None, ..reserved() };
        settings(secretless(self.gather()).resolve(&reserved))
    }
}

fn secretless(mut gathered: Gathered) -> Gathered {
    gathered.ignore("BETTER_AUTH_SECRET");
    gathered.ignore("PREVIOUS_SECRETS");
    // Nothing could decrypt what it encrypts.
    gathered.ignore("SMTP_URL");
    gathered.fall_back("BETTER_AUTH_SECRET", random_secret(), "random");
    gathered
}

/// `doorward.db`; or the database of `doorward dev`, if there is nothing else.
fn take_default(gathered: &mut Gathered) {
    let Some(dev) = DevFolder::found().filter(|_| !Path::new("doorward.db").exists()) else {
        return gathered.warn("DATABASE_URL is not set: using doorward.db in this folder.".into());
    };
    let url = dev.database_url();
    gathered.warn(format!("DATABASE_URL is not set: using {url} of `doorward dev`."));
    gathered.fall_back("DATABASE_URL", url, "dev");
    if let Some(secret) = dev.kept_secret() {
        gathered.fall_back("BETTER_AUTH_SECRET", secret, "dev");
    }
}

/// 32 random bytes in hex.
pub(super) fn random_secret() -> String {
    let random = Random::system();
    let half = || u128::from_be_bytes(random.bytes::<16>());
    format!("{:032x}{:032x}", half(), half())
}

/// Prints warnings and returns the settings, or all problems.
pub(super) fn settings(resolved: Resolved) -> Result<Settings, Failure> {
    for warning in resolved.warnings() {
        terminal::warn(warning);
    }
    resolved.settings().map_err(Failure::Configuration)
}

/// The same for a server, whose messages are logged from now on.
pub(super) fn server_settings(resolved: Resolved) -> Result<Settings, Failure> {
    terminal::speak_as(resolved.log_format());
    let changed = resolved.changed();
    let settings = settings(resolved)?;
    log::start(&settings)?;
    tracing::info!(settings = changed, "settings that differ from the defaults");
    panic_hook::install();
    Ok(settings)
}
