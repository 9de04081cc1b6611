//! The state of a connection and its start: waiting for a header block, responding, or idle. It sets the
//! connection's only timer, so that every slow client has a deadline and honest ones need no timer per
//! request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::accept::limits::Limits;

/// Accepted; no byte received.
const NEW: u8 = 0;
/// Part of a header block received.
const HEAD: u8 = 1;
/// Responding.
const BUSY: u8 = 2;
/// Between requests.
const IDLE: u8 = 3;

/// Shared by the connection, its socket and its exchanges.
#[derive(Debug)]
pub(super) struct Pulse {
    accepted: Instant,
    long_rest: Duration,
    phase: AtomicU8,
    since_ms: AtomicU64,
    exchanges: AtomicU32,
    multiplexed: AtomicBool,
    unread: AtomicBool,
    unsent: AtomicBool,
    rested: AtomicBool,
    retired: AtomicBool,
    retirement: Notify,
}

impl Pulse {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            accepted: Instant::now(),
            long_rest: limits.idle / 2,
            phase: AtomicU8::new(NEW),
            since_ms: AtomicU64::new(0),
            exchanges: AtomicU32::new(0),
            multiplexed: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            unsent: AtomicBool::new(false),
            rested: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            retirement: Notify::new(),
        })
    }

    /// When the client will be too slow.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        let patience = match self.phase.load(Relaxed) {
            NEW | HEAD => limits.head,
            BUSY => limits.exchange,
            _ if self.unsent.load(Relaxed) => limits.exchange,
            _ => limits.idle,
        };
        self.since() + patience
    }

    /// True while the client waits for a response.
    pub(super) fn is_busy(&self) -> bool {
        self.phase.load(Relaxed) == BUSY
    }

    /// True if the client may still be sending: part of a header block was received, or a body was not read
    /// to its end.
    pub(super) fn hears_more(&self) -> bool {
        self.phase.load(Relaxed) == HEAD || self.unread.load(Relaxed)
    }

    /// True if no response is pending on this connection and it was not asked to close.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && !self.retired.load(Relaxed)
    }

    /// When the current state began.
    pub(super) fn since(&self) -> Instant {
        self.accepted + Duration::from_millis(self.since_ms.load(Relaxed))
    }

    /// Asks the connection to close once no response is pending.
    pub(super) fn retire(&self) {
        self.retired.store(true, Relaxed);
        self.retirement.notify_one();
    }

    /// Waits until the connection is asked to close.
    pub(super) async fn retirement(&self) {
        self.retirement.notified().await;
    }

    /// True if the next response should say that the connection closes after it (RFC 9112 §9.6): it was asked
    /// to close, or had been idle for so long that its timeout may soon cross a request.
    pub(super) fn closes_connection(&self) -> bool {
        self.retired.load(Relaxed) || self.rested.load(Relaxed)
    }

    /// A request's body was dropped before its end.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    /// The client does not read what it is sent. For hyper, a response ends once it is in the buffer.
    pub(super) fn held_up(&self) {
        self.unsent.store(true, Relaxed);
    }

    /// Nothing is left to send.
    pub(super) fn all_sent(&self) {
        if self.unsent.swap(false, Relaxed) && self.phase.load(Relaxed) == IDLE {
            self.enter(IDLE);
        }
    }

    /// A request's header block has been read; the exchange lasts until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>, multiplexed: bool) -> Exchange {
        self.exchanges.fetch_add(1, Relaxed);
        self.multiplexed.store(multiplexed, Relaxed);
        self.enter(BUSY);
        Exchange(Arc::clone(self))
    }

    fn enter(&self, phase: u8) {
        let since = self.accepted.elapsed().as_millis();
        self.since_ms.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        self.phase.store(phase, Relaxed);
    }

    /// On HTTP/2, bytes between requests are mostly acknowledgements, not a header block.
    pub(super) fn bytes_arrived(&self) {
        match self.phase.load(Relaxed) {
            NEW => self.phase.store(HEAD, Relaxed),
            IDLE if !self.multiplexed.load(Relaxed) => {
                if self.since().elapsed() > self.long_rest {
                    self.rested.store(true, Relaxed);
                }
                self.enter(HEAD);
            }
            _ => {}
        }
    }
}

/// One request and its response.
#[derive(Debug)]
pub(super) struct Exchange(Arc<Pulse>);

impl Exchange {
    /// The client keeps reading, so its time starts again.
    pub(super) fn goes_on(&self) {
        self.0.enter(BUSY);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let last = self.0.exchanges.fetch_sub(1, Relaxed) == 1;
        self.0.enter(if last { IDLE } else { BUSY });
    }
}
