//! `doorward role`: manages roles and grants, including the first administrator.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{OperatorArgs, by_operator, confirm, find_user};
use super::sources::SourceArgs;
use super::terminal::table;
use super::{Exit, Failure, failed, output, output_json};
use crate::app::App;
use crate::error::Error;
use crate::gate::Authority;
use crate::gate::Permission;
use crate::roles::{Role, RoleName};

/// Administers roles.
#[derive(Debug, Args)]
pub(super) struct RoleArgs {
    #[command(subcommand)]
    command: RoleCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum RoleCommand {
    /// Grant a role to an account
    ///
    /// Takes effect with the account's next request. `doorward role grant EMAIL admin` makes the first
    /// administrator.
    Grant {
        /// The account's id or e-mail address
        user: String,
        /// The role's name
        role: String,
    },
    /// Revoke a role from an account
    ///
    /// Takes effect with the account's next request. The last active admin keeps the role.
    Revoke {
        /// The account's id or e-mail address
        user: String,
        /// The role's name
        role: String,
    },
    /// List roles and their permissions
    List,
    /// Create a role
    Create {
        /// The name: a-z, 0-9, _ and -, starting with a letter
        role: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// A permission of the role; repeat for each
        #[arg(long = "permission", value_name = "PERMISSION")]
        permissions: Vec<String>,
    },
    /// Delete a role and revoke it from every account
    Delete {
        /// The role's name
        role: String,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
    /// List all permissions
    Permissions,
}

/// Runs `doorward role`.
pub(super) async fn run(args: RoleArgs, sources: &SourceArgs) -> Exit {
    let json = args.operator.json;
    if matches!(args.command, RoleCommand::Permissions) {
        return permissions(json);
    }
    let app = args.operator.app(sources).await?;
    match args.command {
        RoleCommand::Grant { user, role } => grant(&app, &user, &role, json).await,
        RoleCommand::Revoke { user, role } => revoke(&app, &user, &role, json).await,
        RoleCommand::List => list(&app, json).await,
        RoleCommand::Create { role, description, permissions } => {
            create(&app, &role, description, &permissions, json).await
        }
        RoleCommand::Delete { role, yes } => delete(&app, &role, yes, json).await,
        RoleCommand::Permissions => Ok(()),
    }
}

fn name(role: &str) -> Result<RoleName, Failure> {
    let wrong = || {
        let words = "1 to 50 characters of a-z 0-9 _ -, starting with a letter";
        Failure::Usage(format!("{role} is not a valid role name: it must be {words}."))
    };
    RoleName::parse(role).ok_or_else(wrong)
}

/// The sentence for an error about this role.
fn failure(role: &str, error: Error) -> Failure {
    match error {
        Error::NotFound => {
            Failure::Failed(format!("There is no role {role}: see `doorward role list`."))
        }
        Error::RoleTaken => Failure::Failed(format!("There is already a role {role}.")),
        other => failed(other),
    }
}

async fn grant(app: &App, user: &str, role: &str, as_json: bool) -> Exit {
    let (name, found) = (name(role)?, find_user(app, user).await?.user);
    let done = app.roles().grant(&by_operator(), found.id, &name).await;
    done.map_err(|error| failure(role, error))?;
    let sentence = if found.roles.iter().any(|held| held == role) {
        format!("{user} already had the role {role}.\n")
    } else {
        format!("Granted the role {role} to {user}.\n")
    };
    held(app, user, as_json, &sentence).await
}

async fn revoke(app: &App, user: &str, role: &str, as_json: bool) -> Exit {
    let (name, found) = (name(role)?, find_user(app, user).await?.user);
    let done = app.roles().revoke(&by_operator(), found.id, &name).await;
    done.map_err(|error| failure(role, error))?;
    let sentence = if found.roles.iter().any(|held| held == role) {
        format!("Revoked the role {role} from {user}.\n")
    } else {
        format!("{user} did not have the role {role}; nothing was changed.\n")
    };
    held(app, user, as_json, &sentence).await
}

async fn held(app: &App, user: &str, as_json: bool, sentence: &str) -> Exit {
    if !as_json {
        return output(sentence);
    }
    let found = find_user(app, user).await?.user;
    output_json(&json!({"id": found.id, "roles": found.roles}))
}

async fn list(app: &App, as_json: bool) -> Exit {
    let roles = app.roles().list(Authority::Operator).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(roles));
    }
    let row =
        |role: &Role| vec![role.name.clone(), role.permissions.join(" "), role.description.clone()];
    output(&table(&["ROLE", "PERMISSIONS", "DESCRIPTION"], roles.iter().map(row)))
}

async fn create(
    app: &App,
    role: &str,
    description: String,
    permissions: &[String],
    as_json: bool,
) -> Exit {
    let mut allowed = Vec::new();
    for text in permissions {
        let unknown = || {
            let next = "see `doorward role permissions`";
            Failure::Usage(format!("There is no permission {text}: {next}."))
        };
        allowed.push(Permission::parse(text).ok_or_else(unknown)?);
    }
    allowed.sort_unstable();
    allowed.dedup();
    let name = name(role)?;
    let made = app.roles().create(&by_operator(), name, description, &allowed).await;
    let made = made.map_err(|error| failure(role, error))?;
    if as_json {
        return output_json(&json!(made));
    }
    output(&format!("Created the role {role}.\n"))
}

async fn delete(app: &App, role: &str, yes: bool, as_json: bool) -> Exit {
    let name = name(role)?;
    confirm(&format!("The role {role} will be revoked from every account and deleted."), yes)?;
    let done = app.roles().delete(&by_operator(), &name).await;
    done.map_err(|error| failure(role, error))?;
    if as_json {
        return output_json(&json!({"role": role, "deleted": true}));
    }
    output(&format!("Deleted the role {role}.\n"))
}

fn permissions(as_json: bool) -> Exit {
    let all = Permission::ALL.iter();
    if as_json {
        let all: Vec<Value> =
            all.map(|it| json!({"permission": it.as_str(), "allows": it.allows()})).collect();
        return output_json(&json!(all));
    }
    let rows = all.map(|it| vec![it.as_str().to_owned(), it.allows().to_owned()]);
    output(&table(&["PERMISSION", "ALLOWS"], rows))
}
