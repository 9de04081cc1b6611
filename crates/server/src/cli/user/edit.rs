//! `doorward user update`, `activate`, `deactivate`, `ban` and `unban`.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::fields::{read_locale, read_patch};
use super::read_name;
use crate::app::App;
use crate::cli::operator::{by_operator, find_user};
use crate::cli::user::list::card;
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::config::duration;
use crate::input::{Field, Given, Instant, LATEST, instant};
use crate::users::{BanReason, UserChange};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(in crate::cli) struct UpdateArgs {
    /// The account's id or e-mail address
    user: String,
    /// Display name
    #[arg(long, group = "change", conflicts_with = "no_name")]
    name: Option<String>,
    /// Remove the display name
    #[arg(long, group = "change")]
    no_name: bool,
    /// Whether the address is verified
    #[arg(long, group = "change", value_name = "BOOL")]
    email_verified: Option<bool>,
    /// The user's language, such as pt-BR
    #[arg(long, group = "change", value_name = "TAG", conflicts_with = "no_locale")]
    locale: Option<String>,
    /// Remove the language
    #[arg(long, group = "change")]
    no_locale: bool,
    /// Changes to the fields that the account's owner may change too
    ///
    /// A JSON merge patch: absent names keep their values, null removes a name. `null` alone removes all.
    #[arg(long, group = "change", value_name = "JSON")]
    user_metadata: Option<String>,
    /// The same for the fields that administrators alone may change
    #[arg(long, group = "change", value_name = "JSON")]
    app_metadata: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BanArgs {
    /// The account's id or e-mail address
    user: String,
    /// The reason, shown to administrators only
    #[arg(long)]
    reason: Option<String>,
    /// When the ban ends, such as 2030-01-31T12:00:00Z [default: never]
    #[arg(long, value_name = "TIME", conflicts_with = "for_")]
    until: Option<String>,
    /// How long the ban lasts: seconds, or 15m, 24h, 30d
    #[arg(long = "for", value_name = "DURATION")]
    for_: Option<String>,
}

pub(in crate::cli) async fn update(app: &App, args: UpdateArgs, as_json: bool) -> Exit {
    let name = match args.name {
        Some(name) => Given::Value(read_name(&name)?),
        None if args.no_name => Given::Null,
        None => Given::Absent,
    };
    let locale = match args.locale {
        Some(tag) => Given::Value(read_locale(&tag)?),
        None if args.no_locale => Given::Null,
        None => Given::Absent,
    };
    let change = UserChange {
        name,
        email_verified: args.email_verified,
        locale,
        user_metadata: read_patch("--user-metadata", args.user_metadata)?,
        app_metadata: read_patch("--app-metadata", args.app_metadata)?,
        ..UserChange::default()
    };
    apply(app, &args.user, change, as_json).await
}

pub(in crate::cli) async fn set_active(app: &App, user: &str, active: bool, as_json: bool) -> Exit {
    let change = UserChange { is_active: Some(active), ..UserChange::default() };
    apply(app, user, change, as_json).await
}

pub(in crate::cli) async fn ban(app: &App, args: BanArgs, as_json: bool) -> Exit {
    let until = end(&args, app.clock.now())?;
    let ban_reason = match args.reason {
        None => Given::Null,
        Some(text) => Given::Value(
            BanReason::from_json(text.into())
                .map_err(|(why, _)| Failure::Usage(format!("The reason {why}.")))?,
        ),
    };
    let banned_until = Given::Value(Instant(until));
    apply(
        app,
        &args.user,
        UserChange { banned_until, ban_reason, ..UserChange::default() },
        as_json,
    )
    .await
}

fn end(args: &BanArgs, now: OffsetDateTime) -> Result<OffsetDateTime, Failure> {
    let until = match (&args.until, &args.for_) {
        (Some(text), _) => instant(text).ok_or_else(|| {
            Failure::Usage(format!("{text} is not a time such as 2030-01-31T12:00:00Z."))
        })?,
        (None, Some(text)) => {
            let length =
                duration(text, 1).map_err(|why| Failure::Usage(format!("--for {why}.")))?;
            now.checked_add(length.try_into().unwrap_or(time::Duration::MAX)).unwrap_or(LATEST)
        }
        (None, None) => LATEST,
    };
    if until <= now {
        return Err(Failure::Usage("A ban must end in the future.".into()));
    }
    Ok(until.min(LATEST))
}

pub(in crate::cli) async fn unban(app: &App, user: &str, as_json: bool) -> Exit {
    let change = UserChange { banned_until: Given::Null, ..UserChange::default() };
    apply(app, user, change, as_json).await
}

async fn apply(app: &App, user: &str, change: UserChange, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let changed = app.users().update(&by_operator(), id, change).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(changed));
    }
    output(&card(&changed, app.clock.now()))
}
