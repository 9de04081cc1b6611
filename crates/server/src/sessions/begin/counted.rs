//! The metrics of sign-ins, by method and outcome.

use crate::error::Error;
use crate::metrics::{Metrics, SignInMethod, SignInOutcome};
use crate::sessions::begin::next_step::SignIn;

/// Counts a sign-in with this method, and passes its result on.
pub(crate) fn counted<T: Finished>(
    metrics: &Metrics,
    method: SignInMethod,
    answer: Result<T, Error>,
) -> Result<T, Error> {
    if let Some(meters) = metrics.on() {
        let outcome = answer.as_ref().map_or_else(refused, Finished::outcome);
        meters.sign_ins.one(method as usize, outcome as usize);
    }
    answer
}

/// The outcome of a sign-in that was not rejected.
pub(crate) trait Finished {
    fn outcome(&self) -> SignInOutcome;
}

impl Finished for SignIn {
    fn outcome(&self) -> SignInOutcome {
        match self {
            Self::Tokens(_) => SignInOutcome::Success,
            Self::Owed(_) => SignInOutcome::SecondStepRequired,
        }
    }
}

impl Finished for super::Tokens {
    fn outcome(&self) -> SignInOutcome {
        SignInOutcome::Success
    }
}

/// Wrong credentials are a failure; right ones, and unchecked ones, are blocked.
fn refused(error: &Error) -> SignInOutcome {
    match error.code().status().as_u16() {
        403 | 429 if !matches!(error, Error::WrongCode) => SignInOutcome::Blocked,
        500.. => SignInOutcome::Error,
        _ => SignInOutcome::Failure,
    }
}
