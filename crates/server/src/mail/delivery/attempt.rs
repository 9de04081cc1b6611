//! One delivery attempt: composes the mail if necessary, sends it, and records the result.

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::schedule::next_attempt;
use super::{Inner, LEASE};
use crate::error::Error;
use crate::mail::composer::{Composed, MailOrder};
use crate::mail::letter::Letter;
use crate::mail::outbox::store::{self, ClaimedMail, Settled};
use crate::mail::outbox::{Ask, Contents, StoredLetter};
use crate::mail::transport::{Undelivered, format};
use crate::metrics::MailOutcome;
use crate::sql::DbError;

/// Mails in delivery at a time, so that a slow one does not delay the others.
pub(in crate::mail) const LANES: usize = 4;

/// What an attempt shows about the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerState {
    /// It accepted the mail.
    Sent,
    /// Nothing: it was not contacted, or it rejected this mail.
    Nothing,
    /// It currently accepts no mail.
    NoServer,
}

/// Delivers a claimed mail.
pub(super) async fn deliver(inner: &Inner, claim: Uuid, row: ClaimedMail) -> ServerState {
    let (id, kind) = (row.id, row.kind.clone());
    let outcome = attempt(inner, claim, &row).await;
    let now = inner.clock.now();
    let (verdict, ending) = match &outcome {
        Outcome::Sent(answer) => {
            tracing::info!(target: "mail", %id, kind, attempts = row.attempts, answer, "sent");
            (ServerState::Sent, Settled::Sent)
        }
        Outcome::Void => {
            tracing::debug!(target: "mail", %id, kind, "no recipient");
            (ServerState::Nothing, Settled::Void)
        }
        Outcome::Lost => {
            inner.lock().remove(&id);
            return ServerState::Nothing;
        }
        Outcome::Failed(why) => {
            tracing::warn!(target: "mail", %id, kind, why, "not sent: see `doorward mail list`");
            (ServerState::Nothing, Settled::Failed(why))
        }
        Outcome::Later(why, verdict) => {
            let attempts = row.attempts;
            if let Some(next) = next_attempt(attempts, row.created_at, now) {
                tracing::warn!(target: "mail", %id, kind, why, attempts, "not sent yet");
                (verdict.clone(), Settled::Later(next, why))
            } else {
                tracing::error!(target: "mail", %id, kind, why, attempts, "given up: see `doorward mail list`");
                (verdict.clone(), Settled::Failed(why))
            }
        }
    };
    if let Some(meters) = inner.db.metrics().on() {
        let outcome = match &ending {
            Settled::Sent => MailOutcome::Sent,
            Settled::Later(..) => MailOutcome::Retried,
            Settled::Failed(_) => MailOutcome::Failed,
            Settled::Void => MailOutcome::Dropped,
        };
        meters.mail.outcomes.one(outcome as usize);
    }
    let settled = store::settle(&inner.db, id, claim, now, ending).await;
    inner.lock().remove(&id);
    match settled {
        Ok(true) => {}
        Ok(false) => tracing::warn!(target: "mail", %id, "another server has taken it over"),
        // It is found again when the lease ends.
        Err(error) => {
            tracing::warn!(target: "mail", %id, %error, "the outcome could not be stored");
        }
    }
    verdict
}

enum Outcome {
    Sent(String),
    Void,
    /// Another server has it.
    Lost,
    Failed(String),
    Later(String, ServerState),
}

