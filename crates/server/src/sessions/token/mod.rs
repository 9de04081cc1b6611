//! Access tokens, and what is asked about a token or done with one, whoever holds it: introspection,
//! revocation, and the examination that the command line prints.

mod access_token;
mod examine;
mod introspect;
mod revoke_token;

pub(super) use examine::Fate;
pub use introspect::Introspection;

use utoipa_axum::routes;

use super::Sessions;
use crate::http::{Declared, RateGroup, Routes};

/// The routes below `AUTH_PATH` that take a token in the body.
pub(super) fn routes() -> Routes<Sessions> {
    let asked = Declared { rate: RateGroup::Introspect, ..Declared::STRICT };
    let refresh = Declared { rate: RateGroup::Refresh, ..Declared::STRICT };
    Routes::default()
        .add(asked, routes!(introspect::introspect))
        .add(refresh, routes!(revoke_token::revoke_token))
}
