//! `doorward api-key`: creates, lists and revokes API keys.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

pub(in crate::cli) mod service_account;

use clap::{Args, Subcommand};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::operator::{OperatorArgs, by_operator, find_user, send_notices};
use super::sources::SourceArgs;
use super::terminal::{note, table};
use super::{Exit, Failure, failed, output, output_json};
use crate::api_keys::{ApiKey, KeyName, KeyNetworks, KeyScopes, MadeKey, NewKey};
use crate::app::App;
use crate::config::duration;
use crate::error::Error;
use crate::gate::Authority;
use crate::input::{Instant, LATEST, Refusal, instant};
use crate::timestamp::to_the_second;

/// Administers API keys.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApiKeyArgs {
    #[command(subcommand)]
    command: ApiKeyCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum ApiKeyCommand {
    /// Create an API key for an account and print it once
    ///
    /// Only the key is written to standard output, so that you can pipe it to where it is stored.
    Create(CreateKeyArgs),
    /// List an account's API keys, newest first
    List {
        /// The account's id or e-mail address
        user: String,
    },
    /// Revoke one API key, or all of an account; they stop working at once
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Revoke {
        /// The key's id, from `doorward api-key list`
        #[arg(group = "which")]
        key: Option<Uuid>,
        /// All keys of this account, by id or e-mail address
        #[arg(long, group = "which")]
        user: Option<String>,
    },
}

#[derive(Debug, Args)]
struct CreateKeyArgs {
    /// The account's id or e-mail address
    user: String,
    #[command(flatten)]
    key: KeyFields,
}

/// The fields of a new key.
#[derive(Debug, Args)]
struct KeyFields {
    /// What the key is for
    #[arg(long)]
    name: String,
    /// What it may be used for, such as tasks:read; repeat for each
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// Only accept the key from this address or CIDR range, such as 203.0.113.0/24; repeat for each
    #[arg(long = "network", value_name = "CIDR")]
    networks: Vec<String>,
    /// When it expires, such as 2030-01-31T12:00:00Z [default: never]
    #[arg(long, value_name = "TIME", conflicts_with = "expires_in")]
    expires_at: Option<String>,
    /// When it expires from now: seconds, or 15m, 24h, 90d
    #[arg(long, value_name = "DURATION")]
    expires_in: Option<String>,
}

impl KeyFields {
    fn read(&self, now: OffsetDateTime) -> Result<NewKey, Failure> {
        let wrong =
            |what: &'static str| move |(why, _): Refusal| Failure::Usage(format!("{what} {why}."));
        let networks = Some(&self.networks).filter(|all| !all.is_empty());
        let networks = networks.map(|all| KeyNetworks::parse(all)).transpose();
        Ok(NewKey {
            name: KeyName::parse(&self.name).map_err(wrong("--name"))?,
            scopes: KeyScopes::parse(&self.scopes).map_err(wrong("--scope"))?,
            networks: networks.map_err(wrong("--network"))?,
            expires_at: self.end(now)?.map(Instant),
        })
    }

    fn end(&self, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, Failure> {
        let end = match (&self.expires_at, &self.expires_in) {
            (Some(text), _) => instant(text).ok_or_else(|| {
                Failure::Usage(format!("{text} is not a time such as 2030-01-31T12:00:00Z."))
            })?,
            (None, Some(text)) => {
                let length = duration(text, 1)
                    .map_err(|why| Failure::Usage(format!("--expires-in {why}.")))?;
                now.checked_add(length.try_into().unwrap_or(time::Duration::MAX)).unwrap_or(LATEST)
            }
            (None, None) => return Ok(None),
        };
        if end <= now {
            return Err(Failure::Usage("The expiry must be in the future.".into()));
        }
        Ok(Some(end.min(LATEST)))
    }
}

/// Runs `doorward api-key`.
pub(in crate::cli) async fn run(args: ApiKeyArgs, sources: &SourceArgs) -> Exit {
    let app = match args.command {
        ApiKeyCommand::Create(_) => args.operator.app_that_notifies(sources).await?,
        _ => args.operator.app(sources).await?,
    };
    let json = args.operator.json;
    match args.command {
        ApiKeyCommand::Create(args) => create(&app, &args, json).await,
        ApiKeyCommand::List { user } => list(&app, &user, json).await,
        ApiKeyCommand::Revoke { key: Some(id), .. } => revoke(&app, id, json).await,
        ApiKeyCommand::Revoke { user, .. } => {
            revoke_of(&app, &user.unwrap_or_default(), json).await
        }
    }
}

async fn create(app: &App, args: &CreateKeyArgs, as_json: bool) -> Exit {
    let new = args.key.read(app.clock.now())?;
    let owner = find_user(app, &args.user).await?.user.id;
    let made = app.api_keys().create_for(&by_operator(), owner, new).await;
    let made = made.map_err(failed)?;
    send_notices(app).await;
    shown(&made, &args.user, as_json)
}

/// The new key: its text on stdout, everything else on stderr.
fn shown(made: &MadeKey, owner: &str, as_json: bool) -> Exit {
    if as_json {
        return output_json(&json!(made));
    }
    let MadeKey { about, key } = made;
    note(&format!("Created the key {} for {owner}. It is only shown once:", about.id));
    output(&format!("{key}\n"))
}

async fn list(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let found = app.api_keys().list_of(Authority::Operator, id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(found));
    }
    let at = |at: Option<OffsetDateTime>| at.map_or("never".into(), to_the_second);
    let row = |key: &ApiKey| {
        vec![
            key.id.to_string(),
            key.name.clone(),
            key.scopes.join(","),
            if key.networks.is_empty() { "everywhere".into() } else { key.networks.join(",") },
            to_the_second(key.created_at),
            at(key.expires_at),
            at(key.last_used_at),
        ]
    };
    let headings = ["ID", "NAME", "SCOPES", "FROM", "CREATED", "EXPIRES", "LAST USED"];
    output(&table(&headings, found.iter().map(row)))
}

async fn revoke(app: &App, id: Uuid, as_json: bool) -> Exit {
    app.api_keys().revoke_any(&by_operator(), id).await.map_err(|error| match error {
        Error::NotFound => Failure::Failed(format!("There is no API key {id}.")),
        other => failed(other),
    })?;
    if as_json {
        return output_json(&json!({"key": id, "revoked": true}));
    }
    output(&format!("Revoked the API key {id}.\n"))
}

async fn revoke_of(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    app.api_keys().revoke_of(&by_operator(), id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"user": id, "revoked": true}));
    }
    output(&format!("Revoked every API key of {user}.\n"))
}
