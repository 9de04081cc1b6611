//! What is counted of sign-ins: by which method, and how each came out.

use crate::error::Error;
use crate::metrics::{Metrics, SignInMethod, SignInOutcome};
use crate::sessions::begin::next_step::SignIn;

/// Counts a sign-in by this method, and hands its answer on.
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

/// What a sign-in that was not refused has come to.
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

/// Wrong credentials are a failure; right ones, or ones that nobody looked at, are blocked.
fn refused(error: &Error) -> SignInOutcome {
    match error.code().status().as_u16() {
        403 | 429 if !matches!(error, Error::WrongCode) => SignInOutcome::Blocked,
        500.. => SignInOutcome::Error,
        _ => SignInOutcome::Failure,
    }
}
