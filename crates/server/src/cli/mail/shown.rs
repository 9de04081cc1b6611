//! Formats mails of the outbox for people and programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::terminal::{plain, table};
use crate::cli::{Exit, output, output_json};
use crate::mail::{MailText, OutboxEntry};
use crate::timestamp::to_the_second;

pub(super) fn list(found: &[OutboxEntry], as_json: bool) -> Exit {
    if as_json {
        return output_json(&Value::Array(found.iter().map(|one| document(one, None)).collect()));
    }
    if found.is_empty() {
        return output("No mails are waiting or failed.\n");
    }
    let row = |one: &OutboxEntry| {
        vec![
            one.id.to_string(),
            one.kind.clone(),
            recipient(one),
            one.state.clone(),
            one.attempts.to_string(),
            one.due_at.map_or_else(String::new, to_the_second),
            one.last_error.clone().unwrap_or_default(),
        ]
    };
    let headings = ["ID", "KIND", "TO", "STATE", "ATTEMPTS", "NEXT ATTEMPT", "LAST ERROR"];
    output(&table(&headings, found.iter().map(row)))
}

pub(super) fn one(entry: &OutboxEntry, text: Option<&MailText>, as_json: bool) -> Exit {
    if as_json {
        return output_json(&document(entry, text));
    }
    let time = |at: Option<time::OffsetDateTime>| at.map(to_the_second);
    let lines = [
        ("Id", Some(entry.id.to_string())),
        ("Kind", Some(entry.kind.clone())),
        ("To", Some(recipient(entry))),
        ("State", Some(entry.state.clone())),
        ("Asked for", Some(to_the_second(entry.created_at))),
        ("Attempts", Some(entry.attempts.to_string())),
        ("Next attempt", time(entry.due_at)),
        ("Link expires", time(entry.expires_at)),
        ("Done", time(entry.done_at)),
        ("Last error", entry.last_error.clone()),
    ];
    let mut shown = String::new();
    for (name, value) in lines {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = writeln!(shown, "{name:<14}{}", plain(&value));
        }
    }
    if let Some(text) = text {
        let _ = writeln!(shown, "{:<14}{}\n", "Subject", plain(&text.subject));
        for line in text.text.lines() {
            let _ = writeln!(shown, "{}", plain(line));
        }
    }
    output(&shown)
}

/// The address if the row still has it, otherwise the account.
fn recipient(entry: &OutboxEntry) -> String {
    let user = || entry.user.map(|id| format!("user {id}"));
    entry.to.clone().or_else(user).unwrap_or_default()
}

pub(super) fn document(entry: &OutboxEntry, text: Option<&MailText>) -> Value {
    let time = |at: Option<time::OffsetDateTime>| at.map(to_the_second);
    let mut document = json!({
        "id": entry.id,
        "kind": entry.kind,
        "to": entry.to,
        "user_id": entry.user,
        "state": entry.state,
        "attempts": entry.attempts,
        "next_attempt_at": time(entry.due_at),
        "expires_at": time(entry.expires_at),
        "last_error": entry.last_error,
        "created_at": to_the_second(entry.created_at),
        "done_at": time(entry.done_at),
    });
    if let Some(text) = text {
        document["subject"] = json!(text.subject);
        document["text"] = json!(text.text);
    }
    document
}
