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
pub use refresh_token::{Forgiveness, Genuine, Presented, Redemption, redeem};
pub use session::{Beginning, Session};
pub use store::{STATEMENTS, Scope};

use std::ops::Deref;
use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;
use crate::crypto::RefreshSecrets;
use crate::keys::Keys;
use memory::Memory;

/// The use cases of sessions.
#[derive(Clone, Debug)]
pub struct Sessions(Arc<SessionsContext>);

/// The context, and what sessions need besides.
#[derive(Debug)]
pub struct SessionsContext {
    context: Arc<Context>,
    secrets: RefreshSecrets,
    memory: Memory,
}

impl Sessions {
    /// Sessions of which nothing is remembered yet.
    pub fn new(context: Arc<Context>) -> Self {
        let secrets = RefreshSecrets::new(&context.settings);
        Self(Arc::new(SessionsContext { context, secrets, memory: Memory::default() }))
    }
}

impl Deref for Sessions {
    type Target = SessionsContext;

    fn deref(&self) -> &SessionsContext {
        &self.0
    }
}

impl Deref for SessionsContext {
    type Target = Arc<Context>;

    fn deref(&self) -> &Arc<Context> {
        &self.context
    }
}

impl AsRef<Keys> for Sessions {
    fn as_ref(&self) -> &Keys {
        &self.keys
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
        .with_state(sessions)
}

/// The routes below `/admin` that concern other people's sessions.
pub fn admin_router(sessions: Sessions) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(of_user::list_of_user, of_user::revoke_of_user))
        .routes(routes!(of_user::revoke_everybodys))
        .with_state(sessions)
}
