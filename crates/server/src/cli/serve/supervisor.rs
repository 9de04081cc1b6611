//! What the supervisor of the process (systemd) is told, where one listens (`NOTIFY_SOCKET`): that the server
//! is ready, what it waits for, that it reads files anew or stops, and, where it asks for that (`WATCHDOG_USEC`),
//! that it still answers. Elsewhere all of this does nothing.

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Instant, sleep_until, timeout};

use crate::cli::serve::asker::Asker;

/// Says these lines; returns when they are sent.
pub(in crate::cli) async fn notify(lines: String) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    // The socket takes a line at once unless its reader hangs, and then only this thread waits.
    let sent =
        tokio::task::spawn_blocking(move || sd_notify::notify(&[NotifyState::Custom(&lines)]));
    match sent.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the supervisor cannot be notified"),
        Err(error) => tracing::warn!(%error, "the supervisor was not notified"),
    }
}

/// The server accepts connections, and this is what it does.
pub(in crate::cli) async fn ready(status: &str) {
    notify(format!("READY=1\nSTATUS={}", one_line(status))).await;
}

/// What it does now.
pub(in crate::cli) async fn status(status: &str) {
    notify(format!("STATUS={}", one_line(status))).await;
}

/// It takes no more requests.
pub(in crate::cli) async fn stopping() {
    notify("STOPPING=1\nSTATUS=Stopping: requests in progress may finish".into()).await;
}

/// It reads files anew; [`ready`] says that this is over.
pub(in crate::cli) async fn reloading() {
    // systemd from 253 on wants to know when.
    let when = NotifyState::monotonic_usec_now().map(|now| format!("\n{now}")).unwrap_or_default();
    notify(format!("RELOADING=1{when}")).await;
}

/// Where the supervisor asks for it, says again and again that the server still answers, if it does: whether
/// it is asked over one connection that is kept, so that a crowd at the door proves nothing wrong.
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
        Ok(Ok((status, _))) => format!("the answer was {status}"),
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
