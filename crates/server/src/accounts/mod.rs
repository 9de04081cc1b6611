//! Accounts. A user is found by id or by email address, ignoring ASCII case.

mod delete;
mod me;
mod name;
mod new_account;
mod receipt;
mod store;
mod tasks_ahead;
mod update;

pub(crate) use delete::erase;
pub use name::Name;
pub(crate) use new_account::{NewAccount, NewProfile, taken};
pub use receipt::{ErasureReceipt, Remainder};
pub use store::STATEMENTS;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Declared, RateGroup, Routes};

feature! {
    /// The use cases of accounts.
    Accounts = accounts()
}

/// The routes below `AUTH_PATH` for the account itself.
pub fn routes() -> Routes<Accounts> {
    let read = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(read, routes!(me::me))
        .add(Declared::STRICT, routes!(update::update, delete::delete))
        .add(Declared::STRICT, routes!(delete::delete_by_post))
}
