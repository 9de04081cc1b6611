//! When delivery is retried, and when it is given up: ten attempts in three days. And how long an unavailable
//! server is left alone.

use std::time::Duration;

use time::OffsetDateTime;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The delay after each attempt.
const WAITS: [u64; 9] =
    [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR];
/// Mails of this age are given up.
const GIVE_UP_AFTER: time::Duration = time::Duration::days(3);

/// Delays while the server is unavailable, by the number of consecutive failures.
const PAUSES: [u64; 5] = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE];
/// The minimum delay, whatever is added to the outbox.
pub(super) const LEAST_PAUSE: Duration = Duration::from_secs(MINUTE);

/// The next attempt after this many; `None` to give up.
pub(super) fn next_attempt(
    attempts: i64,
    created_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let wait = usize::try_from(attempts - 1).ok().and_then(|done| WAITS.get(done).copied());
    let next = now + Duration::from_secs(wait?);
    (next <= created_at + GIVE_UP_AFTER).then_some(next)
}

/// How long to leave the server alone after this many consecutive failures.
pub(super) fn pause(failures: usize) -> Duration {
    let pause = PAUSES.get(failures.saturating_sub(1)).or(PAUSES.last());
    Duration::from_secs(pause.copied().unwrap_or(MINUTE))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn attempts_back_off_to_hours_and_end_within_three_days() {
        let start = datetime!(2026-11-20 12:00 UTC);
        let (mut now, mut attempts, mut last) = (start, 0, time::Duration::ZERO);
        loop {
            attempts += 1;
            let Some(next) = next_attempt(attempts, start, now) else { break };
            assert!(next - now >= last, "waits never get shorter");
            last = next - now;
            now = next;
        }
        assert_eq!(attempts, 10);
        assert_eq!(now - start, time::Duration::minutes(21) + time::Duration::hours(70));
    }

    #[test]
    fn a_server_out_of_reach_is_asked_at_least_every_quarter_of_an_hour() {
        assert_eq!([1, 2, 5, 100].map(|failures| pause(failures).as_secs()), [60, 120, 900, 900]);
    }
}
