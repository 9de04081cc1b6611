//! `doorward service-account`: accounts for programs, with API keys and no password.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::cli::operator::{OperatorArgs, by_operator, confirm};
use crate::cli::sources::SourceArgs;
use crate::cli::terminal::note;
use crate::cli::user::{list_service_accounts, read_name};
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::error::Error;
use crate::gate::Authority;
use crate::roles::RoleName;
use crate::users::{NewServiceAccount, UserChange};

/// Administers service accounts.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceAccountArgs {
    #[command(subcommand)]
    command: ServiceAccountCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum ServiceAccountCommand {
    /// Create a service account and print its id
    ///
    /// Create a key for it with `doorward api-key create ID`.
    Create {
        /// What it is for
        name: String,
        /// A role of the account; repeat for each
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// List service accounts, oldest first
    List,
    /// Revoke every API key of a service account and deactivate it
    ///
    /// Its tasks are kept. `doorward user delete ID` deletes the account and its tasks.
    Revoke {
        /// The account's id
        id: Uuid,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
}

/// Runs `doorward service-account`.
pub(in crate::cli) async fn run(args: ServiceAccountArgs, sources: &SourceArgs) -> Exit {
    let app = args.operator.app(sources).await?;
    let json = args.operator.json;
    match args.command {
        ServiceAccountCommand::Create { name, roles } => create(&app, &name, &roles, json).await,
        ServiceAccountCommand::List => list_service_accounts(&app, json).await,
        ServiceAccountCommand::Revoke { id, yes } => revoke(&app, id, yes, json).await,
    }
}

async fn create(app: &App, name: &str, roles: &[String], as_json: bool) -> Exit {
    let known = app.roles().list(Authority::Operator).await.map_err(failed)?;
    let mut names = Vec::new();
    for role in roles {
        let unknown =
            || Failure::Usage(format!("There is no role {role}: see `doorward role list`."));
        let is_known = known.iter().any(|known| known.name == *role);
        names.push(RoleName::parse(role).filter(|_| is_known).ok_or_else(unknown)?);
    }
    let new = NewServiceAccount { name: read_name(name)?, app_metadata: None };
    let made = app.users().create_service(&by_operator(), &new).await.map_err(failed)?;
    let id = made.user.id;
    for role in &names {
        app.roles().grant(&by_operator(), id, role).await.map_err(failed)?;
    }
    if as_json {
        let made = app.users().show(Authority::Operator, id).await.map_err(failed)?;
        return output_json(&json!(made));
    }
    note(&format!(
        "Created the service account {name}. Create a key with `doorward api-key create {id}`."
    ));
    output(&format!("{id}\n"))
}

async fn revoke(app: &App, id: Uuid, yes: bool, as_json: bool) -> Exit {
    let missing = || Failure::Failed(format!("There is no service account {id}."));
    let found = app.users().show(Authority::Operator, id).await.map_err(|error| match error {
        Error::NotFound => missing(),
        other => failed(other),
    })?;
    if !found.is_service {
        return Err(missing());
    }
    let name = found.user.name.unwrap_or_default();
    confirm(&format!("This revokes all API keys of {name} and deactivates it."), yes)?;
    app.api_keys().revoke_of(&by_operator(), id).await.map_err(failed)?;
    let change = UserChange { is_active: Some(false), ..UserChange::default() };
    app.users().update(&by_operator(), id, change).await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"id": id, "revoked": true}));
    }
    output(&format!("Revoked every API key of {name} and deactivated it.\n"))
}
