//! A quota: a number of requests in a time (`60/1m`), for the `RATE_LIMIT_…` settings. `off` is no quota.

use std::time::Duration;

use crate::config::entry::parse;

/// How many requests a client may make in a window; all of them may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests, at least one.
    pub requests: u32,
    /// The window, from a second to a day.
    pub window: Duration,
}

const LONGEST: Duration = Duration::from_hours(24);

impl Quota {
    /// This many requests per minute.
    pub const fn per_minute(requests: u32) -> Self {
        Self { requests, window: Duration::from_mins(1) }
    }

    /// Parses `60/1m`, `1000/90` (seconds) or `off`; the error is the end of a sentence that begins with the
    /// setting's name.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(None);
        }
        let quota = text.split_once('/').and_then(|(requests, window)| {
            let requests = parse::number(requests.trim(), 1..=1_000_000).ok()?;
            let window = parse::duration(window.trim(), 1).ok()?;
            (window <= LONGEST).then_some(Self { requests, window })
        });
        quota.map(Some).ok_or_else(|| {
            format!(
                "must be requests per time such as 60/1m (1 to 1000000, in 1s to 24h) or off, \
                 not {text:?}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_requests_per_time_or_off() {
        for (text, requests, seconds) in
            [("60/1m", 60, 60), ("5/1s", 5, 1), ("1000/90", 1000, 90), (" 2 / 24h ", 2, 86_400)]
        {
            let quota = Quota::parse(text).unwrap().unwrap();
            assert_eq!((quota.requests, quota.window.as_secs()), (requests, seconds), "{text}");
        }
        assert_eq!(Quota::parse("off"), Ok(None));
        assert_eq!(Quota::parse("OFF"), Ok(None));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "60", "/1m", "60/", "0/1m", "-1/1m", "+1/1m", "60/0", "60/25h", "60/1w"] {
            assert!(Quota::parse(text).is_err(), "{text}");
        }
        assert!(Quota::parse("1/99999999999999999999d").is_err());
        assert!(Quota::parse("6/1é").is_err());
    }
}
