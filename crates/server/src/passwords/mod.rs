//! Passwords: changed by their owner, who knows the present one and stays signed in where they are,
//! while every other session ends.

mod change;

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::keys::Keys;
use crate::sessions::Sessions;

/// The use cases of passwords, and what they need.
#[derive(Clone, Debug)]
pub struct Passwords {
    pub(crate) sessions: Sessions,
}

impl FromRef<Arc<Passwords>> for Keys {
    fn from_ref(passwords: &Arc<Passwords>) -> Self {
        passwords.sessions.accounts.keys.clone()
    }
}

/// The routes below `AUTH_PATH` that concern passwords.
pub fn router(passwords: Passwords) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(change::change)).with_state(Arc::new(passwords))
}
