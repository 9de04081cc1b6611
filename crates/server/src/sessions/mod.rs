//! Sessions: one for each sign-in, kept alive by refresh, ended by logout, expiry or theft. The row in
//! `sessions` is the truth; access tokens name it in `sid`, and every protected route checks it in the
//! same round trip as its work, so an ended session's tokens die at once.

mod access_token;
mod begin;
mod examine;
mod introspect;
mod list;
mod login;
mod logout;
mod memory;
mod of_user;
mod prune;
mod refresh;
mod refresh_token;
mod revoke;
mod revoke_token;
mod session;
mod store;

pub use begin::Tokens;
pub use introspect::Introspection;
pub use list::SessionView;
pub use memory::Memory;
pub use refresh_token::{Forgiveness, Genuine, Presented, Redemption, redeem};
pub use session::{Beginning, Session};
pub(crate) use store::end_others;
pub use store::{STATEMENTS, Scope};

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::Accounts;
use crate::crypto::RefreshSecrets;
use crate::keys::Keys;

/// The use cases of sessions, and what they need.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) accounts: Accounts,
    pub(crate) secrets: RefreshSecrets,
    pub(crate) memory: Arc<Memory>,
}

impl FromRef<Arc<Sessions>> for Keys {
    fn from_ref(sessions: &Arc<Sessions>) -> Self {
        sessions.accounts.keys.clone()
    }
}

/// The routes below `AUTH_PATH` that begin, renew and end sessions.
pub fn router(sessions: Sessions) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(list::list, revoke::revoke_others))
        .routes(routes!(revoke::revoke))
        .routes(routes!(introspect::introspect))
        .routes(routes!(revoke_token::revoke_token))
        .with_state(Arc::new(sessions))
}

/// The routes below `/admin` that concern other people's sessions.
pub fn admin_router(sessions: Sessions) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(of_user::list_of_user, of_user::revoke_of_user))
        .routes(routes!(of_user::revoke_everybodys))
        .with_state(Arc::new(sessions))
}
