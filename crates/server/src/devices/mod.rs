//! Trusted devices (`TRUSTED_DEVICES`): a device on which the user has used a second factor replaces that
//! step in later sign-ins, and nothing else. Its token is not a factor: the tokens of such a session have
//! `aal1`.

mod device_token;
mod list;
mod present;
mod remove;
mod store;
mod trust;

pub(crate) use device_token::DeviceToken;
pub use list::TrustedDevice;
pub use store::STATEMENTS;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Declared, RateGroup, Routes};

feature! {
    /// The use cases of trusted devices.
    Devices = devices()
}

/// The routes below `AUTH_PATH` for trusted devices.
pub fn routes() -> Routes<Devices> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(list::list))
        .add(Declared::STRICT, routes!(remove::remove_all))
        .add(Declared::STRICT, routes!(remove::remove))
}
