//! `doorward user list` and `show`.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use crate::app::App;
use crate::cli::operator::find_user;
use crate::cli::terminal::{note, plain, table};
use crate::cli::{Exit, failed, output, output_json};
use crate::gate::Authority;
use crate::gate::Standing;
use crate::input::{LATEST, Page, Reach};
use crate::timestamp::to_the_second;
use crate::users::{AdminUser, UserFilter};

/// Rows per read.
const PAGE: i64 = 1000;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only accounts whose address is or contains this
    #[arg(long)]
    email: Option<String>,
    /// Only accounts whose user name is or contains this
    #[arg(long)]
    username: Option<String>,
    /// Only accounts with this role
    #[arg(long)]
    role: Option<String>,
    /// Only active accounts (true) or deactivated ones (false)
    #[arg(long, value_name = "BOOL")]
    active: Option<bool>,
    /// Only service accounts (true) or people (false)
    #[arg(long, value_name = "BOOL")]
    service: Option<bool>,
    /// Maximum number of accounts
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl ListArgs {
    /// All service accounts.
    pub(in crate::cli) fn of_service_accounts() -> Self {
        let (email, username, role, active) = (None, None, None, None);
        Self { email, username, role, active, service: Some(true), limit: u32::MAX }
    }
}

pub(in crate::cli) async fn list(app: &App, args: ListArgs, as_json: bool) -> Exit {
    let ListArgs { email, username, role, active: is_active, service: is_service, .. } = args;
    let filter = UserFilter { email, username, role, is_active, is_service };
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut found: Vec<AdminUser> = Vec::new();
    let mut page = Page { after: None, limit: PAGE.min(args.limit.into()) };
    let more = loop {
        let listed = app.users().list(Authority::Operator, &filter, page, Reach::default()).await;
        let (users, next, _) = listed.map_err(failed)?;
        found.extend(users);
        match next {
            Some(next) if found.len() < wanted => page.after = Some(next),
            next => break next.is_some() || found.len() > wanted,
        }
    };
    found.truncate(wanted);
    if more {
        note("There are more accounts: raise --limit.");
    }
    if as_json {
        return output_json(&json!(found));
    }
    let now = app.clock.now();
    let rows = found.iter().map(|user| row(user, now));
    output(&table(&["ID", "E-MAIL", "NAME", "STATE", "ROLES", "CREATED"], rows))
}

fn row(found: &AdminUser, now: OffsetDateTime) -> Vec<String> {
    let user = &found.user;
    vec![
        user.id.to_string(),
        address(found),
        user.name.clone().unwrap_or_default(),
        state(found, now),
        user.roles.join(","),
        to_the_second(user.created_at),
    ]
}

/// The address; for a service account its kind, since it has none.
fn address(found: &AdminUser) -> String {
    match &found.user.email {
        Some(email) => email.clone(),
        None if found.is_service => "(service account)".into(),
        None => String::new(),
    }
}

fn state(found: &AdminUser, now: OffsetDateTime) -> String {
    match Standing::of(found.user.is_active, found.banned_until, now) {
        Standing::Disabled => "deactivated".into(),
        Standing::Banned(until) if until.year() == LATEST.year() => "banned".into(),
        Standing::Banned(until) => format!("banned until {}", to_the_second(until)),
        Standing::Active => "active".into(),
    }
}

pub(in crate::cli) async fn show(app: &App, user: &str, as_json: bool) -> Exit {
    let found = find_user(app, user).await?;
    if as_json {
        return output_json(&json!(found));
    }
    output(&card(&found, app.clock.now()))
}

/// One user, one line per field.
pub(in crate::cli) fn card(found: &AdminUser, now: OffsetDateTime) -> String {
    let user = &found.user;
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let mut lines = vec![
        ("id", user.id.to_string()),
        ("e-mail", address(found)),
        ("proven", yes(user.email_verified)),
        ("name", user.name.clone().unwrap_or_default()),
        ("state", state(found, now)),
        ("roles", user.roles.join(", ")),
        ("created", to_the_second(user.created_at)),
        ("updated", to_the_second(user.updated_at)),
    ];
    if let Some(username) = &user.username {
        lines.insert(4, ("username", username.clone()));
    }
    if let Some(locale) = &user.locale {
        lines.push(("locale", locale.clone()));
    }
    for (name, object) in [("own", &user.user_metadata), ("app", &user.app_metadata)] {
        if !object.is_empty() {
            lines.push((name, object.as_text().to_owned()));
        }
    }
    if let Some(reason) = &found.ban_reason {
        let state = lines.iter().position(|(name, _)| *name == "state").unwrap_or_default();
        lines.insert(state + 1, ("reason", reason.clone()));
    }
    lines.iter().fold(String::new(), |mut card, (name, value)| {
        let _ = writeln!(card, "{name:8} {}", plain(value));
        card
    })
}
