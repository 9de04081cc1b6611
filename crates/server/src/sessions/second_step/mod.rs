//! The second step: turns a sign-in that waits for a factor into a session, and reauthenticates the user of a
//! live session.

pub(super) mod confirm;
pub(super) mod reauthenticate;
pub(super) mod verify;

use crate::audit::{Event, Record};
use crate::factors::{FirstStep, Method};
use crate::input::Origin;
use crate::sessions::{Session, Sessions};
use crate::sql::Step;

/// The session that a sign-in with a second factor creates.
#[derive(Debug)]
pub(crate) struct Completed {
    session: Session,
    /// Steps that create it and use up the `mfa_token`: for the same transaction, after those that use up the
    /// factor.
    pub(crate) steps: Vec<Step>,
    /// For the same transaction.
    pub(crate) record: Record,
}

impl Sessions {
    /// Completes a sign-in with this method.
    pub(crate) fn complete(&self, first: &FirstStep, by: Method, origin: &Origin) -> Completed {
        let user = first.user.id;
        let session = self.new_session(user, first.methods.and(by));
        let mut steps = self.factors().claim(first).to_vec();
        steps.extend(self.insert(&session, origin, first.hash.as_deref()));
        steps.extend(self.notice_of_device(&session, origin));
        steps.extend(self.passwords.guesses.place(user, origin));
        let record = Record::from(origin, Event::Login).about(user).in_session(session.begun.id);
        let record = record.detail(session.how.methods.amr().join(" "));
        Completed { session, steps, record }
    }
}
