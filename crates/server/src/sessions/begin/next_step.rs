//! What a finished first step leads to: the one place where a sign-in, whatever began it, becomes a session
//! or the challenge to go on with a second factor.

use crate::audit::{Event, Record};
use crate::error::{Challenge, Error};
use crate::factors::FirstProof;
use crate::input::Origin;
use crate::sessions::{Session, Sessions, Tokens, store};
use crate::sql::Step;
use crate::user::User;

/// What a sign-in has come to. Both were written down.
#[derive(Debug)]
pub enum SignIn {
    /// It is complete.
    Tokens(Box<Tokens>),
    /// A second factor has to follow.
    Owed(Box<Challenge>),
}

impl SignIn {
    /// As an answer to a request.
    pub fn answer(self) -> Result<Tokens, Error> {
        match self {
            Self::Tokens(tokens) => Ok(*tokens),
            Self::Owed(challenge) => Err(Error::MfaRequired(challenge)),
        }
    }
}

/// What is to be written before a sign-in is answered.
#[derive(Debug)]
pub(crate) struct NextStep {
    /// Belongs into one transaction, after what the first step itself has to write.
    pub(crate) steps: Vec<Step>,
    /// Belongs into the same.
    pub(crate) record: Record,
    leads_to: LeadsTo,
}

#[derive(Debug)]
enum LeadsTo {
    Session(Box<Session>, Box<User>),
    Owed(Box<Challenge>),
}

impl NextStep {
    /// Whether a second factor has to follow.
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
            return NextStep { steps: vec![step], record, leads_to };
        }
        let session = self.new_session(user.id, methods);
        let record = Record::from(origin, Event::Login).about(user.id);
        let record = record.in_session(session.begun.id);
        let steps = store::insert(&session, origin, hash);
        let leads_to = LeadsTo::Session(Box::new(session), Box::new(user.clone()));
        NextStep { steps, record, leads_to }
    }

    /// The answer, once that was written.
    pub(crate) async fn signed_in(&self, next: NextStepWritten) -> Result<SignIn, Error> {
        match next.0 {
            LeadsTo::Owed(challenge) => Ok(SignIn::Owed(challenge)),
            LeadsTo::Session(session, user) => {
                let tokens = self.first_tokens(&session, *user).await?;
                Ok(SignIn::Tokens(Box::new(tokens)))
            }
        }
    }
}

/// A next step that was written.
#[derive(Debug)]
pub(crate) struct NextStepWritten(LeadsTo);

impl NextStep {
    /// Takes it apart: what to write, the record, and what to answer with once that is done.
    pub(crate) fn into_parts(self) -> (Vec<Step>, Record, NextStepWritten) {
        (self.steps, self.record, NextStepWritten(self.leads_to))
    }
}
