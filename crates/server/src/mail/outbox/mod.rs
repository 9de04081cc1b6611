//! The outbox: the table `mail`. Requesting a mail is one INSERT in the transaction of the change that causes
//! it, the same for an address with an account and for one without. The INSERT does nothing if the mailbox or
//! the client has reached its limit.

mod cause;
mod contents;
mod counted;
pub(super) mod store;

pub use cause::{About, Ask};
pub(super) use contents::{Contents, StoredLetter};
pub use store::STATEMENTS;

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{Notice, Notices, Settings};
use crate::crypto::{Random, Seals};
use crate::db::Row;
use crate::input::{Device, Origin};
use crate::mail::letter::Kind;
use crate::sql::Step;
use counted::CountedBy;

/// Mails of one kind per mailbox and hour.
const MOST_OF_KIND: i64 = 5;
/// The same for notices, which are only caused by actions on the account.
const MOST_NOTICES: i64 = 20;
/// Mails that one client can request per hour.
const MOST_ASKED: i64 = 30;

/// Queues mails; clones share the worker that they wake.
#[derive(Clone, Debug)]
pub struct Mail {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    is_on: bool,
    is_rehearsed: bool,
    notices: Notices,
    clock: Clock,
    random: Random,
    seals: Seals,
    counted: CountedBy,
    wake: Notify,
}

impl Mail {
    /// The outbox of these settings.
    pub fn new(settings: &Settings, clock: Clock, random: Random) -> Self {
        let (is_on, is_rehearsed) = (settings.sends_mail(), settings.rehearses_mail);
        let seals = Seals::for_mail(settings);
        let counted = CountedBy::new(settings);
        let wake = Notify::new();
        let notices = settings.notices.clone();
        let shared = Shared { is_on, is_rehearsed, notices, clock, random, seals, counted, wake };
        Self { shared: Arc::new(shared) }
    }

    /// Whether mail is sent at all.
    pub fn is_on(&self) -> bool {
        self.shared.is_on
    }

    /// The step that adds the mail to the outbox, for the transaction of the change that causes it; `None` if
    /// mail is off. It returns a row if the mail was added, none if a limit was reached. Call [`Mail::wake`]
    /// after the commit.
    pub fn ask(&self, ask: &Ask) -> Option<Step> {
        if self.shared.is_rehearsed {
            // A server that used this database later would send it.
            return Some(store::rehearse());
        }
        let now = self.shared.clock.now();
        Some(store::insert(&self.row(ask, now)?, &ask.about, now))
    }

    /// The same for work that is useless without the mail: all of it fails with `mail_dropped` if a limit was
    /// reached.
    pub fn ask_or_refuse(&self, ask: &Ask) -> Option<[Step; 2]> {
        if self.shared.is_rehearsed {
            return Some([store::rehearse(), store::rehearse()]);
        }
        let now = self.shared.clock.now();
        let row = self.row(ask, now)?;
        Some([store::insert(&row, &ask.about, now), store::is_taken(row.id)])
    }

    /// Whether users are notified of this.
    pub fn notifies(&self, notice: Notice) -> bool {
        self.is_on() && self.shared.notices.includes(notice)
    }

    /// The same as [`Mail::ask`], for a notice to an account's owner; `None` if this notice is off.
    pub fn notify(&self, notice: Notice, user: Uuid, origin: &Origin) -> Option<Step> {
        if !self.notifies(notice) {
            return None;
        }
        self.ask(&Ask::user(Kind::of_notice(notice), user, origin.clone()))
    }

    /// The notice of a sign-in, which queues a mail if the device is new to the account. Must follow the step
    /// that creates the session.
    pub fn notify_of_device(
        &self,
        user: Uuid,
        session: Uuid,
        device: &Device,
        origin: &Origin,
    ) -> Option<Step> {
        if self.shared.is_rehearsed {
            return Some(store::rehearse());
        }
        let now = self.shared.clock.now();
        let row = self.row(&Ask::user(Kind::NewDevice, user, origin.clone()), now)?;
        Some(store::insert_if_new_device(&row, user, session, device, now))
    }

    fn row(&self, ask: &Ask, now: OffsetDateTime) -> Option<store::NewMail> {
        if !self.is_on() {
            return None;
        }
        let Shared { random, counted, .. } = &*self.shared;
        let id = random.id(now);
        let contents = self.seal(id, &Contents::Ask(ask.clone()))?;
        let is_notice = ask.kind.is_notice();
        Some(store::NewMail {
            id,
            kind: ask.kind,
            mailbox: counted.mailbox(&ask.about),
            asker: ask.client.ip.filter(|_| !is_notice).map(|ip| counted.client(ip)),
            contents,
            most: if is_notice { MOST_NOTICES } else { MOST_OF_KIND },
            most_asked: MOST_ASKED,
            is_numbered: !is_notice,
        })
    }

    /// Tells the worker that the outbox has something new. Does nothing if there is no worker.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// The same if one of these rows is a mail that was added.
    pub fn wake_for(&self, rows: &[Vec<Row>]) {
        if rows.iter().any(|rows| !rows.is_empty()) {
            self.wake();
        }
    }

    /// The same, and logs it if a limit was reached: `rows` are those of the step.
    pub fn asked(&self, ask: &Ask, rows: &[Row]) {
        if rows.is_empty() {
            tracing::info!(target: "mail", kind = ask.kind.as_str(), "dropped: too many of them in an hour");
        } else {
            self.wake();
        }
    }

    /// Waits until [`Mail::wake`] is called; returns immediately if it was since the last time.
    pub(super) async fn woken(&self) {
        self.shared.wake.notified().await;
    }

    pub(super) fn seal(&self, id: Uuid, contents: &Contents) -> Option<Vec<u8>> {
        let text = serde_json::to_vec(contents).ok()?;
        self.shared.seals.seal(&id.to_string(), &text, &self.shared.random)
    }

    /// The contents of the row with this id; `None` if encrypted with another secret.
    pub(super) fn unseal(&self, id: Uuid, sealed: &[u8]) -> Option<Contents> {
        let text = self.shared.seals.unseal(&id.to_string(), sealed)?;
        serde_json::from_slice(&text).ok()
    }
}
