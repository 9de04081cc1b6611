//! Users: administration of all accounts, over HTTP below `/admin` and on the command line. `accounts`
//! handles the same rows for their owners. Nobody can act on a user with more permissions, the last active
//! admin cannot be removed, and disabling or banning ends all sessions immediately.

mod audit;
mod create;
mod create_service;
mod delete;
mod invite;
mod list;
mod show;
mod store;
mod update;
mod user;

pub use create::NewUser;
pub use create_service::NewServiceAccount;
pub use list::UserFilter;
pub use store::STATEMENTS;
pub use update::{BanReason, UserChange};
pub use user::AdminUser;

use utoipa_axum::routes;

use crate::error::{Error, Invalid};
use crate::feature;
use crate::http::{Declared, RateGroup, Routes};
use crate::metadata::MetadataObject;

feature! {
    /// The use cases of administration.
    Users = users()
}

impl Users {
    /// Rejects fields that are too long for access tokens.
    fn check_token_fields(&self, fields: Option<&MetadataObject>) -> Result<(), Error> {
        let names = &self.settings.token_app_metadata;
        let Some(name) = fields.and_then(|fields| fields.too_long_for_tokens(names)) else {
            return Ok(());
        };
        let why = format!("has more than 256 bytes in {name:?}, which is part of access tokens");
        Err(Error::Validation(vec![Invalid::new("body", "app_metadata", (why, "too_long"))]))
    }
}

/// The routes below `/admin` for users and the audit log.
pub fn routes() -> Routes<Users> {
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(api, routes!(list::list, create::create))
        .add(api, routes!(show::show, update::update, delete::delete))
        .add(Declared::STRICT, routes!(invite::invite))
        .add(api, routes!(create_service::create_service))
        .add(api, routes!(audit::audit))
}
