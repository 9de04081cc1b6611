//! `doorward user invite`: creates accounts without a password, and mails links to choose one; for one user
//! or a file. Account, roles and mail are one transaction, so that an interrupted run loses nobody, and
//! running it again invites nobody twice.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

mod rows;

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::fields::read_locale;
use super::read_name;
use crate::app::App;
use crate::cli::mail::delivery;
use crate::cli::operator::by_operator;
use crate::cli::terminal::plain;
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::roles::RoleName;
use crate::users::{AdminUser, NewUser};
use rows::{InviteRow, InviteRows, Invitee};

/// Rows between updates of the progress.
const EVERY: u64 = 25;

#[derive(Debug, Args)]
pub(in crate::cli) struct InviteArgs {
    /// The address to invite
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    email: Option<String>,
    /// Invite all users in this file; - is standard input
    ///
    /// CSV with a header line, or JSON lines, with the fields email and, optionally, name, locale and roles
    /// (separated by spaces). A list of addresses, one per line, works too. Existing accounts are not changed,
    /// so you can run the command again.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Display name
    #[arg(long, conflicts_with = "file")]
    name: Option<String>,
    /// A role to grant besides `user`; repeat for each
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// The user's language, such as pt-BR, unless the file specifies one
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// With --file: send the mail again to those who have not chosen a password yet
    #[arg(long, requires = "file")]
    resend: bool,
}

