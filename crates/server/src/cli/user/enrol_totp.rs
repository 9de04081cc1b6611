//! `doorward user enrol-totp`: adds an authenticator app to an account on the command line, with a QR code in
//! the terminal. For the operator's own account, before `MFA` requires a factor, and at a help desk.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::io::IsTerminal;

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::read_name;
use crate::app::App;
use crate::cli::operator::{by_operator, find_user, send_notices};
use crate::cli::terminal::{note, six_digits, with_colour};
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::error::Error;
use crate::factors::{Enrolment, blocks_of};
use crate::single_use::SixDigits;

/// Black on white, like a QR code, whatever the terminal's own colours.
const BLACK_ON_WHITE: (&str, &str) = ("\u{1b}[38;5;16;48;5;231m", "\u{1b}[0m");

#[derive(Debug, Args)]
pub(in crate::cli) struct EnrolArgs {
    /// The account's id or e-mail address
    user: String,
    /// The name of the app
    #[arg(long)]
    name: Option<String>,
    /// Confirm the app with this id using a code from standard input or the terminal
    #[arg(long, value_name = "ID", conflicts_with = "name")]
    confirm: Option<Uuid>,
}

/// Adds an app, or confirms one that was added.
pub(super) async fn run(app: &App, args: EnrolArgs, as_json: bool) -> Exit {
    let user = find_user(app, &args.user).await?.user;
    if let Some(id) = args.confirm {
        let code = six_digits()?;
        return confirm(app, (user.id, &args.user), id, &code, as_json).await;
    }
    let name = args.name.map(|name| read_name(&name)).transpose()?;
    let made = app.factors().enrol_for(&by_operator(), &user, name).await.map_err(failed)?;
    let later = format!("doorward user enrol-totp {} --confirm {}", args.user, made.id);
    if as_json {
        return output_json(&json!(made));
    }
    show(&made)?;
    if !std::io::stdin().is_terminal() {
        note(&format!("It is not active yet. Confirm it with a code of the app: `{later}`."));
        return Ok(());
    }
    let code = six_digits()?;
    confirm(app, (user.id, &args.user), made.id, &code, as_json).await.inspect_err(|_| {
        note(&format!("The app is not confirmed yet: `{later}`."));
    })
}

fn show(made: &Enrolment) -> Exit {
    let blocks = blocks_of(&made.otpauth_url)
        .ok_or_else(|| Failure::Failed("The QR code is too small for the text.".into()))?;
    let picture = if with_colour() {
        let (begin, end) = BLACK_ON_WHITE;
        blocks.lines().flat_map(|line| [begin, line, end, "\n"]).collect()
    } else {
        format!("{blocks}\n")
    };
    let Enrolment { secret, otpauth_url, .. } = made;
    output(&format!("{picture}\nSecret: {secret}\n{otpauth_url}\n"))
}

async fn confirm(
    app: &App,
    (owner, user): (Uuid, &str),
    id: Uuid,
    code: &SixDigits,
    as_json: bool,
) -> Exit {
    let done = app.factors().confirm_for(&by_operator(), owner, id, code).await;
    let codes = done.map_err(|error| {
        match error {
        Error::NotFound => {
            Failure::Failed(format!("{user} has no unconfirmed app {id}."))
        }
        Error::WrongCode => Failure::Failed(
            "The code is wrong: wait for the app's next code, and check the clocks of both devices."
                .into(),
        ),
        other => failed(other),
    }
    })?;
    send_notices(app).await;
    let codes = codes.map(|codes| codes.recovery_codes);
    if as_json {
        return output_json(&json!({"id": id, "recovery_codes": codes}));
    }
    note(&format!("{user} must use a code of this app to sign in from now on."));
    let Some(codes) = codes else { return Ok(()) };
    note("Recovery codes in case the phone is lost; they are only shown once:");
    output(&(codes.join("\n") + "\n"))
}
