//! Keys: signing access tokens, publishing keys, and identifying the caller of a request. Only the
//! `Authorization` header is read, unless `ACCEPT_COOKIES` is set: see `caller/cookie.rs`.

mod caller;
mod explain;
mod foreign;
mod key_ring;
mod key_text;
mod lifecycle;
mod published;
mod signing;
mod signing_key;
mod store;

pub use caller::{Caller, DecideFirst, Permitted, no_key};
pub use explain::{Demands, Said, shown, shut_out};
pub use foreign::{
    Admitted, Admitting, AdmittingCookie, Examined, Examining, Foreign, Survey, Surveying,
};
pub use key_text::{KEY_PREFIX, PresentedKey};
pub use lifecycle::{NotRetired, SigningKeys};
pub use signing::{Keys, refused};
pub use signing_key::{SigningKey, Stage};
pub use store::STATEMENTS;

use utoipa_axum::routes;

use crate::http::{Caching, Declared, RateGroup, Routes};
use signing_key::CACHE_LIFE;

/// What verifiers may cache. Published keys are public and cheap to serve.
const PUBLISHED: Declared = Declared {
    rate: RateGroup::Uncounted,
    caching: Caching::Public { max_age: CACHE_LIFE },
    ..Declared::STRICT
};

/// The documents below `/.well-known`.
pub fn routes() -> Routes<Keys> {
    Routes::default()
        .add(PUBLISHED, routes!(published::jwks))
        .add(PUBLISHED, routes!(published::metadata))
}

/// The same keys below `AUTH_PATH`, with a rate limit.
pub fn auth_routes() -> Routes<Keys> {
    let counted = Declared { rate: RateGroup::Api, ..PUBLISHED };
    Routes::default().add(counted, routes!(published::jwks_alias))
}
