//! Second factors, and the token of a sign-in that waits for one.

mod authenticator;
mod confirm;
mod enrol;
mod enroller;
mod first_step;
mod list;
mod method;
mod prove;
mod recovery_code;
mod recovery_codes;
mod remove;
mod store;

pub use authenticator::blocks_of;
pub use enrol::Enrolment;
pub(crate) use enroller::Enroller;
pub(crate) use first_step::{FirstProof, FirstStep, SecondStep, not_valid};
pub use list::{FactorView, HeldFactors};
pub use method::{Authentication, Method, Methods, ONE_FACTOR, TWO_FACTORS};
pub(crate) use prove::GivenCode;
pub(crate) use recovery_code::RecoveryCode;
pub use recovery_codes::RecoveryCodes;
pub(crate) use store::HeldSecret;
pub use store::STATEMENTS;

use utoipa_axum::routes;

use crate::crypto::Seals;
use crate::error::Error;
use crate::feature;
use crate::http::{Declared, RateGroup, Routes};

feature! {
    /// The use cases of second factors.
    Factors = factors()
}

/// The routes below `AUTH_PATH` for second factors that do not create a session.
pub fn routes() -> Routes<Factors> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(list::list))
        .add(Declared::STRICT, routes!(enrol::enrol))
        .add(Declared::STRICT, routes!(remove::remove))
        .add(Declared::STRICT, routes!(recovery_codes::recovery_codes))
}

impl Factors {
    fn must_be_on(&self) -> Result<(), Error> {
        if self.settings.mfa.is_off() { Err(Error::MfaOff) } else { Ok(()) }
    }

    fn seals(&self) -> Seals {
        Seals::for_factors(&self.settings)
    }
}
