//! The rate-limiting rule, GCRA (the leaky bucket as a meter), as a pure function. The state of a client is
//! one instant, the theoretical arrival time (TAT), when its quota is full again. A request advances it by
//! one emission interval, and is rejected if it would then be more than a window ahead.

use crate::config::Quota;

/// The decision on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// Serve it.
    pub(super) allowed: bool,
    /// Requests left.
    pub(super) remaining: u32,
    /// Microseconds until the next request is allowed if rejected, otherwise until the quota is full.
    pub(super) wait: i64,
}

impl Decision {
    /// `wait` in whole seconds, rounded up, so that waiting that long is enough.
    pub(super) fn wait_seconds(self) -> u64 {
        u64::try_from(self.wait).unwrap_or(0).div_ceil(1_000_000)
    }
}

/// Decides at `now` for a client with this TAT (both in microseconds); also returns the new TAT.
pub(super) fn decide(quota: Quota, tat: i64, now: i64) -> (Decision, i64) {
    let window = micros(quota);
    let interval = (window / i64::from(quota.requests)).max(1);
    // If the clock was set back, no stored instant may cause a wait of more than a full window.
    let tat = tat.clamp(now, now.saturating_add(window));
    let next = tat.saturating_add(interval);
    let debt = next - now;
    if debt > window {
        let decision = Decision { allowed: false, remaining: 0, wait: debt - window };
        return (decision, tat);
    }
    let remaining = u32::try_from((window - debt) / interval).unwrap_or(u32::MAX);
    (Decision { allowed: true, remaining, wait: debt }, next)
}

/// The window in microseconds.
pub(super) fn micros(quota: Quota) -> i64 {
    i64::try_from(quota.window.as_micros()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: i64 = 1_000_000;

    fn quota(requests: u32, seconds: u64) -> Quota {
        Quota { requests, window: Duration::from_secs(seconds) }
    }

    /// How many of `attempts` simultaneous requests pass, starting from `tat`.
    fn burst(quota: Quota, tat: &mut i64, now: i64, attempts: usize) -> usize {
        (0..attempts)
            .filter(|_| {
                let (decision, next) = decide(quota, *tat, now);
                *tat = next;
                decision.allowed
            })
            .count()
    }

    #[test]
    fn the_whole_quota_may_come_at_once_and_no_more() {
        let mut tat = 0;
        assert_eq!(burst(quota(60, 60), &mut tat, 1_000 * SECOND, 200), 60);
        assert_eq!(burst(quota(60, 60), &mut tat, 1_005 * SECOND, 200), 5);
        assert_eq!(burst(quota(60, 60), &mut tat, 2_000 * SECOND, 200), 60);
        assert_eq!(burst(quota(1, 1), &mut 0, 0, 3), 1);
        // A quota that does not divide its window never allows less than configured.
        assert_eq!(burst(quota(7, 60), &mut 0, 0, 9), 7);
    }

    #[test]
    fn waiting_as_long_as_told_helps_and_a_little_less_does_not() {
        let limit = quota(3, 60);
        let (mut tat, now) = (0, 500 * SECOND);
        burst(limit, &mut tat, now, 3);
        let (refused, _) = decide(limit, tat, now);
        assert_eq!(refused, Decision { allowed: false, remaining: 0, wait: 20 * SECOND });
        assert!(!decide(limit, tat, now + refused.wait - 1).0.allowed);
        assert!(decide(limit, tat, now + refused.wait).0.allowed);
    }

    #[test]
    fn what_is_left_counts_down() {
        let limit = quota(3, 60);
        let mut tat = 0;
        for left in [2, 1, 0] {
            let (decision, next) = decide(limit, tat, 0);
            tat = next;
            assert_eq!(decision.remaining, left);
        }
        assert_eq!(decide(limit, 0, 0).0.wait_seconds(), 20);
    }

    #[test]
    fn a_clock_set_back_costs_at_most_one_window() {
        let limit = quota(3, 60);
        let mut tat = 0;
        burst(limit, &mut tat, 10_000 * SECOND, 3);
        let (refused, _) = decide(limit, tat, 6_400 * SECOND);
        assert!(!refused.allowed && refused.wait <= 60 * SECOND);
    }

    #[test]
    fn refused_requests_cost_nothing_more() {
        let limit = quota(3, 60);
        let mut tat = 0;
        burst(limit, &mut tat, 0, 10_000);
        assert_eq!(burst(limit, &mut tat, 60 * SECOND, 10), 3);
    }
}
