//! Common parts of commands on a database: choosing the database, finding a USER, and confirmation prompts.

use std::io::{IsTerminal, Write};

use clap::Args;
use uuid::Uuid;

use super::sources::{self, SourceArgs};
use super::{Failure, failed, log, terminal};
use crate::app::{App, reserved};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Settings};
use crate::crypto::Random;
use crate::db::Database;
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::schema::{Schema, Unfit};
use crate::users::AdminUser;

/// Flags of every command on a database.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "the comments are help texts")]
pub(super) struct OperatorArgs {
    /// Use this database instead of DATABASE_URL
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print one JSON document on stdout instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl OperatorArgs {
    /// The settings of a command that needs the server's secret.
    pub(super) fn settings(&self, sources: &SourceArgs) -> Result<Settings, Failure> {
        terminal::speak_to_program(self.json);
        sources::settings(sources.gather_on(self.database_url.clone()).resolve(&reserved()))
    }

    /// The settings of a command that does not.
    pub(super) fn without_secret(&self, sources: &SourceArgs) -> Result<Settings, Failure> {
        terminal::speak_to_program(self.json);
        sources.without_secret(self.database_url.clone())
    }

    /// The settings with the server's secret if it is available, and whether it is.
    pub(super) fn settings_with_secret_if_known(
        &self,
        sources: &SourceArgs,
    ) -> Result<(Settings, bool), Failure> {
        terminal::speak_to_program(self.json);
        let gathered = sources.gather_on(self.database_url.clone());
        if gathered.has("BETTER_AUTH_SECRET") {
            return sources::settings(gathered.resolve(&reserved()))
                .map(|settings| (settings, true));
        }
        self.without_secret(sources).map(|settings| (settings, false))
    }

    /// The settings for composing mails, including broken templates.
    pub(super) fn settings_for_letters(&self, sources: &SourceArgs) -> Result<Settings, Failure> {
        terminal::speak_to_program(self.json);
        sources.for_letters()
    }

    /// The application without the server's secret, over a database with a current schema.
    pub(super) async fn app(&self, sources: &SourceArgs) -> Result<App, Failure> {
        Self::open(self.without_secret(sources)?).await
    }

    /// The application for a command that notifies an account's owner by mail, if the server's secret is
    /// available, with which mails are encrypted. Problems elsewhere in the configuration do not stop the
    /// command; then nobody is notified.
    pub(super) async fn app_that_notifies(&self, sources: &SourceArgs) -> Result<App, Failure> {
        terminal::speak_to_program(self.json);
        let gathered = sources.gather_on(self.database_url.clone());
        if gathered.has("BETTER_AUTH_SECRET") {
            let resolved = gathered.resolve(&reserved());
            if resolved.problems().is_empty() {
                return Self::open(sources::settings(resolved)?).await;
            }
            terminal::warn("No notice is sent by mail: see `doorward config check`.");
        }
        self.app(sources).await
    }

    /// The application with these settings, over a database with a current schema.
    pub(super) async fn open(settings: Settings) -> Result<App, Failure> {
        if let DatabaseUrl::Sqlite(path) = &settings.database
            && !path.exists()
        {
            let path = path.display();
            let next =
                "create it with `doorward db migrate`, or choose another with --database-url";
            return Err(Failure::configuration(format!("{path} does not exist: {next}.")));
        }
        let open = Database::open(&settings.database).await;
        let db = open.map_err(|error| failed(format!("{}: {error}", settings.database)))?;
        match db.schema().await {
            // Reading works there, and writes report why they do not.
            Ok(Schema::Current | Schema::Unfit(Unfit::ReadOnly)) => {}
            Ok(Schema::Unfit(unfit)) => {
                return Err(Failure::configuration(format!("{} {unfit}", settings.database)));
            }
            Ok(Schema::Behind) => {
                return Err(Failure::configuration(format!(
                    "Migrations are pending on {}: run `doorward db migrate`.",
                    settings.database
                )));
            }
            Err(error) => return Err(failed(format!("{}: {error}", settings.database))),
        }
        Ok(App::new(settings, db, Clock::system(), Random::system()))
    }
}

/// The user of this command, according to the environment: for the audit log, not authenticated.
pub(super) fn by_operator() -> Actor {
    let name = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|variable| std::env::var(variable).ok().filter(|name| !name.trim().is_empty()));
    match name {
        Some(name) => Actor::operator().named(&name),
        None => Actor::operator(),
    }
}

/// Sends the notices that the work has just queued. A mail that cannot be sent now stays in the outbox.
pub(super) async fn send_notices(app: &App) {
    if !app.mail.is_on() || app.settings.notices.is_empty() {
        return;
    }
    let sent = match app.delivery(log::say) {
        Ok(Some(delivery)) => delivery.deliver_due().await.map(drop).map_err(|it| it.to_string()),
        Ok(None) => Ok(()),
        Err(why) => Err(why),
    };
    if let Err(why) = sent {
        terminal::warn(&format!("The notice is sent when a server runs: {why}"));
    }
}

/// The user with this id or email address.
pub(super) async fn find_user(app: &App, user: &str) -> Result<AdminUser, Failure> {
    let users = app.users();
    let found = match (Uuid::try_parse(user), Email::parse(user)) {
        (Ok(id), _) => users.show(Authority::Operator, id).await,
        (_, Some(email)) => users.find(Authority::Operator, &email).await,
        _ => Err(Error::NotFound),
    };
    found.map_err(|error| match error {
        Error::NotFound => Failure::Failed(format!("There is no account {user}.")),
        other => failed(other),
    })
}

/// Asks for confirmation; without a terminal, `--yes` is required.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} Confirm with --yes.")));
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Failed("Nothing was done.".into())),
    }
}
