//! Users: everybody's accounts, for those who administer them, by HTTP below `/admin` and from the
//! command line. `accounts` is the same rows seen by their owners. Nobody acts on a user who holds more
//! permissions than they do, the last active admin stays one, and disabling or banning ends every
//! session at once.

mod audit;
mod create;
mod delete;
mod list;
mod show;
mod store;
mod update;
mod user;

pub use create::NewUser;
pub use list::UserFilter;
pub use store::STATEMENTS;
pub use update::{BanReason, UserChange};
pub use user::AdminUser;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::feature;

feature! {
    /// The use cases of administration.
    Users = users()
}

/// The routes below `/admin` that concern users and what they did.
pub fn router(users: Users) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, update::update, delete::delete))
        .routes(routes!(audit::audit))
        .with_state(users)
}
