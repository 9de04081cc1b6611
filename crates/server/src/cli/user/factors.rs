//! `doorward user factors` and `reset-factors`: an account's second factors.

use serde_json::json;

use crate::app::App;
use crate::cli::operator::{by_operator, confirm, find_user, send_notices};
use crate::cli::{Exit, failed, output, output_json};
use crate::gate::Authority;
use crate::timestamp::to_the_second;

/// Lists an account's factors.
pub(super) async fn show(app: &App, user: &str, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    let held = app.factors().list(Authority::Operator, id).await.map_err(failed)?;
    if as_json {
        return output_json(&json!(held));
    }
    if held.factors.is_empty() {
        return output(&format!("{user} has no second factor.\n"));
    }
    let lines = held.factors.iter().map(|factor| {
        let name = factor.name.as_deref().unwrap_or("-");
        let last = factor.last_used_at.map_or_else(|| "never".into(), to_the_second);
        let (id, kind, added) = (factor.id, &factor.kind, to_the_second(factor.created_at));
        format!("{id}  {kind}  {name}  added {added}  last used {last}\n")
    });
    let text: String = lines.collect();
    output(&format!("{text}{} recovery codes left\n", held.recovery_codes_left))
}

/// Removes all factors.
pub(super) async fn reset(app: &App, user: &str, yes: bool, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    confirm(
        &format!("{user} will be able to sign in with only the password, and all sessions end."),
        yes,
    )?;
    app.factors().reset(&by_operator(), id).await.map_err(failed)?;
    send_notices(app).await;
    if as_json {
        return output_json(&json!({"id": id, "factors_reset": true}));
    }
    output(&format!("Removed the second factors of {user} and ended its sessions.\n"))
}
