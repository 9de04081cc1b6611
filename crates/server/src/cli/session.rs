//! `doorward session`: lists and ends sessions.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::operator::{OperatorArgs, by_operator, confirm, find_user};
use super::sources::SourceArgs;
use super::terminal::table;
use super::{Exit, Failure, failed, output, output_json};
use crate::app::App;
use crate::error::Error;
use crate::gate::Authority;
use crate::sessions::SessionView;
use crate::timestamp::to_the_second;

/// Administers sessions.
#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    #[command(subcommand)]
    command: SessionCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// List an account's active sessions, newest first
    List {
        /// The account's id or e-mail address
        user: String,
    },
    /// End one session, all sessions of an account, or all sessions; their tokens stop working at once
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Revoke {
        /// The session's id
        #[arg(group = "which")]
        session: Option<Uuid>,
        /// All sessions of this account, by id or e-mail address
        #[arg(long, group = "which")]
        user: Option<String>,
        /// All sessions of all accounts
        #[arg(long, group = "which")]
        all: bool,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
}

/// Runs `doorward session`.
pub(super) async fn run(args: SessionArgs, sources: &SourceArgs) -> Exit {
    let app = args.operator.app(sources).await?;
    let json = args.operator.json;
    match args.command {
        SessionCommand::List { user } => list(&app, &user, json).await,
        SessionCommand::Revoke { session: Some(id), .. } => revoke(&app, id, json).await,
        SessionCommand::Revoke { user: Some(user), .. } => revoke_of(&app, &user, json).await,
        SessionCommand::Revoke { yes, .. } => revoke_everybodys(&app, yes, json).await,
    }
}

async fn list(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let found = app.sessions().list_of(Authority::Operator, id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(found));
    }
    let row = |session: &SessionView| {
        vec![
            session.id.to_string(),
            to_the_second(session.created_at),
            to_the_second(session.last_seen_at),
            to_the_second(session.expires_at),
            session.ip.clone().unwrap_or_default(),
            session.user_agent.clone().unwrap_or_default(),
        ]
    };
    let headings = ["ID", "CREATED", "LAST SEEN", "EXPIRES", "ADDRESS", "CLIENT"];
    output(&table(&headings, found.iter().map(row)))
}

async fn revoke(app: &App, id: Uuid, as_json: bool) -> Exit {
    let done = app.sessions().revoke_any(&by_operator(), id).await;
    done.map_err(|error| match error {
        Error::NotFound => Failure::Failed(format!("There is no active session {id}.")),
        other => failed(other),
    })?;
    if as_json {
        return output_json(&json!({"session": id, "ended": true}));
    }
    output(&format!("Ended the session {id}.\n"))
}

async fn revoke_of(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    app.sessions().revoke_of(&by_operator(), id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"user": id, "ended": true}));
    }
    output(&format!("Ended every session of {user}.\n"))
}

async fn revoke_everybodys(app: &App, yes: bool, as_json: bool) -> Exit {
    confirm("All users will have to sign in again.", yes)?;
    app.sessions().revoke_everybodys(&by_operator()).await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"ended": true}));
    }
    output("Ended all sessions of all accounts.\n")
}
