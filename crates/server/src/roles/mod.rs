//! Roles: named sets of permissions. `admin` (all permissions) and `user` are built in; others are created
//! here. Nobody can grant, create or change a role beyond their own permissions, and the last active admin
//! cannot lose the role. On Doorward's own routes, changes take effect with the next request, because the
//! database is queried each time; the `roles` claim of tokens is for other services.

mod create;
mod delete;
mod grant;
mod list;
mod revoke;
mod role;
mod store;
mod update;

pub use role::{Allowed, Role, RoleDescription, RoleName};
pub use store::STATEMENTS;
pub use update::RoleChange;

pub(crate) use grant::granting;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Declared, RateGroup, Routes};

feature! {
    /// The use cases of roles.
    Roles = roles()
}

/// The routes below `/admin` for roles.
pub fn routes() -> Routes<Roles> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(list::list, create::create))
        .add(api, routes!(update::update, delete::delete))
        .add(api, routes!(grant::grant, revoke::revoke))
}
