//! `POST /admin/service-accounts`: creates the account of a program. The database enforces that it has no
//! address and no password, so it can only authenticate with API keys. It gets roles, and is listed, changed,
//! disabled and deleted, like any user.

use axum::extract::State;

use super::{AdminUser, Users, store};
use crate::accounts::Name;
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::UsersWrite;
use crate::http::{Created, JsonBody};
use crate::input::body;
use crate::keys::Permitted;
use crate::metadata::MetadataObject;

body! {
    /// A new service account.
    pub struct NewServiceAccount as "CreateServiceAccountRequest" {
        /// What it is for: 1–100 characters after trimming.
        pub name: Name,
        /// Your app's own fields, which only administrators may change; at most 16 KiB of JSON.
        pub app_metadata: Option<MetadataObject>,
    }
}

/// Create a service account
///
/// For a program. Create its API keys with `POST /admin/users/{id}/keys`.
#[utoipa::path(post, path = "/service-accounts", operation_id = "users.create_service",
    tag = "admin", security(("bearer" = ["users:write"])),
    request_body = NewServiceAccount,
    responses(
        (status = 201, description = "The new account", body = AdminUser,
            headers(("Location" = String))),
        (status = 403, description = "Needs `users:write`")))]
pub(super) async fn create_service(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    JsonBody(new): JsonBody<NewServiceAccount>,
) -> Result<Created<AdminUser>, Error> {
    let user = users.create_service(&by.actor, &new).await?;
    Ok(Created(format!("/admin/users/{}", user.user.id), user))
}

impl Users {
    /// Creates a service account.
    pub async fn create_service(
        &self,
        by: &Actor,
        new: &NewServiceAccount,
    ) -> Result<AdminUser, Error> {
        self.check_token_fields(new.app_metadata.as_ref())?;
        let now = self.clock.now();
        let id = self.random.id(now);
        let mut steps = store::insert_service(id, new, now).to_vec();
        steps.push(store::find(id));
        let record = Record::by(by, Event::AccountCreate).about(id).detail("service account");
        let rows = self.audit.commit(by.authority, steps, [record]).await?;
        let row = rows.last().and_then(|found| found.first());
        let row = row.ok_or_else(|| Error::Internal("a new account vanished".into()))?;
        Ok(row.read()?)
    }
}
