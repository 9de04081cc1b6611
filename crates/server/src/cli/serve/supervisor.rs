//! Notifications for the process supervisor (systemd), if it listens (`NOTIFY_SOCKET`): the server is ready,
//! waits for something, reloads files or stops, and, if requested (`WATCHDOG_USEC`), still responds.
//! Otherwise this does nothing.

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Instant, sleep_until, timeout};

use crate::cli::serve::asker::Asker;

/// Sends these lines; returns when they are sent.
pub(in crate::cli) async fn notify(lines: String) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    // The socket accepts a line immediately unless its reader hangs, and then only this thread waits.
    let sent =
        tokio::task::spawn_blocking(move || sd_notify::notify(&[NotifyState::Custom(&lines)]));
    match sent.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the supervisor cannot be notified"),
        Err(error) => tracing::warn!(%error, "the supervisor was not notified"),
    }
}

/// The server accepts connections, with this status.
pub(in crate::cli) async fn ready(status: &str) {
    notify(format!("READY=1\nSTATUS={}", one_line(status))).await;
}

/// A new status.
pub(in crate::cli) async fn status(status: &str) {
    notify(format!("STATUS={}", one_line(status))).await;
}

/// The server accepts no more requests.
pub(in crate::cli) async fn stopping() {
    notify("STOPPING=1\nSTATUS=Stopping: requests in progress may finish".into()).await;
}

/// The server reloads files, until [`ready`].
pub(in crate::cli) async fn reloading() {
    // systemd 253 and later require the time.
    let when = NotifyState::monotonic_usec_now().map(|now| format!("\n{now}")).unwrap_or_default();
    notify(format!("RELOADING=1{when}")).await;
}

/// If requested, reports periodically that the server responds, if it does: checked over one persistent
/// connection, so that a full accept queue does not count as a failure.
pub(in crate::cli) async fn keep_alive(at: SocketAddr) {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    let pause = within / 3;
    let mut probe = Asker::of(at);
    let mut next = Instant::now();
    loop {
        if answers(&mut probe, pause).await {
            notify("WATCHDOG=1".into()).await;
        }
        next += pause;
        sleep_until(next).await;
    }
}

async fn answers(probe: &mut Asker, patience: Duration) -> bool {
    let why = match timeout(patience, probe.get("/livez")).await {
        Ok(Ok((200, _))) => return true,
        Ok(Ok((status, _))) => format!("the response was {status}"),
        Ok(Err(why)) => why,
        Err(_) => format!("no response within {patience:?}"),
    };
    probe.hang_up();
    tracing::error!(why, "the server does not respond to itself; the watchdog is not notified");
    false
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_server_that_accepts_and_never_answers_counts_as_dead() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut probe = Asker::of(listener.local_addr().unwrap());
        assert!(!answers(&mut probe, Duration::from_millis(50)).await);
        drop(listener);
        assert!(!answers(&mut probe, Duration::from_secs(5)).await);
    }

    #[test]
    fn a_status_is_one_line() {
        assert_eq!(one_line("a\nREADY=1\r\n  b"), "a READY=1 b");
    }
}
