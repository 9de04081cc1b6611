//! SIGHUP: the operator's files that the server has read are read anew: word list, breach file and mail
//! templates. Settings, secrets and keys stay as they are; those change by a restart.

use crate::app::App;
use crate::cli::serve::supervisor;
use crate::config::Reread;
use crate::mail::Delivery;

/// Reads them and says in one line what was read; what cannot be used leaves what was read before.
pub(super) async fn reread(app: App, delivery: Option<Delivery>, status: String) {
    supervisor::reloading().await;
    let reading = tokio::task::spawn_blocking(move || {
        let mut told = app.passwords.reread();
        told.extend(delivery.and_then(|delivery| delivery.reread()));
        told
    });
    match reading.await {
        Ok(told) => say(&told),
        Err(error) => tracing::error!(%error, "SIGHUP: the files could not be read anew"),
    }
    supervisor::ready(&status).await;
}

fn say(told: &[Reread]) {
    let (mut anew, mut kept) = (Vec::new(), Vec::new());
    for one in told {
        match one {
            Reread::Anew(text) => anew.push(text.as_str()),
            Reread::Kept(text) => kept.push(text.as_str()),
        }
    }
    let anew = anew.join(", ");
    match (anew.is_empty(), kept.is_empty()) {
        (true, true) => tracing::info!(
            "SIGHUP: no word list, breach file or mail templates to read anew; settings change by a restart"
        ),
        (false, true) => tracing::info!("SIGHUP: read anew: {anew}"),
        (true, false) => tracing::error!("SIGHUP: nothing was read anew: {}", left(&kept)),
        (false, false) => tracing::error!("SIGHUP: read anew: {anew}; {}", left(&kept)),
    }
}

fn left(kept: &[&str]) -> String {
    format!("{}; what was read before stays", kept.join("; "))
}
