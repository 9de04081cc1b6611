//! `PATCH /auth/me`: changes the caller's own account with merge semantics (RFC 7396: absent keeps, null
//! clears): the name, and if the settings allow it the address and the password. Changes that could give the
//! account to somebody else require recent authentication, because the token may be stolen.

use axum::extract::State;

use super::{Accounts, Name, store, taken};
use crate::audit::{Actor, Event, Record};
use crate::config::{EmailChange, Notice, PasswordChange};
use crate::email::Email;
use crate::error::{Error, Invalid};
use crate::gate::{Fresh, Gate, signed_in_since};
use crate::http::{Json, JsonBody, json};
use crate::input::{Draft, Given, Locale, Origin, Refusal, body};
use crate::keys::Caller;
use crate::mail::Ask;
use crate::metadata::{MetadataObject, too_large};
use crate::passwords::NewPassword;
use crate::sql::DbError;
use crate::user::User;
use crate::username::{GivenUsername, Username};

body! {
    /// The changes; absent fields keep their values, null clears a field.
    pub(super) struct UpdateRequest {
        /// Display name.
        name: Given<Name>,
        /// Name to sign in with besides the address; null takes it away.
        username: Given<GivenUsername>,
        /// Address to sign in with, unverified once it is changed; needs a recent sign-in.
        email: Option<Email> = None,
        /// 8–256 characters, taken exactly as sent; needs a recent sign-in and ends the other sessions.
        password: Option<NewPassword> = None,
        /// The user's language, as a BCP 47 tag; null clears it.
        locale: Given<Locale>,
        /// Changes to your app's own fields, as a merge patch: absent names keep their values, null removes a
        /// name. Null instead of an object removes all.
        user_metadata: Given<MetadataObject>,
    }
}

/// Change your account
#[utoipa::path(patch, path = "/me", operation_id = "accounts.update", tag = "accounts",
    security(("bearer" = [])),
    request_body = UpdateRequest,
    responses(
        (status = 200, description = "The changed user", body = User),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 403, description = "The sign-in is not recent enough to change the address or the password"),
        (status = 409, description = "The e-mail address or the user name is taken"),
        (status = 422, description = "Invalid values, or fields that cannot be changed here")))]
pub(super) async fn update(
    State(accounts): State<Accounts>,
    caller: Caller,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<UpdateRequest>>,
) -> Result<Json<User>, Error> {
    let on = accounts.settings.usernames;
    let own = match &draft.parts.1 {
        Some(Given::Value(given)) => given.check(on, &mut draft.fields),
        _ => None,
    };
    if let (_, _, email, Some(Some(NewPassword(password))), ..) = &draft.parts {
        let refusal = match accounts.settings.password_change {
            PasswordChange::Current => Some(accounts.by_its_own_route()),
            PasswordChange::Fresh => {
                let email = email.as_ref().and_then(Option::as_ref);
                accounts.passwords.policy.judge(password, email, own.as_ref()).await?
            }
        };
        draft.fields.note("password", refusal);
    }
    let UpdateRequest { name, username, email, password, locale, user_metadata } =
        draft.finish()?;
    let username = match (username, own) {
        (Given::Value(_), Some(own)) => Given::Value(own),
        (Given::Null, _) if on => Given::Null,
        _ => Given::Absent,
    };
    let change = OwnChange { name, username, email, password, locale, user_metadata };
    accounts.update(caller.gate, change, origin).await.map(json)
}

/// A user's changes to their own account.
#[derive(Debug)]
pub(super) struct OwnChange {
    name: Given<Name>,
    username: Given<Username>,
    email: Option<Email>,
    password: Option<NewPassword>,
    locale: Given<Locale>,
    user_metadata: Given<MetadataObject>,
}

