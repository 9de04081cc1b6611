//! API keys, with which programs access tasks and administration without signing in. A key allows what its
//! scopes allow, and never more than its owner's current permissions. It gives no access to the owner's
//! account. Its id is a digest of the key, which is shown once.

mod api_key;
mod create;
mod create_of_user;
mod fields;
mod list;
mod of_user;
mod presented;
mod revoke;
mod store;

pub use api_key::{ApiKey, MadeKey};
pub use create::NewKey;
pub use fields::{KeyName, KeyNetworks, KeyScopes};
pub use presented::KeyWorth;
pub use store::STATEMENTS;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Declared, RateGroup, Routes};

feature! {
    /// The use cases of API keys.
    ApiKeys = api_keys()
}

/// Maximum number of keys per account.
pub const MOST_KEYS: i64 = 50;

/// The routes below `AUTH_PATH`: the caller's keys.
pub fn routes() -> Routes<ApiKeys> {
    Routes::default()
        .add(Declared::STRICT, routes!(list::list, create::create))
        .add(Declared::STRICT, routes!(revoke::revoke))
}

/// The routes below `/admin`: other users' keys, and those of service accounts.
pub fn admin_routes() -> Routes<ApiKeys> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    let of_user =
        routes!(of_user::list_of_user, of_user::revoke_of_user, create_of_user::create_of_user);
    Routes::default().add(api, of_user).add(api, routes!(of_user::revoke_one))
}
