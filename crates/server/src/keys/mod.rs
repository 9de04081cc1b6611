//! Keys: what signs access tokens, what of it is published, and who a request's bearer token says the
//! caller is. Only the `Authorization` header is read, never a cookie, so there is no CSRF to guard.

mod caller;
mod decided_first;
mod explain;
mod foreign;
mod key_ring;
mod lifecycle;
mod permitted;
mod published;
mod signing;
mod signing_key;
mod store;

pub use caller::Caller;
pub use decided_first::DecideFirst;
pub use explain::{Demands, Said, barred, shown};
pub use foreign::{Admitted, Admitting, Examined, Examining, Foreign};
pub use lifecycle::{NotRetired, SigningKeys};
pub use permitted::Permitted;
pub use signing::{Keys, refused};
pub use signing_key::{SigningKey, Stage};
pub use store::STATEMENTS;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The documents below `/.well-known`.
pub fn router(keys: Keys) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(published::jwks))
        .routes(routes!(published::metadata))
        .with_state(keys)
}

/// The same keys below `AUTH_PATH`.
pub fn auth_router(keys: Keys) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(published::jwks_alias)).with_state(keys)
}