async fn attempt(inner: &Inner, claim: Uuid, row: &ClaimedMail) -> Outcome {
    let contents = row.contents.as_deref().and_then(|sealed| inner.mail.unseal(row.id, sealed));
    let (letter, expires_at) = match contents {
        None => {
            return Outcome::Failed(
                "It is encrypted with a secret other than BETTER_AUTH_SECRET: add that secret to PREVIOUS_SECRETS."
                    .into(),
            );
        }
        Some(Contents::Letter(letter)) => (letter, row.expires_at),
        Some(Contents::Ask(ask)) => match compose(inner, claim, row, ask).await {
            Ok(composed) => composed,
            Err(outcome) => return outcome,
        },
    };
    if expires_at.is_some_and(|until| until <= inner.clock.now()) {
        return Outcome::Failed("The link in it expired before it could be sent.".into());
    }
    let Some(from) = &inner.settings.mail_from else {
        return Outcome::Failed("MAIL_FROM is not set.".into());
    };
    let formatted = match format(row.id, &row.kind, &letter, from) {
        Ok(formatted) => formatted,
        Err(why) => return Outcome::Failed(why),
    };
    let sending = inner.transport.send(&formatted);
    match keeping(inner, claim, row.id, sending).await {
        Ok(answer) => Outcome::Sent(answer),
        Err(undelivered) => {
            let why = undelivered.why().to_owned();
            match undelivered {
                Undelivered::Refused(_) => Outcome::Failed(why),
                Undelivered::Later(_) => Outcome::Later(why, ServerState::Nothing),
                Undelivered::NoServer(_) => Outcome::Later(why, ServerState::NoServer),
            }
        }
    }
}

/// Waits for the work, and renews the lease whenever half of it has passed.
async fn keeping<T>(inner: &Inner, claim: Uuid, id: Uuid, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(LEASE / 2, &mut work).await {
            return done;
        }
        let lease_end = inner.clock.now() + LEASE;
        // If the lease cannot be renewed, another server may send it too: better twice than never.
        let _ = store::renew(&inner.db, id, claim, lease_end).await;
    }
}

type ComposedLetter = (StoredLetter, Option<time::OffsetDateTime>);

/// Composes a mail and stores it with what its secret needs, in one transaction.
async fn compose(
    inner: &Inner,
    claim: Uuid,
    row: &ClaimedMail,
    ask: Ask,
) -> Result<ComposedLetter, Outcome> {
    let later = |error: &dyn std::fmt::Display| {
        Outcome::Later(format!("It could not be written: {error}."), ServerState::Nothing)
    };
    let order = MailOrder { id: row.id, ask, asked_at: row.created_at };
    let composed = inner.composer.compose(&order).await.map_err(|error| later(&error))?;
    let (letter, user, mut steps) = match composed {
        Composed::Nothing => return Err(Outcome::Void),
        Composed::Letter { letter, user, steps } => (letter, user, steps),
    };
    let stored = in_words(inner, &letter).map_err(|error| later(&error))?;
    let expires_at = letter.valid_for.map(|time| inner.clock.now() + time);
    let sealed = inner.mail.seal(row.id, &Contents::Letter(stored.clone()));
    let sealed = sealed.ok_or_else(|| later(&"the seal failed"))?;
    steps.extend(store::store_letter(row.id, claim, &sealed, user, expires_at));
    match inner.db.write(steps).await {
        Ok(_) => Ok((stored, expires_at)),
        Err(DbError::Refused(reason)) if reason == "mail_claimed" => Err(Outcome::Lost),
        // The account was deleted since it was looked up.
        Err(DbError::Orphan) => Err(Outcome::Void),
        Err(error) => Err(later(&Error::from(error))),
    }
}

/// The code and the link, which `dev` shows on the terminal.
fn shown(letter: &Letter, link: Option<String>) -> Option<String> {
    let code = letter.code.as_ref().map(|code| format!("code {}", code.expose_secret()));
    let both: Vec<_> = code.into_iter().chain(link).collect();
    (!both.is_empty()).then(|| both.join("\n  "))
}

pub(super) fn in_words(inner: &Inner, letter: &Letter) -> Result<StoredLetter, Error> {
    let now = inner.clock.now();
    let words = inner.letters().write(letter)?;
    Ok(StoredLetter {
        to: letter.to.clone(),
        name: letter.name.clone(),
        subject: words.subject,
        text: words.text,
        html: words.html,
        shown: shown(letter, words.link),
        composed_at: now.unix_timestamp(),
    })
}
