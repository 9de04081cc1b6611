//! Sessions: one per sign-in, extended by refreshing, ended by logout, expiry or token reuse. The row in
//! `sessions` is authoritative. Access tokens name it in `sid`, and every protected route checks it in the
//! same round trip as its work, so an ended session's tokens stop working immediately.

mod begin;
mod list;
mod logout;
mod memory;
mod of_user;
mod prune;
mod refresh;
mod revoke;
mod second_step;
mod session;
mod sign_ins;
mod store;
mod token;

pub(crate) use begin::MailboxProof;
pub use begin::Tokens;
pub(crate) use begin::counted::counted;
pub use begin::next_step::SignIn;
pub(crate) use begin::register::NEW_ACCOUNT;
pub use begin::register::RegisterAnswer;
pub use list::SessionView;
pub use refresh::refresh_token::{Forgiveness, Genuine, Presented, Redemption, redeem};
pub use refresh::renew::{RefreshAnswer, Renewed};
pub use session::{Beginning, Session};
pub(crate) use sign_ins::PASSKEY_REFUSED;
pub use sign_ins::SignInRecord;
pub use store::{STATEMENTS, Scope};
pub use token::Introspection;

use std::ops::Deref;
use std::sync::Arc;

use utoipa_axum::routes;

use crate::context::Context;
use crate::crypto::RefreshSecrets;
use crate::http::{Declared, RateGroup, Routes};
use crate::keys::Keys;
use begin::{login, register};
use memory::Memory;
use second_step::{confirm, reauthenticate, verify};

/// The use cases of sessions.
#[derive(Clone, Debug)]
pub struct Sessions(Arc<SessionsContext>);

/// The context, and what else sessions need.
#[derive(Debug)]
pub struct SessionsContext {
    context: Arc<Context>,
    secrets: RefreshSecrets,
    memory: Memory,
}

impl Sessions {
    /// With an empty cache.
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

/// The routes below `AUTH_PATH` that create, refresh and end sessions, including registration.
pub fn routes() -> Routes<Sessions> {
    let register = Declared { rate: RateGroup::Register, ..Declared::STRICT };
    let login = Declared { rate: RateGroup::Login, ..Declared::STRICT };
    let refresh = Declared { rate: RateGroup::Refresh, ..Declared::STRICT };
    // Signing out does not hash a password.
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(register, routes!(register::register))
        .add(login, routes!(login::login))
        .add(refresh, routes!(refresh::refresh))
        .add(api, routes!(logout::logout))
        .add(api, routes!(list::list))
        .add(api, routes!(sign_ins::sign_ins))
        .add(Declared::STRICT, routes!(revoke::revoke_others))
        .add(Declared::STRICT, routes!(revoke::revoke))
        .add(login, routes!(verify::verify))
        .add(Declared::STRICT, routes!(confirm::confirm))
        .add(Declared::STRICT, routes!(reauthenticate::reauthenticate))
        .merge(token::routes())
}

/// The routes below `/admin` for other users' sessions.
pub fn admin_routes() -> Routes<Sessions> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(of_user::list_of_user, of_user::revoke_of_user))
        .add(api, routes!(of_user::revoke_everybodys))
}
