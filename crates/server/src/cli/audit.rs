//! `doorward audit`: reads, follows and prunes the audit log.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::operator::{OperatorArgs, find_user};
use super::sources::SourceArgs;
use super::terminal::plain;
use super::{Exit, Failure, failed, output, output_json};
use crate::app::App;
use crate::audit::{AuditFilter, Entry, Event, OPERATOR, Outcome};
use crate::gate::Authority;
use crate::input::{self, Page, Parameter};
use crate::timestamp::to_the_second;

/// How often the log is read while following it.
const EVERY: Duration = Duration::from_secs(1);
/// Records of several servers arrive late and out of order: each read goes back this far.
const OVERLAP: time::Duration = time::Duration::seconds(30);
const PAGE: i64 = 1000;

/// Reads the audit log.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Show recorded events, newest last
    List(AuditListArgs),
    /// Delete records older than AUDIT_RETENTION
    Prune,
}

#[derive(Debug, Args)]
struct AuditListArgs {
    /// Only this event: login, role.grant, account.ban, …
    #[arg(long, value_parser = PossibleValuesParser::new(Event::ALL.iter().map(|it| it.as_str())),
          hide_possible_values = true)]
    event: Option<String>,
    /// Only this outcome
    #[arg(long, value_parser = PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.as_str())))]
    outcome: Option<String>,
    /// Only what this account did, by id or e-mail address
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only what was done to this account, by id or e-mail address
    #[arg(long)]
    user: Option<String>,
    /// Only from this IP address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// Only from the request with this id
    #[arg(long)]
    request_id: Option<String>,
    /// Only from this time on, such as 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Maximum number of records
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Keep running and print new events; with --json, one document per line
    #[arg(long, conflicts_with = "until")]
    follow: bool,
}

/// Runs `doorward audit`.
pub(super) async fn run(args: AuditArgs, sources: &SourceArgs) -> Exit {
    let app = args.operator.app(sources).await?;
    let json = args.operator.json;
    match args.command {
        AuditCommand::List(args) => list(&app, args, json).await,
        AuditCommand::Prune => prune(&app, json).await,
    }
}

async fn prune(app: &App, as_json: bool) -> Exit {
    let removed = app.audit.prune().await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"removed": removed}));
    }
    output(&format!("Removed {removed} records.\n"))
}

async fn list(app: &App, args: AuditListArgs, as_json: bool) -> Exit {
    let filter = AuditFilter {
        event: known(args.event)?,
        outcome: known(args.outcome)?,
        actor: id(app, args.actor).await?,
        user: id(app, args.user).await?,
        ip: args.ip.map(|ip| ip.to_string()),
        request_id: args.request_id,
        since: time(args.since)?,
        until: time(args.until)?,
    };
    let last = newest(app, &filter, args.limit).await?;
    if !args.follow {
        return if as_json { output_json(&json!(last)) } else { output(&lines(&last)) };
    }
    show(&last, as_json)?;
    let cut = last.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX);
    let floor = last.first().filter(|_| cut).map(|oldest| oldest.at);
    follow(app, filter, last, floor, as_json).await
}

/// A name in the log that is valid for this flag.
fn known<T: Parameter>(word: Option<String>) -> Result<Option<T>, Failure> {
    word.map(T::from_text).transpose().map_err(|(why, _)| Failure::Usage(format!("It {why}.")))
}

/// An id, also of a deleted account.
async fn id(app: &App, user: Option<String>) -> Result<Option<Uuid>, Failure> {
    let Some(user) = user else { return Ok(None) };
    match Uuid::try_parse(&user) {
        Ok(id) => Ok(Some(id)),
        Err(_) => find_user(app, &user).await.map(|found| Some(found.user.id)),
    }
}

fn time(text: Option<String>) -> Result<Option<OffsetDateTime>, Failure> {
    let parse = |text: String| {
        let wrong =
            || Failure::Usage(format!("{text} is not a time such as 2030-01-31T12:00:00Z."));
        input::instant(&text).ok_or_else(wrong)
    };
    text.map(parse).transpose()
}

/// The newest records, oldest first.
async fn newest(app: &App, filter: &AuditFilter, limit: u32) -> Result<Vec<Entry>, Failure> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut page = Page { after: None, limit: PAGE.min(limit.into()) };
    let mut found = Vec::new();
    loop {
        let listed = app.audit.list(Authority::Operator, filter.clone(), page).await;
        let (entries, next) = listed.map_err(failed)?;
        found.extend(entries);
        match next {
            Some(next) if found.len() < wanted => page.after = Some(next),
            _ => break,
        }
    }
    found.truncate(wanted);
    found.reverse();
    Ok(found)
}

/// Prints records as they arrive, until a signal or a closed pipe. Those before `floor` were omitted from the
/// first read and stay omitted.
async fn follow(
    app: &App,
    mut filter: AuditFilter,
    shown: Vec<Entry>,
    floor: Option<OffsetDateTime>,
    as_json: bool,
) -> Exit {
    let asked = filter.since.max(floor);
    let mut from = shown.last().map_or_else(|| app.clock.now(), |last| last.at);
    let mut seen: HashSet<Uuid> = shown.iter().map(|entry| entry.id).collect();
    loop {
        tokio::time::sleep(EVERY).await;
        filter.since = asked.max(Some(from - OVERLAP));
        let window = newest(app, &filter, u32::MAX).await?;
        let new: Vec<_> = window.iter().filter(|it| !seen.contains(&it.id)).cloned().collect();
        show(&new, as_json)?;
        from = new.last().map_or(from, |last| last.at.max(from));
        seen = window.iter().map(|entry| entry.id).collect();
    }
}

fn show(entries: &[Entry], as_json: bool) -> Exit {
    if as_json {
        let line = |entry: &Entry| format!("{}\n", json!(entry));
        return output(&entries.iter().map(line).collect::<String>());
    }
    output(&lines(entries))
}

fn lines(entries: &[Entry]) -> String {
    entries.iter().map(line).collect()
}

/// One record as one line.
fn line(entry: &Entry) -> String {
    let mut line = format!("{}  {:<17} {:<8}", to_the_second(entry.at), entry.event, entry.outcome);
    let who = entry.actor_id.map_or_else(|| entry.actor.clone(), |id| id.to_string());
    let operator = entry.user_agent.as_deref().and_then(|client| client.strip_prefix(OPERATOR));
    let operator = operator.filter(|_| entry.actor == "cli").map(str::to_owned);
    let more = [
        ("by", Some(who)),
        ("operator", operator),
        ("to", entry.subject_id.map(|id| id.to_string())),
        ("detail", entry.detail.clone()),
        ("from", entry.ip.clone()),
        ("session", entry.session_id.map(|id| id.to_string())),
        ("request", entry.request_id.clone()),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            let _ = write!(line, "  {name}={}", plain(&value));
        }
    }
    line.push('\n');
    line
}
