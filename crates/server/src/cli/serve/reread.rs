//! SIGHUP: reloads the operator's files: word list, breach file and mail templates. Settings, secrets and
//! keys change only with a restart.

use crate::app::App;
use crate::cli::serve::supervisor;
use crate::config::Reread;
use crate::mail::Delivery;

/// Reloads them and logs the result in one line; an invalid file leaves the previous contents in use.
pub(super) async fn reread(app: App, delivery: Option<Delivery>, status: String) {
    supervisor::reloading().await;
    let reading = tokio::task::spawn_blocking(move || {
        let mut reports = app.passwords.reread();
        reports.extend(delivery.and_then(|delivery| delivery.reread()));
        reports
    });
    match reading.await {
        Ok(reports) => say(&reports),
        Err(error) => tracing::error!(%error, "SIGHUP: the files could not be reloaded"),
    }
    supervisor::ready(&status).await;
}

fn say(reports: &[Reread]) {
    let (mut anew, mut kept) = (Vec::new(), Vec::new());
    for one in reports {
        match one {
            Reread::Anew(text) => anew.push(text.as_str()),
            Reread::Kept(text) => kept.push(text.as_str()),
        }
    }
    let anew = anew.join(", ");
    match (anew.is_empty(), kept.is_empty()) {
        (true, true) => tracing::info!(
            "SIGHUP: there is no word list, breach file or mail template to reload; restart to change settings"
        ),
        (false, true) => tracing::info!("SIGHUP: reloaded {anew}"),
        (true, false) => tracing::error!("SIGHUP: nothing was reloaded: {}", left(&kept)),
        (false, false) => tracing::error!("SIGHUP: reloaded {anew}; {}", left(&kept)),
    }
}

fn left(kept: &[&str]) -> String {
    format!("{}; the previous contents stay in use", kept.join("; "))
}
