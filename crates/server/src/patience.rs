//! How long one request may wait for the database, for Redis and in queues, in total: all its waits share one
//! budget, so that delays do not add up. Work outside of requests is limited per call only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The budget of one request.
pub const IN_ALL: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// In microseconds; shared by all tasks of a request.
    static LEFT: Arc<AtomicU64>;
}

/// Runs the work of one request with its budget.
pub async fn within<T>(work: impl Future<Output = T>) -> T {
    LEFT.scope(Arc::new(AtomicU64::new(micros(IN_ALL))), work).await
}

/// The same work on another task, with the budget of the request that started it.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let left = LEFT.try_with(Arc::clone);
    async move {
        match left {
            Ok(left) => LEFT.scope(left, work).await,
            Err(_) => work.await,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// One wait; its duration is deducted when it is dropped.
#[derive(Debug)]
pub struct Wait {
    began: Instant,
    until: Instant,
}

impl Wait {
    /// A wait of at most this duration and the remaining budget.
    pub fn begin(at_most: Duration) -> Self {
        let left = LEFT.try_with(|left| Duration::from_micros(left.load(Ordering::Relaxed)));
        let left = left.unwrap_or(at_most);
        let began = Instant::now();
        Self { began, until: began + at_most.min(left) }
    }

    /// Its deadline.
    pub fn until(&self) -> Instant {
        self.until
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let took = micros(self.began.elapsed());
        // Nothing is deducted outside of a request.
        let _ = LEFT.try_with(|left| {
            let rest = left.load(Ordering::Relaxed).saturating_sub(took);
            left.store(rest, Ordering::Relaxed);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wait(at_most: u64, takes: u64) -> Duration {
        let wait = Wait::begin(Duration::from_secs(at_most));
        let began = Instant::now();
        let work = tokio::time::sleep(Duration::from_secs(takes));
        let _ = tokio::time::timeout_at(wait.until(), work).await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_waits_of_one_request_share_one_allowance() {
        let waits = within(async {
            let second = async || tokio::spawn(carried(wait(4, 3))).await.unwrap();
            (wait(4, 3).await, second().await, wait(4, 3).await)
        })
        .await;
        assert_eq!(waits.0, Duration::from_secs(3));
        // The sleep timer has a resolution of milliseconds.
        assert!(waits.1.abs_diff(Duration::from_secs(2)) < Duration::from_millis(10), "{waits:?}");
        assert!(waits.2 < Duration::from_millis(10), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn outside_of_a_request_each_wait_has_its_own_limit() {
        assert!(wait(4, 9).await >= Duration::from_secs(4));
        assert!(wait(4, 9).await >= Duration::from_secs(4));
    }
}
