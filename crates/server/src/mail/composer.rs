//! Composing: how a feature turns a request for a mail into the mail. This happens just before the first
//! delivery attempt, so that the request costs the same whether or not there is an account, and so that a
//! secret is generated when it is needed.

use std::fmt::Debug;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use uuid::Uuid;

use super::letter::Letter;
use super::outbox::Ask;
use crate::error::Error;
use crate::sql::Step;

/// A requested mail.
#[derive(Clone, Debug)]
pub struct MailOrder {
    /// The row of the outbox.
    pub id: Uuid,
    /// The request.
    pub ask: Ask,
    /// The time of the request.
    pub asked_at: OffsetDateTime,
}

/// The result of composing.
#[derive(Debug)]
pub enum Composed {
    /// A mail to send.
    Letter {
        /// The mail.
        letter: Box<Letter>,
        /// The account it concerns; deleting the account deletes the mail.
        user: Option<Uuid>,
        /// Written together with the mail, in one transaction: the hash of its secret.
        steps: Vec<Step>,
    },
    /// There is no recipient: no such account, or the request is obsolete.
    Nothing,
}

/// Composes mails. This may happen more than once for one mail, if a server stops between composing and
/// storing; only the steps of one of them are written.
pub trait Composer: Debug + Send + Sync {
    /// Composes the mail. After an error it is retried later.
    fn compose<'a>(&'a self, order: &'a MailOrder) -> BoxFuture<'a, Result<Composed, Error>>;
}
