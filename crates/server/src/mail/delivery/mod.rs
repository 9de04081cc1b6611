//! The delivery worker. It reads the outbox when something is added, when a row is known to be due, and once
//! after the start; otherwise it does not query the database, so that a suspended one is not woken. Each row
//! is claimed with a lease, so that only one of several servers sends it, and so that another server takes
//! over the claims of one that was killed.

mod attempt;
mod schedule;
mod worker;

pub(super) use attempt::LANES;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::{Clock, Daily};
use crate::config::{Reread, Settings};
use crate::crypto::Random;
use crate::db::{Database, in_batches};
use crate::error::Error;
use crate::mail::composer::Composer;
use crate::mail::letter::{Letter, LetterWriter};
use crate::mail::outbox::{Mail, store};
use crate::mail::transport::{Say, Transport, format};

/// The duration of a lease; renewed if a delivery takes longer.
const LEASE: Duration = Duration::from_mins(2);

/// Delivers the outbox; clones share the connections.
#[derive(Clone, Debug)]
pub struct Delivery {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Arc<Settings>,
    db: Database,
    clock: Clock,
    random: Random,
    mail: Mail,
    composer: Arc<dyn Composer>,
    /// Replaced when the operator's templates are reloaded.
    letters: RwLock<Arc<LetterWriter>>,
    transport: Transport,
    pruned: Daily,
    stopping: watch::Sender<bool>,
    /// The mails in delivery, each with its claim.
    under_way: Mutex<BTreeMap<Uuid, Uuid>>,
}

impl Delivery {
    /// The worker with these settings; `None` if mail is off. The error is a sentence.
    pub fn new(
        settings: Arc<Settings>,
        db: Database,
        clock: Clock,
        random: Random,
        mail: Mail,
        composer: Arc<dyn Composer>,
        say: Say,
    ) -> Result<Option<Self>, String> {
        let Some(transport) = Transport::of(&settings, say)? else { return Ok(None) };
        let pruned = Daily::default();
        let letters = RwLock::new(Arc::new(LetterWriter::new(&settings)));
        let inner = Inner {
            settings,
            db,
            clock,
            random,
            mail,
            composer,
            letters,
            transport,
            pruned,
            stopping: watch::Sender::new(false),
            under_way: Mutex::default(),
        };
        Ok(Some(Self { inner: Arc::new(inner) }))
    }

    /// Reloads `MAIL_TEMPLATES`, if set, and uses them if they are valid. Blocks on the disk: not for async
    /// workers.
    pub fn reread(&self) -> Option<Reread> {
        let settings = &self.inner.settings;
        settings.letters.templates.as_ref()?;
        let (writer, problems) = LetterWriter::checked(settings);
        if !problems.is_empty() {
            let problems: Vec<_> = problems.iter().map(|one| one.trim_end_matches('.')).collect();
            return Some(Reread::Kept(problems.join("; ")));
        }
        let count = writer.own_templates();
        *self.inner.letters.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(writer);
        Some(Reread::Anew(format!("MAIL_TEMPLATES ({count} templates)")))
    }

    /// Delivers until stopped. If dropped, mails in delivery stay claimed until their leases end.
    pub async fn run(self) {
        worker::run(&self.inner).await;
    }

    /// Lets [`Delivery::run`] start nothing more, and end when the deliveries in progress are done.
    pub fn stop(&self) {
        self.inner.stopping.send_replace(true);
    }

    /// Makes mails in delivery due immediately, for another server, after the run was aborted.
    pub async fn give_back(&self) {
        let under_way = std::mem::take(&mut *self.inner.lock());
        for (id, claim) in under_way {
            let now = self.inner.clock.now();
            let why = "The server was stopped before the mail server responded.";
            let ending = store::Settled::Later(now, why);
            if let Err(error) = store::settle(&self.inner.db, id, claim, now, ending).await {
                tracing::warn!(target: "mail", %id, %error, "a mail could not be returned to the queue");
            }
        }
    }

    /// Delivers what is due, then returns the number of mails that the server accepted.
    pub async fn deliver_due(&self) -> Result<usize, Error> {
        let round = worker::round(&self.inner, LANES).await?;
        Ok(round.sent)
    }

    /// Sends a mail immediately, bypassing the outbox: returns the server's response, or a sentence about the
    /// failure.
    pub async fn send_now(&self, letter: &Letter) -> Result<String, String> {
        let inner = &self.inner;
        let id = inner.random.id(inner.clock.now());
        let from = inner.settings.mail_from.as_ref().ok_or("MAIL_FROM is not set.")?;
        let stored = attempt::in_words(inner, letter).map_err(|error| format!("{error}."))?;
        let formatted = format(id, letter.kind.as_str(), &stored, from)?;
        let answer = inner.transport.send(&formatted).await;
        inner.transport.rest().await;
        answer.map_err(|undelivered| undelivered.why().to_owned())
    }

    /// Deletes rows that were done long ago; returns their number.
    pub async fn prune(&self) -> Result<usize, Error> {
        self.inner.prune().await
    }
}

impl Inner {
    fn letters(&self) -> Arc<LetterWriter> {
        Arc::clone(&self.letters.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Uuid>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    async fn prune(&self) -> Result<usize, Error> {
        Ok(in_batches(|limit| store::delete_done(&self.db, self.clock.now(), limit)).await?)
    }
}
