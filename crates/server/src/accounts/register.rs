//! `POST /auth/register`: makes an account with an e-mail address and a password, in one round trip to
//! the database. Two concurrent registrations of one address are settled by the unique index.

use axum::extract::State;

use super::store::{self, NewAccount};
use super::{Accounts, Name};
use crate::audit::{Event, Record};
use crate::config::Registration;
use crate::email::Email;
use crate::error::Error;
use crate::http::{Created, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::passwords::{NewPassword, Password};
use crate::sql::DbError;
use crate::user::User;

body! {
    /// What a new account is made of.
    pub(super) struct RegisterRequest {
        /// Address to sign in with; unique without regard to ASCII case.
        email: Email,
        /// 8–256 characters, taken exactly as sent.
        password: NewPassword,
        /// Display name.
        name: Option<Name>,
    }
}

/// Registers an account.
#[utoipa::path(post, path = "/register", operation_id = "accounts.register", tag = "accounts",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The new account", body = User, headers(("Location" = String))),
        (status = 403, description = "Registration is closed"),
        (status = 409, description = "The e-mail address is taken"),
        (status = 422, description = "Invalid values, all of them")))]
pub(super) async fn register(
    State(accounts): State<Accounts>,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<RegisterRequest>>,
) -> Result<Created<User>, Error> {
    if accounts.settings.registration == Registration::Closed {
        return Err(Error::RegistrationClosed);
    }
    if let (email, Some(password), _) = &draft.parts {
        let refusal = accounts.passwords.policy.judge(&password.0, email.as_ref()).await?;
        draft.fields.note("password", refusal);
    }
    let RegisterRequest { email, password, name } = draft.finish()?;
    let user = accounts.register(email, password.0, name, &origin).await?;
    Ok(Created(format!("{}/me", accounts.settings.auth_path), user))
}

impl Accounts {
    /// Makes an account; the password's policy is the caller's business.
    pub async fn register(
        &self,
        email: Email,
        password: Password,
        name: Option<Name>,
        origin: &Origin,
    ) -> Result<User, Error> {
        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let new = NewAccount {
            id: self.random.id(now),
            email: &email,
            name: name.as_ref(),
            hash: &hash,
            role: "user",
            now,
        };
        let record = Record::from(origin, Event::Register).about(new.id);
        match self.audit.write(store::insert(&new), record).await {
            Ok(_) => {}
            Err(DbError::Unique) => return Err(Error::EmailTaken),
            Err(error) => return Err(error.into()),
        }
        Ok(User {
            id: new.id,
            email: Some(email.as_str().to_owned()),
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            is_active: true,
            email_verified: false,
            roles: vec![new.role.to_owned()],
            created_at: now,
            updated_at: now,
        })
    }
}
