//! SIGTERM and SIGINT (Ctrl-C), handled from one call on, so that a signal right after the announcement is
//! not missed. SIGHUP reloads files; it stops a server only if its terminal was closed.

#[cfg(unix)]
use std::io::IsTerminal;
use std::pin::Pin;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What to do at SIGHUP.
pub(in crate::cli) type AtHangup =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The signals that stop a server or reload files.
pub(in crate::cli) struct Signals {
    reread: Option<AtHangup>,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    impatience: Signal,
    #[cfg(unix)]
    hangup: Signal,
}

#[cfg(unix)]
impl Signals {
    /// Handles signals from now on.
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        let interrupts = || signal(SignalKind::interrupt());
        Ok(Self {
            reread: None,
            terminate: signal(SignalKind::terminate())?,
            interrupt: interrupts()?,
            impatience: interrupts()?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Two futures: the first signal, and the second Ctrl-C.
    pub(in crate::cli) fn split(mut self) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
        let first = async move {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                () = hung_up(self.hangup, self.reread) => {}
            }
        };
        let second = async move {
            self.impatience.recv().await;
            self.impatience.recv().await;
        };
        (first, second)
    }
}

impl Signals {
    /// Sets what to do at SIGHUP.
    pub(in crate::cli) fn at_hangup(self, reread: AtHangup) -> Self {
        Self { reread: Some(reread), ..self }
    }
}

/// The closing of the server's terminal. Without a terminal, SIGHUP reloads files.
#[cfg(unix)]
async fn hung_up(mut hangup: Signal, reread: Option<AtHangup>) {
    let has_terminal = std::io::stdin().is_terminal();
    while hangup.recv().await.is_some() && !has_terminal {
        if let Some(reread) = &reread {
            reread().await;
        } else {
            tracing::info!("SIGHUP has no effect: there is nothing to reload");
        }
    }
    if !has_terminal {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Ctrl-C is handled once this is awaited.
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        Ok(Self { reread: None })
    }

    /// Two futures: the first Ctrl-C and the second.
    pub(in crate::cli) fn split(self) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
        let first = async { drop(tokio::signal::ctrl_c().await) };
        let second = async {
            drop(tokio::signal::ctrl_c().await);
            drop(tokio::signal::ctrl_c().await);
        };
        (first, second)
    }
}
