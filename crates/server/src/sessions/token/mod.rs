//! Access tokens, and operations on tokens: introspection, revocation, and the explanation that the command
//! line prints.

mod access_token;
mod examine;
mod introspect;
mod revoke_token;

pub(super) use examine::Fate;
pub use introspect::Introspection;

use utoipa_axum::routes;

use super::Sessions;
use crate::http::{Declared, RateGroup, Routes};

/// The routes below `AUTH_PATH` that accept a token in the body.
pub(super) fn routes() -> Routes<Sessions> {
    let asked = Declared { rate: RateGroup::Introspect, ..Declared::STRICT };
    let refresh = Declared { rate: RateGroup::Refresh, ..Declared::STRICT };
    Routes::default()
        .add(asked, routes!(introspect::introspect))
        .add(refresh, routes!(revoke_token::revoke_token))
}
