//! Accounts: who has registered. A user is found by id or by e-mail address, whose ASCII case never
//! matters; the password is stored as a hash alone and leaves this folder in no form.

mod authenticate;
mod common_password;
mod delete;
mod email;
mod guess;
mod guess_lane;
mod me;
mod name;
mod password;
mod password_policy;
mod register;
mod store;
mod unlock;
mod update;
mod user;

pub use authenticate::Authenticated;
pub use email::Email;
pub use guess::Guesses;
pub use name::Name;
pub use password::Password;
pub use store::STATEMENTS;
pub use user::User;
pub(crate) use user::split_roles;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::{HashingPool, Random};
use crate::db::Database;
use crate::keys::Keys;
use std::sync::Arc;

/// The use cases of accounts, and what they need.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) keys: Keys,
    pub(crate) hashing: HashingPool,
    pub(crate) audit: Audit,
    pub(crate) guesses: Arc<Guesses>,
}

impl FromRef<Arc<Accounts>> for Keys {
    fn from_ref(accounts: &Arc<Accounts>) -> Self {
        accounts.keys.clone()
    }
}

/// The routes below `AUTH_PATH` that concern the account itself.
pub fn router(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(me::me, update::update, delete::delete))
        .routes(routes!(delete::delete_by_post))
        .with_state(Arc::new(accounts))
}
