//! Passwords: changed by their owner, who knows the present one and stays signed in where they are,
//! while every other session ends.

mod change;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::feature;

feature! {
    /// The use cases of passwords.
    Passwords = passwords()
}

/// The routes below `AUTH_PATH` that concern passwords.
pub fn router(passwords: Passwords) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(change::change)).with_state(passwords)
}
