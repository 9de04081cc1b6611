//! What follows a completed first step: the only place where a sign-in, with any method, becomes a session or
//! a challenge for a second factor.

use crate::audit::{Event, Record};
use crate::db::Row;
use crate::error::{Challenge, Error};
use crate::factors::{FirstProof, Method};
use crate::input::Origin;
use crate::sessions::{Session, Sessions, Tokens};
use crate::sql::Step;
use crate::user::User;

/// The result of a first step. Both are already stored.
#[derive(Debug)]
pub enum SignIn {
    /// It is complete.
    Tokens(Box<Tokens>),
    /// A second factor is required.
    Owed(Box<Challenge>),
}

impl SignIn {
    /// As a response.
    pub fn answer(self) -> Result<Tokens, Error> {
        match self {
            Self::Tokens(tokens) => Ok(*tokens),
            Self::Owed(challenge) => Err(Error::MfaRequired(challenge)),
        }
    }
}

/// What must be written before the response to a sign-in.
#[derive(Debug)]
pub(crate) struct NextStep {
    /// For one transaction, after the steps of the first step itself.
    pub(crate) steps: Vec<Step>,
    /// For the same transaction.
    pub(crate) record: Record,
    leads_to: LeadsTo,
    /// The last step queues a notice if the device is new.
    may_notify: bool,
}

#[derive(Debug)]
enum LeadsTo {
    Session(Box<Session>, Box<User>),
    Owed(Box<Challenge>),
}

impl NextStep {
    /// Whether a second factor is required.
    pub(crate) fn is_owed(&self) -> bool {
        matches!(self.leads_to, LeadsTo::Owed(_))
    }
}

impl Sessions {
    /// What follows from this proof.
    pub(crate) fn next_step(&self, proof: &FirstProof<'_>, origin: &Origin) -> NextStep {
        let FirstProof { user, hash, factors, methods } = *proof;
        let factors_of = self.factors();
        if let Some(stage) = factors_of.owed(user, factors, methods) {
            let (challenge, step) = factors_of.challenge(proof, stage);
            let record = Record::from(origin, Event::LoginFirstStep).about(user.id);
            let leads_to = LeadsTo::Owed(Box::new(challenge));
            return NextStep { steps: vec![step], record, leads_to, may_notify: false };
        }
        let session = self.new_session(user.id, methods);
        let record = Record::from(origin, Event::Login).about(user.id);
        let mut record = record.in_session(session.begun.id);
        if methods.has(Method::TrustedDevice) {
            record = record.detail(methods.amr().join(" "));
        }
        let mut steps = self.insert(&session, origin, hash);
        let notice = self.notice_of_device(&session, origin);
        let may_notify = notice.is_some();
        steps.extend(notice);
        let leads_to = LeadsTo::Session(Box::new(session), Box::new(user.clone()));
        NextStep { steps, record, leads_to, may_notify }
    }

    /// The response, after the commit.
    pub(crate) async fn signed_in(&self, next: NextStepWritten) -> Result<SignIn, Error> {
        if next.may_notify {
            self.mail.wake();
        }
        match next.leads_to {
            LeadsTo::Owed(challenge) => Ok(SignIn::Owed(challenge)),
            LeadsTo::Session(session, user) => {
                let tokens = self.first_tokens(&session, *user).await?;
                Ok(SignIn::Tokens(Box::new(tokens)))
            }
        }
    }
}

/// A next step that was committed.
#[derive(Debug)]
pub(crate) struct NextStepWritten {
    leads_to: LeadsTo,
    may_notify: bool,
}

impl NextStepWritten {
    /// Checks the result of the last step: no mail needs to be delivered after a sign-in from a known device.
    pub(crate) fn asked_for(&mut self, rows: &[Vec<Row>]) {
        self.may_notify &= rows.last().is_some_and(|rows| !rows.is_empty());
    }
}

impl NextStep {
    /// Splits it: what to write, the record, and what to respond with after the commit.
    pub(crate) fn into_parts(self) -> (Vec<Step>, Record, NextStepWritten) {
        let Self { steps, record, leads_to, may_notify } = self;
        (steps, record, NextStepWritten { leads_to, may_notify })
    }
}
