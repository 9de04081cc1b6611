//! `doorward user sign-ins`, `devices` and `forget-devices`: how a user signs in, and where without a second
//! step.

use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::cli::operator::{by_operator, find_user};
use crate::cli::terminal::table;
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::devices::TrustedDevice;
use crate::error::Error;
use crate::gate::Authority;
use crate::input::Page;
use crate::sessions::SignInRecord;
use crate::timestamp::to_the_second;

/// Records per read.
const PAGE: i64 = 200;

/// Lists the newest sign-ins to an account, including failed ones.
pub(super) async fn sign_ins(app: &App, user: &str, limit: u32, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut page = Page { after: None, limit: PAGE.min(limit.into()) };
    let mut found = Vec::new();
    loop {
        let listed = app.sessions().sign_ins(Authority::Operator, id, page).await;
        let (records, next) = listed.map_err(failed)?;
        found.extend(records);
        match next {
            Some(next) if found.len() < wanted => page.after = Some(next),
            _ => break,
        }
    }
    found.truncate(wanted);
    if as_json {
        return output_json(&json!(found));
    }
    let row = |it: &SignInRecord| {
        let times = if it.times > 1 { format!(" ({} times)", it.times) } else { String::new() };
        vec![
            to_the_second(it.at),
            format!("{}{times}", it.result),
            it.amr.as_deref().unwrap_or_default().join(" "),
            it.ip.clone().unwrap_or_default(),
            it.client.clone().or_else(|| it.user_agent.clone()).unwrap_or_default(),
        ]
    };
    output(&table(&["WHEN", "RESULT", "BY", "ADDRESS", "CLIENT"], found.iter().map(row)))
}

/// Lists the trusted devices of an account.
pub(super) async fn list(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let found = app.devices().list_of(Authority::Operator, id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(found));
    }
    let row = |device: &TrustedDevice| {
        vec![
            device.id.to_string(),
            device.name.clone(),
            device.ip.clone().unwrap_or_default(),
            to_the_second(device.created_at),
            device.last_used_at.map_or_else(|| "never".into(), to_the_second),
            to_the_second(device.expires_at),
        ]
    };
    let headings = ["ID", "NAME", "ADDRESS", "TRUSTED", "LAST USED", "EXPIRES"];
    output(&table(&headings, found.iter().map(row)))
}

/// Removes one trusted device of an account, or all.
pub(super) async fn forget(app: &App, user: &str, device: Option<Uuid>, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let Some(device) = device else {
        app.devices().remove_all(&by_operator(), id).await.map_err(failed)?;
        if as_json {
            return output_json(&json!({"id": id, "devices_forgotten": true}));
        }
        return output(&format!("Removed all trusted devices of {user}.\n"));
    };
    let done = app.devices().remove_of(&by_operator(), id, device).await;
    done.map_err(|error| match error {
        Error::NotFound => Failure::Failed(format!("{user} has no trusted device {device}.")),
        other => failed(other),
    })?;
    if as_json {
        return output_json(&json!({"device": device, "forgotten": true}));
    }
    output(&format!("Removed the trusted device {device}.\n"))
}
