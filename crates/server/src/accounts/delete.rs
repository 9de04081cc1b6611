//! `DELETE /auth/me`: deletes the caller's own account and all its data; requires the password. The last
//! active admin cannot be deleted. The transaction checks this, so two admins cannot both leave at the same
//! time. `POST /auth/me/delete` is the same for clients that cannot send a body with DELETE.

use axum::extract::State;
use uuid::Uuid;

use super::receipt::Held;
use super::{Accounts, ErasureReceipt, store};
use crate::audit::{Actor, Event, Record};
use crate::config::AccountDeletion;
use crate::db::Row;
use crate::error::{Error, Invalid};
use crate::gate::{Fresh, Gate, keep_an_admin, lock_admins, signed_in_since};
use crate::guesses;
use crate::http::{BodyOrNone, JsonBody, WantsBody};
use crate::input::{Origin, body};
use crate::keys::Caller;
use crate::passwords::{self, Password};
use crate::sql::{DbError, Step};

body! {
    /// Proof of the account's owner.
    pub(super) struct DeleteRequest {
        /// The account's current password.
        password: Password,
    }
}

/// An endpoint that deletes the caller's account; the two only differ in their names.
macro_rules! deleting {
    ($method:ident $path:tt $name:ident $operation:tt $(#[$about:meta])+) => {
        $(#[$about])+
        #[utoipa::path($method, path = $path, operation_id = $operation, tag = "accounts",
            security(("bearer" = [])),
            request_body = Option<DeleteRequest>,
            responses(
                (status = 204, description = "Deleted, with sessions and tasks"),
                (status = 200, description = "Deleted, with a receipt, for `Prefer: return=representation`",
                    body = ErasureReceipt),
                (status = 401, description = "No token, or one that is no longer valid"),
                (status = 403, description = "The password is wrong, or the account has none and the sign-in \
                    is not recent enough"),
                (status = 409, description = "The last active admin cannot be deleted"),
                (status = 422, description = "The password is missing")))]
        pub(super) async fn $name(
            State(accounts): State<Accounts>,
            caller: Caller,
            origin: Origin,
            WantsBody(wants_receipt): WantsBody,
            body: Option<JsonBody<DeleteRequest>>,
        ) -> Result<BodyOrNone<ErasureReceipt>, Error> {
            let password = body.map(|JsonBody(request)| request.password);
            accounts.delete(caller.gate, password, origin, wants_receipt).await.map(BodyOrNone)
        }
    };
}

deleting! { delete "/me" delete "accounts.delete"
    /// Delete your account
}

deleting! { post "/me/delete" delete_by_post "accounts.delete_by_post"
    /// Delete your account, for clients that cannot send a body with DELETE
}

/// Adds the steps that delete an account, and before them those that count its data if a receipt is wanted;
/// returns the position for [`Accounts::receipt`].
pub(crate) fn erase(owner: Uuid, wants_receipt: bool, steps: &mut Vec<Step>) -> Option<usize> {
    if wants_receipt {
        steps.extend(store::count_held(owner));
    }
    let at = wants_receipt.then(|| steps.len() - 1);
    steps.extend([store::delete(owner), guesses::forget(owner)]);
    at
}

impl Accounts {
    /// The receipt, from the results of those steps and the number of tasks deleted before.
    pub(crate) fn receipt(
        &self,
        owner: Uuid,
        at: Option<usize>,
        rows: &[Vec<Row>],
        ahead: i64,
    ) -> Result<Option<ErasureReceipt>, Error> {
        let Some(at) = at else { return Ok(None) };
        let row = |at: usize| rows.get(at).and_then(|rows| rows.first()).ok_or(Error::NotFound);
        let (tasks, held): (i64, Held) = (row(at - 1)?.read()?, row(at)?.read()?);
        let now = self.clock.now();
        Ok(Some(ErasureReceipt::new(&self.settings, owner, &held, ahead + tasks, now)))
    }

    /// Deletes the gate's user if the password is right or, without one, if the settings allow that after
    /// recent authentication.
    pub async fn delete(
        &self,
        gate: Gate,
        password: Option<Password>,
        origin: Origin,
        wants_receipt: bool,
    ) -> Result<Option<ErasureReceipt>, Error> {
        let owner = gate.user_id;
        let mut steps = vec![lock_admins(), keep_an_admin(owner, self.clock.now())];
        let proof = match (password, self.settings.account_deletion) {
            (Some(password), _) => {
                let proof = self.passwords.confirm(gate, password, &origin).await?;
                steps.push(passwords::keeps(owner, &proof.stored));
                Some(proof)
            }
            (None, AccountDeletion::Fresh) => {
                steps.insert(0, signed_in_since(gate, Fresh::of(&self.settings)));
                None
            }
            (None, AccountDeletion::Password) => {
                let refusal = ("is required".to_owned(), "missing");
                return Err(Error::Validation(vec![Invalid::new("body", "password", refusal)]));
            }
        };
        let changed = |error| match error {
            DbError::Refused(why) if why == "password_changed" => Error::WrongPassword,
            error => error.into(),
        };
        let by = Actor::caller(gate, origin);
        let ahead = self.delete_tasks_ahead(by.authority, owner, &steps).await.map_err(changed)?;
        let at = erase(owner, wants_receipt, &mut steps);
        let record = Record::by(&by, Event::AccountDelete).about(owner);
        let rows = match proof {
            Some(proof) => proof.commit(by.authority, steps, record).await,
            None => self.audit.commit(by.authority, steps, [record]).await,
        };
        self.receipt(owner, at, &rows.map_err(changed)?, ahead)
    }
}
