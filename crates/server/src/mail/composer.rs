//! Composing: how a feature turns what was asked for into a letter. It happens right before the first
//! attempt to send, so that asking costs the same whether or not there is an account, and so that a
//! secret is made when it is needed.

use std::fmt::Debug;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use uuid::Uuid;

use super::letter::Letter;
use super::outbox::Ask;
use crate::error::Error;
use crate::sql::Step;

/// A mail that was asked for.
#[derive(Clone, Debug)]
pub struct MailOrder {
    /// The row of the outbox.
    pub id: Uuid,
    /// What was asked for.
    pub ask: Ask,
    /// When.
    pub asked_at: OffsetDateTime,
}

/// What became of it.
#[derive(Debug)]
pub enum Composed {
    /// A letter to send.
    Letter {
        /// The letter.
        letter: Box<Letter>,
        /// Whose account it concerns; deleting the account deletes the letter.
        user: Option<Uuid>,
        /// What is written with the letter, in one transaction: the hash of the secret in it.
        steps: Vec<Step>,
    },
    /// There is nobody to write to: no such account, or what was asked for is done already.
    Nothing,
}

/// Turns what was asked for into letters. Composing may happen more than once for one mail, if a server
/// stops between composing and storing; the steps of one of the times alone are written.
pub trait Composer: Debug + Send + Sync {
    /// Fills in the letter. An error means that it is tried again later.
    fn compose<'a>(&'a self, order: &'a MailOrder) -> BoxFuture<'a, Result<Composed, Error>>;
}