impl Accounts {
    /// Changes the gate's user.
    pub(super) async fn update(
        &self,
        gate: Gate,
        change: OwnChange,
        origin: Origin,
    ) -> Result<User, Error> {
        let OwnChange { name, username, email, password, locale, user_metadata } = change;
        let by = Actor::caller(gate, origin);
        let fresh = Fresh::of(&self.settings);
        let (mut steps, mut records) = (Vec::new(), Vec::new());
        let record = |event| Record::by(&by, event).about(gate.user_id);
        let mut is_notified = false;
        if let Some((email, proven)) = self.another(gate, email).await? {
            steps.push(signed_in_since(gate, fresh));
            steps.push(store::update_email(gate, &email));
            // Mail is not sent just because somebody else entered the address.
            if let Some(old) = proven.filter(|_| self.mail.notifies(Notice::EmailChanged)) {
                let ask = Ask::email_changed(gate.user_id, &old, &email, by.origin.clone());
                steps.extend(self.mail.ask(&ask));
                is_notified = true;
            }
            records.push(record(Event::EmailChange));
        }
        if let Some(NewPassword(password)) = password {
            steps.extend(self.passwords.replacement(gate, fresh, password).await?);
            let notice = self.mail.notify(Notice::PasswordChanged, gate.user_id, &by.origin);
            is_notified |= notice.is_some();
            steps.extend(notice);
            records.push(record(Event::PasswordChange));
        }
        let username = match username {
            Given::Absent => None,
            Given::Null => Some(store::update_username(gate, None)),
            Given::Value(username) => Some(store::update_username(gate, Some(&username))),
        };
        if let Some(step) = username {
            steps.push(step);
            records.push(record(Event::UsernameChange));
        }
        match name {
            Given::Absent => {}
            Given::Null => steps.push(store::update_name(gate, None)),
            Given::Value(name) => steps.push(store::update_name(gate, Some(&name))),
        }
        steps.extend(store::update_profile(gate, &locale, &user_metadata));
        if steps.is_empty() {
            return self.me(gate).await;
        }
        steps.push(store::find(gate.user_id));
        match self.audit.commit(by.authority, steps, records).await {
            Ok(rows) => {
                if is_notified {
                    self.mail.wake();
                }
                let row = rows.last().and_then(|found| found.first()).ok_or(Error::NotFound)?;
                Ok(row.read()?)
            }
            Err(DbError::Unique(index)) => Err(taken(&index)),
            Err(DbError::Refused(why)) if why == "metadata_too_large" => {
                Err(too_large("user_metadata"))
            }
            // Of two concurrent changes one wins; the other one proved the old password.
            Err(DbError::Refused(why)) if why == "password_changed" => Err(Error::StaleSignIn {
                max_age: self.settings.step_up_age.as_secs(),
                factor: false,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The address if it differs from the account's, which front ends send back with their forms, and the
    /// current one if verified; an error if it may not be changed here.
    async fn another(
        &self,
        gate: Gate,
        email: Option<Email>,
    ) -> Result<Option<(Email, Option<Email>)>, Error> {
        let Some(email) = email else { return Ok(None) };
        let me = self.me(gate).await?;
        let present = me.email.as_deref().and_then(Email::parse);
        if present.as_ref().is_some_and(|present| present.key() == email.key()) {
            return Ok(None);
        }
        match self.settings.email_change {
            EmailChange::Immediate => Ok(Some((email, present.filter(|_| me.email_verified)))),
            EmailChange::Confirmed => {
                let why = if self.mail.is_on() {
                    format!(
                        "is changed by POST {}/email, with email and password",
                        self.settings.auth_path
                    )
                } else {
                    "cannot be changed here: ask the operator of this service".to_owned()
                };
                let refusal = (why, "value_error");
                Err(Error::Validation(vec![Invalid::new("body", "email", refusal)]))
            }
        }
    }

    fn by_its_own_route(&self) -> Refusal {
        let path = &self.settings.auth_path;
        let why =
            format!("is changed by POST {path}/password, with current_password and new_password");
        (why, "value_error")
    }
}
