//! Trusted devices, `TRUSTED_DEVICES`: a device whose user has proven a second factor there stands for that
//! step at later sign-ins, and for nothing else. Its token is no factor: tokens of such a session say `aal1`.

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

/// The routes below `AUTH_PATH` that concern trusted devices.
pub fn routes() -> Routes<Devices> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(list::list))
        .add(Declared::STRICT, routes!(remove::remove_all))
        .add(Declared::STRICT, routes!(remove::remove))
}
