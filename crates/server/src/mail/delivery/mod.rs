//! The worker that delivers. It looks into the outbox when something new is in it, when a row is known to
//! be due, and once after the start; in between it asks the database nothing, so that a sleeping one stays
//! asleep. Each row is claimed for the time of a lease, so that of several servers one sends it, and so that
//! what a killed one had claimed is sent by another.

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
use crate::db::Database;
use crate::error::Error;
use crate::mail::composer::Composer;
use crate::mail::letter::{Letter, LetterWriter};
use crate::mail::outbox::{Mail, store};
use crate::mail::transport::{Say, Transport, format};

/// How long a claimed row is this server's own; renewed while a letter is on its way for longer.
const LEASE: Duration = Duration::from_mins(2);

/// Delivers what is in the outbox; clones share the connections.
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
    /// Made anew when the operator's templates are read anew.
    letters: RwLock<Arc<LetterWriter>>,
    transport: Transport,
    pruned: Daily,
    stopping: watch::Sender<bool>,
    /// The mails on their way, each with its claim.
    under_way: Mutex<BTreeMap<Uuid, Uuid>>,
}

impl Delivery {
    /// What delivers by these settings; `None` where mail is off. The error is a sentence.
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

    /// Reads `MAIL_TEMPLATES` anew, if there are any, and takes them if nothing is wrong with them. Blocks on the
    /// disk: not for async workers.
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

    /// Delivers until it is stopped. Dropping it leaves what is on its way to its lease.
    pub async fn run(self) {
        worker::run(&self.inner).await;
    }

    /// Has [`Delivery::run`] begin nothing more, and end when what is on its way is there.
    pub fn stop(&self) {
        self.inner.stopping.send_replace(true);
    }

    /// Makes what was on its way due at once, for another server, after the run was aborted.
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

    /// Delivers what is due, and returns when nothing is: how many letters the server took.
    pub async fn deliver_due(&self) -> Result<usize, Error> {
        let round = worker::round(&self.inner, LANES).await?;
        Ok(round.sent)
    }

    /// Sends a letter at once, past the outbox: what the server said, or the sentence that says why not.
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

    /// Removes rows that were done long ago; how many.
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
        const BATCH: usize = 1000;
        let mut removed = 0;
        loop {
            let batch = store::delete_done(&self.db, self.clock.now(), 1000).await?;
            removed += batch;
            if batch < BATCH {
                return Ok(removed);
            }
        }
    }
}
