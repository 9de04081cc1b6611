//! Folds repeated rejections: a caller who retries again and again would fill the table with the same record.
//! The first in a minute is recorded as it is, further ones of the same caller, kind and detail are counted,
//! and the count is one record at the end of the minute. Successful actions and wrong passwords always get
//! their own record.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Outcome, Record};
use crate::input::Origin;

/// The interval over which rejections are counted.
pub(super) const WINDOW: Duration = Duration::from_mins(1);
/// Maximum number of kinds counted at a time.
const MOST: usize = 4096;
/// How many of the oldest counts are written early if there would be more.
const EARLY: usize = MOST / 16;

/// A caller and a kind of rejection. Addresses only distinguish anonymous callers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    event: &'static str,
    outcome: &'static str,
    actor_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    ip: Option<IpAddr>,
    detail: Option<String>,
}

#[derive(Debug)]
struct Count {
    since: OffsetDateTime,
    more: u64,
    /// The first record, without what is specific to one request.
    record: Record,
}

#[derive(Debug, Default)]
pub(super) struct Folded(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: HashMap<Kind, Count>,
    /// When the oldest is due; nothing is checked before.
    next: Option<OffsetDateTime>,
}

impl Folded {
    /// The record if it is to be written; `None` if it was counted.
    pub(super) fn take(&self, record: Record, now: OffsetDateTime) -> Option<Record> {
        if !matches!(record.outcome, Outcome::Denied | Outcome::Blocked) {
            return Some(record);
        }
        let mut counts = self.counts();
        let kind = Kind::of(&record);
        match counts.all.get_mut(&kind) {
            Some(count) if count.is_open(now) => {
                count.more += 1;
                if count.record.origin.ip != record.origin.ip {
                    count.record.origin.ip = None;
                }
                None
            }
            // Its minute has passed: `due` will remove it before the next one.
            Some(_) => Some(record),
            None => {
                let origin = Origin { ip: record.origin.ip, ..Origin::default() };
                let first = Record { origin, ..record.clone() };
                counts.all.insert(kind, Count { since: now, more: 0, record: first });
                counts.next.get_or_insert(now + WINDOW);
                Some(record)
            }
        }
    }

    /// The counts whose minute has passed, and some of the oldest if there are too many.
    pub(super) fn due(&self, now: OffsetDateTime) -> Vec<Record> {
        let mut counts = self.counts();
        if counts.next.is_none_or(|next| now < next) && counts.all.len() < MOST {
            return Vec::new();
        }
        let all = &mut counts.all;
        let mut due: Vec<_> =
            all.extract_if(|_, count| !count.is_open(now)).map(|it| it.1).collect();
        if all.len() >= MOST {
            // Many at a time, so that each rejection pays little for the search.
            let mut since: Vec<_> = all.values().map(|count| count.since).collect();
            let (_, limit, _) = since.select_nth_unstable(EARLY);
            let (limit, mut left) = (*limit, EARLY);
            let is_old = |_: &Kind, count: &mut Count| {
                let old = left > 0 && count.since <= limit;
                left -= usize::from(old);
                old
            };
            due.extend(all.extract_if(is_old).map(|it| it.1));
        }
        counts.next = counts.all.values().map(|count| count.since + WINDOW).min();
        due.into_iter().filter_map(Count::into_record).collect()
    }

    /// All counts, whatever their age.
    pub(super) fn all(&self) -> Vec<Record> {
        let counts = std::mem::take(&mut *self.counts());
        counts.all.into_values().filter_map(Count::into_record).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts().all.is_empty()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    fn of(record: &Record) -> Self {
        Self {
            event: record.event.as_str(),
            outcome: record.outcome.as_str(),
            actor_id: record.actor_id,
            subject_id: record.subject_id,
            ip: record.origin.ip.filter(|_| record.actor_id.is_none()),
            detail: record.detail.clone(),
        }
    }
}

impl Count {
    /// Also ends if the clock was set back.
    fn is_open(&self, now: OffsetDateTime) -> bool {
        self.since <= now && now - self.since < WINDOW
    }

    fn into_record(self) -> Option<Record> {
        let Self { more, record, .. } = self;
        let what = record.detail.as_deref().map(|detail| format!("{detail}, ")).unwrap_or_default();
        (more > 0).then(|| Record { detail: Some(format!("{what}{more} times more")), ..record })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::audit::Event;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    fn denied(actor: u128) -> Record {
        let record = Record::from(&Origin::default(), Event::AccessDenied);
        let record = record.came_out(Outcome::Denied).detail("users:read");
        Record { actor_id: Some(Uuid::from_u128(actor)), ..record }
    }

    #[test]
    fn the_memory_is_bounded_and_every_refusal_is_counted_once() {
        let folded = Folded::default();
        let callers = 3 * MOST as u128;
        let mut written = 0;
        for round in 0..2 {
            for caller in 0..callers {
                written += folded.due(NOON).len();
                written += usize::from(folded.take(denied(caller), NOON).is_some());
                assert!(folded.counts().all.len() <= MOST, "{round} {caller}");
            }
        }
        assert!(written >= 3 * MOST, "each caller has a record");
    }

    #[test]
    fn what_was_done_and_what_failed_is_never_counted() {
        let folded = Folded::default();
        for outcome in [Outcome::Success, Outcome::Failure] {
            for _ in 0..3 {
                let record = Record::from(&Origin::default(), Event::Login).came_out(outcome);
                assert!(folded.take(record, NOON).is_some());
            }
        }
        assert!(folded.is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_ends_a_count() {
        let folded = Folded::default();
        assert!(folded.take(denied(1), NOON).is_some());
        assert!(folded.take(denied(1), NOON).is_none());
        let before = NOON - time::Duration::hours(1);
        assert!(folded.take(denied(1), before).is_some());
        assert_eq!(folded.due(NOON + WINDOW).len(), 1);
    }
}
