//! `POST /admin/users`: makes an account for somebody, whatever `REGISTRATION` says. Without a password
//! nobody signs in to it until one is set.

use axum::extract::State;
use utoipa::ToSchema;

use super::{AdminUser, Users, store};
use crate::accounts::Name;
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::UsersWrite;
use crate::http::{Created, JsonBody};
use crate::input::Fields;
use crate::keys::Permitted;
use crate::passwords::{Password, Policy};
use crate::sql::DbError;

/// A new account.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes what NewUser reads")]
struct CreateUserRequest {
    /// Address to sign in with; unique without regard to ASCII case.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    /// 8–256 characters, taken exactly as sent; without one nobody signs in until one is set.
    #[schema(value_type = Option<String>, format = "password", min_length = 8, max_length = 256)]
    password: Option<Password>,
    /// Display name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    name: Option<Name>,
    /// False makes it disabled; true if absent.
    is_active: Option<bool>,
    /// True if the address is known to be theirs; false if absent.
    email_verified: Option<bool>,
}

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Address to sign in with.
    pub email: Email,
    /// Its password, already found good enough.
    pub password: Option<Password>,
    /// Display name.
    pub name: Option<Name>,
    /// False: disabled.
    pub is_active: bool,
    /// The address is known to be theirs.
    pub email_verified: bool,
}

impl NewUser {
    async fn read(mut fields: Fields, policy: &Policy) -> Result<Self, Error> {
        let email: Option<Email> = fields.required("email");
        let password: Option<Password> = fields.optional("password");
        let name = fields.optional("name");
        let is_active = fields.optional("is_active").unwrap_or(true);
        let email_verified = fields.optional("email_verified").unwrap_or(false);
        if let Some(password) = &password {
            let refusal = policy.judge(password, email.as_ref()).await?;
            fields.note("password", refusal);
        }
        fields.finish()?;
        let email = email.ok_or_else(|| Error::Internal("a required field vanished".into()))?;
        Ok(Self { email, password, name, is_active, email_verified })
    }
}

/// Make an account
#[utoipa::path(post, path = "/users", operation_id = "users.create", tag = "admin",
    security(("bearer" = ["users:write"])),
    request_body = CreateUserRequest,
    responses(
        (status = 201, description = "The new account", body = AdminUser,
            headers(("Location" = String))),
        (status = 403, description = "Needs `users:write`"),
        (status = 409, description = "The e-mail address is taken")))]
pub(super) async fn create(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    JsonBody(fields): JsonBody,
) -> Result<Created<AdminUser>, Error> {
    let new = NewUser::read(fields, &users.passwords.policy).await?;
    let user = users.create(&by.actor, new).await?;
    Ok(Created(format!("/admin/users/{}", user.user.id), user))
}

impl Users {
    /// Makes an account; the password's policy is the caller's business.
    pub async fn create(&self, by: &Actor, mut new: NewUser) -> Result<AdminUser, Error> {
        let hash = match new.password.take() {
            Some(password) => {
                // Hashing is dear: not for somebody who may not do this at all.
                if let Authority::Caller(gate) = by.authority {
                    self.db.check(gate).await?;
                }
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let now = self.clock.now();
        let id = self.random.id(now);
        let mut steps = store::insert(id, &new, hash.as_deref(), now).to_vec();
        steps.push(store::find(id));
        let record = Record::by(by, Event::AccountCreate).about(id);
        let rows = match self.audit.commit(by.authority, steps, [record]).await {
            Ok(rows) => rows,
            Err(DbError::Unique) => return Err(Error::EmailTaken),
            Err(error) => return Err(error.into()),
        };
        let row = rows.last().and_then(|found| found.first());
        let row = row.ok_or_else(|| Error::Internal("a new user vanished".into()))?;
        Ok(row.read()?)
    }
}
