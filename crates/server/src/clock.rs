//! The only source of time. Tests hold a frozen clock and advance it. No other code may ask the operating
//! system for the time (`clippy.toml` forbids it), so every lifetime can be tested without sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Notify;

/// The longest single sleep of a wait, so that it notices a suspended machine or a changed clock.
const LONGEST_SLEEP: Duration = Duration::from_mins(10);

/// Returns the current time, in UTC with microseconds, the precision of both databases.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    frozen: Option<Arc<Frozen>>,
}

/// A frozen clock, and who waits for it to move.
#[derive(Debug)]
struct Frozen {
    micros: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock frozen at `at` until advanced; clones share it.
    pub fn frozen(at: OffsetDateTime) -> Self {
        let micros = i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(0);
        let frozen = Frozen { micros: AtomicI64::new(micros), moved: Notify::new() };
        Self { frozen: Some(Arc::new(frozen)) }
    }

    /// The current time, truncated to microseconds.
    pub fn now(&self) -> OffsetDateTime {
        if let Some(frozen) = &self.frozen {
            let nanos = i128::from(frozen.micros.load(Ordering::SeqCst)) * 1000;
            return OffsetDateTime::from_unix_timestamp_nanos(nanos)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        }
        #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.microsecond() * 1000).unwrap_or(now)
    }

    /// Waits until this time.
    pub async fn wait_until(&self, at: OffsetDateTime) {
        loop {
            let moved = self.frozen.as_ref().map(|frozen| frozen.moved.notified());
            let left = Duration::try_from(at - self.now()).unwrap_or_default();
            if left.is_zero() {
                return;
            }
            match moved {
                Some(moved) => moved.await,
                None => tokio::time::sleep(left.min(LONGEST_SLEEP)).await,
            }
        }
    }

    /// Moves a frozen clock forward; a system clock ignores it.
    pub fn advance(&self, by: Duration) {
        if let Some(frozen) = &self.frozen {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            frozen.micros.fetch_add(by, Ordering::SeqCst);
            frozen.moved.notify_waiters();
        }
    }

    /// Moves a frozen clock backward, as a corrected system clock would.
    pub fn rewind(&self, by: Duration) {
        if let Some(frozen) = &self.frozen {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            frozen.micros.fetch_sub(by, Ordering::SeqCst);
        }
    }
}

/// Remembers when a daily job was last done.
#[derive(Debug)]
pub struct Daily {
    last: AtomicI64,
}

impl Default for Daily {
    fn default() -> Self {
        Self { last: AtomicI64::new(i64::MIN) }
    }
}

impl Daily {
    /// True for one caller per day, the first time immediately.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        due(&self.last, now, 24 * 60 * 60)
    }
}

/// Remembers when a message was last logged that is logged at most once a minute.
#[derive(Debug)]
pub struct Seldom {
    last: AtomicI64,
}

impl Default for Seldom {
    fn default() -> Self {
        Self { last: AtomicI64::new(i64::MIN) }
    }
}

impl Seldom {
    /// True for one caller per minute, the first time immediately.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        due(&self.last, now, 60)
    }
}

/// Whether this many seconds have passed since `last`, for one caller.
fn due(last: &AtomicI64, now: OffsetDateTime, seconds: i64) -> bool {
    let now = now.unix_timestamp();
    let then = last.load(Ordering::Relaxed);
    // A last time in the future was set by a clock that has been corrected since.
    (now < then || now.saturating_sub(then) >= seconds)
        && last.compare_exchange(then, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_the_clock_gets_there() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        let clock = Clock::frozen(noon);
        clock.wait_until(noon).await;
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.wait_until(noon + time::Duration::HOUR).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_mins(59));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_mins(1));
        waiting.await.unwrap();
        let clock = Clock::system();
        clock.wait_until(clock.now() + Duration::from_millis(2)).await;
    }

    #[test]
    fn once_a_day_is_due_once_a_day_whatever_the_clock_has_said() {
        let daily = Daily::default();
        let noon = datetime!(2026-11-20 12:00 UTC);
        let due = |hours: i64| daily.is_due(noon + time::Duration::hours(hours));
        assert!(due(0) && !due(0) && !due(23) && due(24) && !due(47));
        assert!(due(24 * 400) && !due(24 * 400 + 1));
        assert!(due(48) && !due(49), "the clock was a year ahead for a while");
    }
}
