//! Accounts: who has registered. A user is found by id or by e-mail address, whose ASCII case never
//! matters.

mod delete;
mod me;
mod name;
mod register;
mod store;
mod update;
mod user;

pub use name::Name;
pub use store::STATEMENTS;
pub use user::User;
pub(crate) use user::split_roles;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::feature;

feature! {
    /// The use cases of accounts.
    Accounts = accounts()
}

/// The routes below `AUTH_PATH` that concern the account itself.
pub fn router(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(me::me, update::update, delete::delete))
        .routes(routes!(delete::delete_by_post))
        .with_state(accounts)
}
