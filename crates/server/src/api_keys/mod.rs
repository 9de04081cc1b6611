//! API keys: what programs call tasks and administration with, in place of a sign-in. A key does what its
//! scopes say, and never more than its owner may at that moment. It opens no account: nothing about the
//! owner is read or changed with it. Its id is a digest of its text, which is shown once.

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

/// What one account has at most.
pub const MOST_KEYS: i64 = 50;

/// The routes below `AUTH_PATH`: one's own keys.
pub fn routes() -> Routes<ApiKeys> {
    Routes::default()
        .add(Declared::STRICT, routes!(list::list, create::create))
        .add(Declared::STRICT, routes!(revoke::revoke))
}

/// The routes below `/admin`: other people's keys, and those of service accounts.
pub fn admin_routes() -> Routes<ApiKeys> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    let of_user =
        routes!(of_user::list_of_user, of_user::revoke_of_user, create_of_user::create_of_user);
    Routes::default().add(api, of_user).add(api, routes!(of_user::revoke_one))
}
