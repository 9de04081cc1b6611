//! `doorward user receipt verify`: whether this server issued a receipt of a deleted account, and for whom.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use crate::accounts::ErasureReceipt;
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::config::Settings;
use crate::email::Email;

/// Maximum size of a file.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReceiptCommand {
    /// Verify that this server issued a receipt when it deleted the account
    Verify {
        /// The file with the receipt, as JSON
        file: PathBuf,
        /// Also verify that the account had this e-mail address
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
    },
}

pub(in crate::cli) fn run(command: &ReceiptCommand, settings: &Settings, as_json: bool) -> Exit {
    let ReceiptCommand::Verify { file, email } = command;
    let receipt = read(file)?;
    let email = email.as_deref().map(|typed| {
        Email::parse(typed)
            .ok_or_else(|| Failure::Usage(format!("{typed:?} is not a valid e-mail address.")))
    });
    let email = email.transpose()?;
    let file = file.display();
    if !receipt.is_genuine(settings) {
        return Err(Failure::Failed(format!(
            "{file} is not genuine: it was altered, has no proof, or was issued with a secret that is neither \
                the current one nor in PREVIOUS_SECRETS."
        )));
    }
    if let Some(email) = email.filter(|email| !receipt.had(settings, email)) {
        return Err(Failure::Failed(format!("{file} is genuine, but not for {}.", email.as_str())));
    }
    let (id, at) = (receipt.user_id, &receipt.erased_at);
    if as_json {
        return output_json(&json!({"genuine": true, "user_id": id, "erased_at": at}));
    }
    output(&format!("{file} is genuine: the account {id} was deleted at {at}.\n"))
}

/// The receipt alone, or the output of `doorward user delete --json`.
fn read(path: &Path) -> Result<ErasureReceipt, Failure> {
    let name = path.display();
    let size = std::fs::metadata(path).map_err(|error| failed(format!("{name}: {error}")))?.len();
    let no_receipt = || Failure::Failed(format!("{name} is not a receipt of a deleted account."));
    if size > MAX_BYTES {
        return Err(no_receipt());
    }
    let text = std::fs::read(path).map_err(|error| failed(format!("{name}: {error}")))?;
    let mut document: Value = serde_json::from_slice(&text).map_err(|_| no_receipt())?;
    let inner = document.get_mut("receipt").map(Value::take);
    serde_json::from_value(inner.unwrap_or(document)).map_err(|_| no_receipt())
}
