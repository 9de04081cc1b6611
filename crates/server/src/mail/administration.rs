//! Operators' access to the outbox: list, retry, discard. The contents of a mail are confidential, so showing
//! them is a separate action, recorded in the audit log.

use time::OffsetDateTime;
use uuid::Uuid;

use super::outbox::store::{self, OutboxRow};
use super::outbox::{About, Contents, Mail};
use crate::audit::{Actor, Audit, Event, Record};
use crate::clock::Clock;
use crate::db::Database;
use crate::error::Error;

/// The use cases of operators.
#[derive(Clone, Debug)]
pub struct Outbox {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) audit: Audit,
    pub(crate) mail: Mail,
}

/// A mail in the outbox, without its contents.
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// `asked`, `waiting`, `sending`, `sent`, `failed` or `void`.
    pub state: String,
    /// The recipient's address, while the row still contains it.
    pub to: Option<String>,
    /// The account it concerns.
    pub user: Option<Uuid>,
    /// The number of attempts.
    pub attempts: i64,
    /// The next attempt.
    pub due_at: Option<OffsetDateTime>,
    /// When its link or code expires.
    pub expires_at: Option<OffsetDateTime>,
    /// The last error.
    pub last_error: Option<String>,
    /// When it was requested.
    pub created_at: OffsetDateTime,
    /// When it was sent or given up.
    pub done_at: Option<OffsetDateTime>,
}

/// The contents of a mail.
#[derive(Clone, Debug)]
pub struct MailText {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
}

impl Outbox {
    /// The newest mails that are not sent, or all; at most `limit`.
    pub async fn list(&self, all: bool, most: u32) -> Result<Vec<OutboxEntry>, Error> {
        let rows = store::list(&self.db, all, i64::from(most)).await?;
        Ok(rows.into_iter().map(|row| self.entry(row)).collect())
    }

    /// One mail.
    pub async fn show(&self, id: Uuid) -> Result<OutboxEntry, Error> {
        let row = store::find(&self.db, id).await?.ok_or(Error::NotFound)?;
        Ok(self.entry(row))
    }

    /// Its contents; `None` if it is sent, not composed yet, or encrypted with another secret. Recorded in
    /// the audit log.
    pub async fn reveal(&self, by: &Actor, id: Uuid) -> Result<Option<MailText>, Error> {
        let row = store::find(&self.db, id).await?.ok_or(Error::NotFound)?;
        let sealed = row.contents.as_deref();
        let Some(Contents::Letter(letter)) = sealed.and_then(|sealed| self.mail.unseal(id, sealed))
        else {
            return Ok(None);
        };
        let record = Record::by(by, Event::MailReveal).detail(format!("{} {id}", row.kind));
        self.audit.commit(by.authority, Vec::new(), [record]).await?;
        Ok(Some(MailText { subject: letter.subject, text: letter.text }))
    }

    /// Makes a mail due immediately; false if it is sent, gone, or being delivered.
    pub async fn retry(&self, id: Uuid) -> Result<bool, Error> {
        Ok(!store::update_due(&self.db, Some(id), self.clock.now()).await?.is_empty())
    }

    /// The same for all failed mails; returns their ids.
    pub async fn retry_failed(&self) -> Result<Vec<Uuid>, Error> {
        Ok(store::update_due(&self.db, None, self.clock.now()).await?)
    }

    /// Deletes a mail; false if there is none or a server is delivering it.
    pub async fn discard(&self, by: &Actor, id: Uuid) -> Result<bool, Error> {
        let row = store::find(&self.db, id).await?;
        let Some(row) = row.filter(|row| row.claim.is_none()) else { return Ok(false) };
        let record = Record::by(by, Event::MailDiscard).detail(format!("{} {id}", row.kind));
        let rows = self.audit.commit(by.authority, vec![store::delete(id)], [record]).await?;
        Ok(rows.first().is_some_and(|rows| !rows.is_empty()))
    }

    fn entry(&self, row: OutboxRow) -> OutboxEntry {
        let sealed = row.contents.as_deref();
        let to = match sealed.and_then(|sealed| self.mail.unseal(row.id, sealed)) {
            Some(Contents::Letter(letter)) => Some(letter.to),
            Some(Contents::Ask(ask)) => match ask.about {
                About::Address(address) => Some(address),
                About::User(_) => None,
            },
            None => None,
        };
        OutboxEntry {
            id: row.id,
            kind: row.kind,
            state: if row.claim.is_some() { "sending".into() } else { row.state },
            to,
            user: row.user_id,
            attempts: row.attempts,
            due_at: row.due_at,
            expires_at: row.expires_at,
            last_error: row.last_error,
            created_at: row.created_at,
            done_at: row.done_at,
        }
    }
}
