//! `doorward user send-reset`: sends a user the mail with a link to set a new password, as if they had
//! requested it, so that only they know the new one.

use serde_json::json;

use crate::app::App;
use crate::cli::operator::{by_operator, find_user};
use crate::cli::{Exit, Failure, failed, log, output, output_json};
use crate::error::Error;

pub(in crate::cli) async fn send_reset(app: &App, user: &str, as_json: bool) -> Exit {
    let delivery = app.delivery(log::say).map_err(Failure::configuration)?;
    let delivery = delivery.ok_or_else(|| {
        Failure::configuration("SMTP_URL is not set, so no mail can be sent: see docs/mail.md.")
    })?;
    let found = find_user(app, user).await?.user;
    let Some(email) = found.email else {
        return Err(Failure::Failed(format!("{user} has no e-mail address to write to.")));
    };
    let mail =
        app.passwords.send_reset(&by_operator(), found.id).await.map_err(|error| match error {
            Error::MailOff => Failure::Failed(format!(
                "{email} has received five such mails in the last hour: try again later."
            )),
            other => failed(other),
        })?;
    delivery.deliver_due().await.map_err(failed)?;
    let entry = app.outbox().show(mail).await.map_err(failed)?;
    match entry.state.as_str() {
        "void" => Err(Failure::Failed(format!("Nothing was sent: {user} is disabled or banned."))),
        "failed" => Err(Failure::Failed(entry.last_error.unwrap_or_default())),
        state if as_json => output_json(&json!({"id": found.id, "mail": mail, "state": state})),
        "sent" => output(&format!("Sent {email} a link to set a new password.\n")),
        _ => output(&format!(
            "The mail to {email} is queued and will be retried: see `doorward mail show {mail}`.\n"
        )),
    }
}
