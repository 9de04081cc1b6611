//! `DELETE /auth/me`: deletes the caller's own account and all that is theirs, against the password. The
//! last active admin must stay; the condition is part of the transaction, so two admins who leave at
//! once cannot both go. `POST /auth/me/delete` is the same for clients that send no body with DELETE.

use axum::extract::State;

use super::{Accounts, store};
use crate::audit::{Actor, Event, Record};
use crate::config::AccountDeletion;
use crate::error::{Error, Invalid};
use crate::gate::{Fresh, Gate, keep_an_admin, lock_admins, signed_in_since};
use crate::guesses;
use crate::http::{JsonBody, NoContent};
use crate::input::{Origin, body};
use crate::keys::Caller;
use crate::passwords::{self, Password};
use crate::sql::DbError;

body! {
    /// The proof that it is the owner who asks.
    pub(super) struct DeleteRequest {
        /// The account's current password.
        password: Password,
    }
}

/// Deletes the caller's own account.
#[utoipa::path(delete, path = "/me", operation_id = "accounts.delete", tag = "accounts",
    security(("bearer" = [])),
    request_body = Option<DeleteRequest>,
    responses(
        (status = 204, description = "Deleted, with sessions and tasks"),
        (status = 401, description = "No token, or one that no longer counts"),
        (status = 403, description = "The password is wrong, or there is none and the sign-in is too old"),
        (status = 409, description = "The last active admin cannot be deleted"),
        (status = 422, description = "The password is missing")))]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    caller: Caller,
    origin: Origin,
    body: Option<JsonBody<DeleteRequest>>,
) -> Result<NoContent, Error> {
    match (body, accounts.settings.account_deletion) {
        (Some(JsonBody(request)), _) => {
            accounts.delete(caller.gate, request.password, origin).await?;
        }
        (None, AccountDeletion::Fresh) => accounts.delete_fresh(caller.gate, origin).await?,
        (None, AccountDeletion::Password) => {
            let refusal = ("is required".to_owned(), "missing");
            return Err(Error::Validation(vec![Invalid::new("body", "password", refusal)]));
        }
    }
    Ok(NoContent)
}

/// Deletes the caller's own account, for clients that cannot send a body with DELETE.
#[utoipa::path(post, path = "/me/delete", operation_id = "accounts.delete_by_post", tag = "accounts",
    security(("bearer" = [])),
    request_body = Option<DeleteRequest>,
    responses(
        (status = 204, description = "Deleted, with sessions and tasks"),
        (status = 401, description = "No token, or one that no longer counts"),
        (status = 403, description = "The password is wrong, or there is none and the sign-in is too old"),
        (status = 409, description = "The last active admin cannot be deleted"),
        (status = 422, description = "The password is missing")))]
pub(super) async fn delete_by_post(
    state: State<Accounts>,
    caller: Caller,
    origin: Origin,
    body: Option<JsonBody<DeleteRequest>>,
) -> Result<NoContent, Error> {
    delete(state, caller, origin, body).await
}

impl Accounts {
    /// Deletes the gate's user, who signed in a moment ago.
    async fn delete_fresh(&self, gate: Gate, origin: Origin) -> Result<(), Error> {
        let owner = gate.user_id;
        let steps = vec![
            signed_in_since(gate, Fresh::of(&self.settings)),
            lock_admins(),
            keep_an_admin(owner, self.clock.now()),
            store::delete(owner),
            guesses::forget(owner),
        ];
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::AccountDelete).about(owner);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }

    /// Deletes the gate's user if the password is right.
    pub async fn delete(
        &self,
        gate: Gate,
        password: Password,
        origin: Origin,
    ) -> Result<(), Error> {
        let proof = self.passwords.confirm(gate, password, &origin).await?;
        let owner = gate.user_id;
        let steps = vec![
            lock_admins(),
            keep_an_admin(owner, self.clock.now()),
            passwords::keeps(owner, &proof.stored),
            store::delete(owner),
            guesses::forget(owner),
        ];
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::AccountDelete).about(owner);
        match proof.commit(by.authority, steps, record).await {
            Ok(_) => Ok(()),
            Err(DbError::Refused(why)) if why == "password_changed" => Err(Error::WrongPassword),
            Err(error) => Err(error.into()),
        }
    }
}