/// The result for one user.
enum Came {
    Invited(AdminUser),
    Again(AdminUser),
    There(&'static str),
}

/// Runs `doorward user invite`.
pub(in crate::cli) async fn invite(app: &App, args: InviteArgs, as_json: bool) -> Exit {
    // If no mail is sent, no account is created that would wait for one.
    let delivery = delivery(app)?;
    let roles = args.role.iter().map(|role| read_role(role)).collect::<Result<Vec<_>, _>>();
    let roles = roles.map_err(Failure::Usage)?;
    let locale = args.locale.as_deref().map(read_locale).transpose()?;
    let whole = |mut one: Invitee| {
        one.locale = one.locale.or_else(|| locale.clone());
        one.roles.extend(roles.iter().cloned());
        one
    };
    let Some(file) = &args.file else {
        let typed = args.email.unwrap_or_default();
        let email = Email::parse(&typed)
            .ok_or_else(|| Failure::Usage(format!("{typed} is not a valid e-mail address.")))?;
        let name = args.name.map(|name| read_name(&name)).transpose()?;
        let one = whole(Invitee { email, name, locale: None, roles: Vec::new() });
        let came = invite_one(app, one, true).await.map_err(Failure::Failed)?;
        delivery.deliver_due().await.map_err(failed)?;
        return said(&typed, &came, as_json);
    };
    let mut tally = Tally::default();
    for row in InviteRows::open(file).map_err(Failure::Failed)? {
        tally.rows += 1;
        let InviteRow { line, email, read } = row.map_err(Failure::Failed)?;
        let came = match read {
            Ok(one) => invite_one(app, whole(one), args.resend).await,
            Err(why) => Err(why),
        };
        match came {
            Ok(Came::Invited(_)) => tally.invited += 1,
            Ok(Came::Again(_)) => tally.again += 1,
            Ok(Came::There(_)) => tally.there += 1,
            Err(why) => tally.rejected.push((line, email, why)),
        }
        tally.show();
    }
    tally.sent = delivery.deliver_due().await.map_err(failed)?;
    tally.finish(as_json)
}

/// Creates the account and queues the mail; for an existing account only the mail, if it is to be sent again.
/// The error is a sentence.
async fn invite_one(app: &App, one: Invitee, again: bool) -> Result<Came, String> {
    let (users, by) = (app.users(), by_operator());
    let Invitee { email, name, locale, roles } = one;
    match users.find(Authority::Operator, &email).await {
        Ok(found) if again => {
            let id = found.user.id;
            return match users.invite(&by, id).await {
                Ok(()) => Ok(Came::Again(found)),
                Err(Error::NotInvitable) => Ok(Came::There("has a password, or is disabled")),
                Err(Error::RateLimited(_)) => {
                    Err("was invited five times within the hour: try again later.".into())
                }
                Err(error) => Err(format!("{error}")),
            };
        }
        Ok(_) => return Ok(Came::There("has an account")),
        Err(Error::NotFound) => {}
        Err(error) => return Err(format!("{error}")),
    }
    let new = NewUser { name, locale, invite: Some(true), ..NewUser::of(email) };
    match users.create_with_roles(&by, new, &roles).await {
        Ok(made) => Ok(Came::Invited(made)),
        // Somebody else created it first.
        Err(Error::EmailTaken) => Ok(Came::There("has an account")),
        Err(Error::NotFound) => {
            let names: Vec<_> = roles.iter().map(RoleName::as_str).collect();
            Err(format!("one of the roles {} does not exist.", names.join(", ")))
        }
        Err(error) => Err(format!("{error}")),
    }
}

fn read_role(text: &str) -> Result<RoleName, String> {
    RoleName::parse(text).ok_or_else(|| format!("{} cannot be the name of a role.", plain(text)))
}

fn said(email: &str, came: &Came, as_json: bool) -> Exit {
    let (user, word) = match came {
        Came::Invited(user) => (user, "invited"),
        Came::Again(user) => (user, "invited_again"),
        Came::There(why) => {
            return Err(Failure::Failed(format!("{email} {why}, so nobody was invited.")));
        }
    };
    if as_json {
        return output_json(&json!({"email": email, "id": user.user.id, "outcome": word}));
    }
    let id = user.user.id;
    match came {
        Came::Again(_) => {
            output(&format!("Invited {email} again; the earlier link no longer works.\n"))
        }
        _ => output(&format!("Invited {email}, whose id is {id}.\n")),
    }
}

/// The results for a file.
#[derive(Default)]
struct Tally {
    rows: u64,
    invited: u64,
    again: u64,
    there: u64,
    sent: usize,
    /// Line, address, reason.
    rejected: Vec<(u64, String, String)>,
}

impl Tally {
    fn show(&self) {
        let mut stderr = std::io::stderr();
        if self.rows.is_multiple_of(EVERY) && stderr.is_terminal() {
            let _ = write!(stderr, "\r{} rows, {} invited\u{1b}[K", self.rows, self.invited);
            let _ = stderr.flush();
        }
    }

    fn finish(self, as_json: bool) -> Exit {
        let Self { rows, invited, again, there, sent, rejected } = self;
        if std::io::stderr().is_terminal() {
            eprint!("\r\u{1b}[K");
        }
        if as_json {
            let bad: Vec<Value> = rejected
                .iter()
                .map(|(line, email, why)| json!({"line": line, "email": email, "reason": why}))
                .collect();
            output_json(&json!({
                "rows": rows, "invited": invited, "invited_again": again, "unchanged": there,
                "sent": sent, "rejected": bad,
            }))?;
        } else {
            let mut text = format!("Invited {invited} of {rows}");
            if again > 0 {
                let _ = write!(text, ", {again} again");
            }
            if there > 0 {
                let _ = write!(text, "; {there} already had an account");
            }
            text.push_str(".\n");
            for (line, email, why) in &rejected {
                let _ = writeln!(text, "Line {line}: {} {}", plain(email), plain(why));
            }
            if (sent as u64) < invited + again {
                let _ = writeln!(
                    text,
                    "The mail server has accepted {sent} mails so far: see `doorward mail list`."
                );
            }
            output(&text)?;
        }
        match rejected.len() {
            0 => Ok(()),
            1 => Err(Failure::Failed("1 row was rejected.".into())),
            many => Err(Failure::Failed(format!("{many} rows were rejected."))),
        }
    }
}
