//! `doorward mail`: lists and retries mails in the outbox, and tests mail.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

mod preview;
mod shown;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::operator::{OperatorArgs, by_operator, confirm};
use super::sources::SourceArgs;
use crate::app::App;
use crate::cli::{Exit, Failure, failed, log, output, output_json};
use crate::email::Email;
use crate::error::Error;
use crate::letters::test_letter_to;
use crate::mail::Delivery;
use preview::PreviewArgs;

/// Shows and delivers mails.
#[derive(Debug, Args)]
pub(in crate::cli) struct MailArgs {
    #[command(subcommand)]
    command: MailCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// List mails that are not sent, newest first
    List {
        /// Include mails sent in the last week
        #[arg(long)]
        all: bool,
        /// List at most this many
        #[arg(long, value_name = "COUNT", default_value_t = 100,
              value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show one mail: recipient, delivery attempts, and why it was not sent
    Show {
        /// The mail's id, from `doorward mail list`
        mail: Uuid,
        /// Also show its contents, including the link or code; this is recorded in the audit log
        #[arg(long)]
        reveal: bool,
    },
    /// Retry a mail now, or all failed mails, and show the result
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Retry {
        /// The mail's id, from `doorward mail list`
        #[arg(group = "which")]
        mail: Option<Uuid>,
        /// All failed mails
        #[arg(long, group = "which")]
        failed: bool,
    },
    /// Delete a mail that is not sent
    Discard {
        /// The mail's id, from `doorward mail list`
        mail: Uuid,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
    /// Write previews of all mails in all languages as files
    ///
    /// Uses the active templates, including those of MAIL_TEMPLATES, with sample values. Reports broken
    /// templates.
    Preview(PreviewArgs),
    /// Send a test mail to this address and show the mail server's response
    Test {
        /// The recipient
        address: String,
    },
}

/// Runs `doorward mail`.
pub(in crate::cli) async fn run(args: MailArgs, sources: &SourceArgs) -> Exit {
    if let MailCommand::Preview(preview) = &args.command {
        let settings = args.operator.settings_for_letters(sources)?;
        return preview::preview(preview, &settings, args.operator.json);
    }
    // The outbox is encrypted with the secret.
    let app = OperatorArgs::open(args.operator.settings(sources)?).await?;
    let json = args.operator.json;
    match args.command {
        MailCommand::List { all, limit } => {
            let found = app.outbox().list(all, limit).await.map_err(failed)?;
            shown::list(&found, json)
        }
        MailCommand::Show { mail, reveal } => show(&app, mail, reveal, json).await,
        MailCommand::Retry { mail: Some(id), .. } => retry(&app, id, json).await,
        MailCommand::Retry { .. } => retry_failed(&app, json).await,
        MailCommand::Discard { mail, yes } => discard(&app, mail, yes, json).await,
        MailCommand::Preview(_) => Err(Failure::Usage("This command was not run.".into())),
        MailCommand::Test { address } => test(&app, &address, json).await,
    }
}

async fn show(app: &App, id: Uuid, reveal: bool, as_json: bool) -> Exit {
    let entry = app.outbox().show(id).await.map_err(|error| missing(id, error))?;
    let text = if reveal {
        let text = app.outbox().reveal(&by_operator(), id).await.map_err(failed)?;
        Some(text.ok_or_else(|| {
            Failure::Failed(format!(
                "{id} has no readable text: it is {}, or encrypted with another secret.",
                entry.state
            ))
        })?)
    } else {
        None
    };
    shown::one(&entry, text.as_ref(), as_json)
}

async fn retry(app: &App, id: Uuid, as_json: bool) -> Exit {
    let delivery = delivery(app)?;
    let before = app.outbox().show(id).await.map_err(|error| missing(id, error))?;
    if !app.outbox().retry(id).await.map_err(failed)? {
        return Err(Failure::Failed(match before.state.as_str() {
            "sending" => format!("{id} is being delivered: check again in two minutes."),
            state => format!("{id} cannot be sent: it is {state}."),
        }));
    }
    delivery.deliver_due().await.map_err(failed)?;
    let entry = app.outbox().show(id).await.map_err(|error| missing(id, error))?;
    if as_json {
        output_json(&shown::document(&entry, None))?;
    }
    match entry.last_error {
        Some(why) if entry.state != "sent" => Err(Failure::Failed(why)),
        _ if as_json => Ok(()),
        _ => output(&format!("{id} is {}.\n", entry.state)),
    }
}

async fn retry_failed(app: &App, as_json: bool) -> Exit {
    let delivery = delivery(app)?;
    let tried = app.outbox().retry_failed().await.map_err(failed)?.len();
    let sent = delivery.deliver_due().await.map_err(failed)?;
    if as_json {
        return output_json(&json!({"tried": tried, "sent": sent}));
    }
    let rest = if sent < tried { " See `doorward mail list` for the rest." } else { "" };
    output(&format!("Retried {tried}; the mail server accepted {sent}.{rest}\n"))
}

async fn discard(app: &App, id: Uuid, yes: bool, as_json: bool) -> Exit {
    let entry = app.outbox().show(id).await.map_err(|error| missing(id, error))?;
    confirm(&format!("This deletes the {} mail without sending it.", entry.kind), yes)?;
    if !app.outbox().discard(&by_operator(), id).await.map_err(failed)? {
        let why = format!("{id} is being delivered: try again in two minutes.");
        return Err(Failure::Failed(why));
    }
    if as_json {
        return output_json(&json!({"mail": id, "discarded": true}));
    }
    output(&format!("Discarded {id}.\n"))
}

async fn test(app: &App, address: &str, as_json: bool) -> Exit {
    let to = Email::parse(address)
        .ok_or_else(|| Failure::Usage(format!("{address:?} is not a valid e-mail address.")))?;
    let answer = delivery(app)?.send_now(&test_letter_to(&to)).await.map_err(Failure::Failed)?;
    if as_json {
        return output_json(&json!({"to": address, "answer": answer}));
    }
    output(&format!("The mail server accepted the mail to {address}: {answer}.\n"))
}

/// The delivery worker; the failure says how to set up mail.
pub(in crate::cli) fn delivery(app: &App) -> Result<Delivery, Failure> {
    let delivery = app.delivery(log::say).map_err(Failure::configuration)?;
    delivery.ok_or_else(|| {
        Failure::configuration(
            "SMTP_URL is not set, so no mail can be sent: set it to the address of \
            your mail server, such as smtp://user:password@mail.example.com:587."
                .to_owned(),
        )
    })
}

fn missing(id: Uuid, error: Error) -> Failure {
    match error {
        Error::NotFound => {
            Failure::Failed(format!("There is no mail {id}: see `doorward mail list`."))
        }
        other => failed(other),
    }
}
