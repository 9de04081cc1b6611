//! `POST /admin/users`: creates an account, whatever `REGISTRATION` is set to. Without a password, nobody can
//! sign in until one is set.

use axum::extract::State;

use super::{AdminUser, Users, store};
use crate::accounts::{Name, taken};
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::{Error, Invalid};
use crate::gate::Authority;
use crate::gate::permission::UsersWrite;
use crate::http::{Created, JsonBody};
use crate::input::{Draft, Locale, body};
use crate::keys::Permitted;
use crate::metadata::MetadataObject;
use crate::passwords::{NewPassword, ReadyHash};
use crate::roles::RoleName;
use crate::sql::DbError;
use crate::username::GivenUsername;

body! {
    /// A new account.
    pub struct NewUser as "CreateUserRequest" {
        /// Address to sign in with; unique ignoring ASCII case.
        pub email: Email,
        /// 8–256 characters, used exactly as sent; without a password nobody can sign in until one is set.
        pub password: Option<NewPassword>,
        /// Display name.
        pub name: Option<Name>,
        /// Name to sign in with besides the address; unique without regard to ASCII case.
        pub username: Option<GivenUsername>,
        /// False creates a disabled account; true if absent.
        pub is_active: Option<bool>,
        /// Whether the address is verified; false if absent.
        pub email_verified: Option<bool>,
        /// The user's language, as a BCP 47 tag such as `pt-BR`.
        pub locale: Option<Locale>,
        /// True sends a mail with a link to choose a password; only without `password`.
        pub invite: Option<bool>,
        /// Your app's own fields, which the account's owner may change; at most 16 KiB of JSON.
        pub user_metadata: Option<MetadataObject>,
        /// Your app's own fields, which only administrators may change; at most 16 KiB of JSON.
        pub app_metadata: Option<MetadataObject>,
    }
}

/// Create an account
#[utoipa::path(post, path = "/users", operation_id = "users.create", tag = "admin",
    security(("bearer" = ["users:write"])),
    request_body = NewUser,
    responses(
        (status = 201, description = "The new account", body = AdminUser,
            headers(("Location" = String))),
        (status = 403, description = "Needs `users:write`"),
        (status = 404, description = "`invite` is true, but this service does not send mail"),
        (status = 409, description = "The e-mail address or the user name is taken")))]
pub(super) async fn create(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    JsonBody(mut draft): JsonBody<Draft<NewUser>>,
) -> Result<Created<AdminUser>, Error> {
    let username = draft.parts.3.as_ref().and_then(Option::as_ref);
    let username = username.and_then(|it| it.check(users.settings.usernames, &mut draft.fields));
    if let (email, Some(Some(password)), ..) = &draft.parts {
        let policy = &users.passwords.policy;
        let refusal = policy.judge(&password.0, email.as_ref(), username.as_ref()).await?;
        draft.fields.note("password", refusal);
    }
    let user = users.create(&by.actor, draft.finish()?).await?;
    Ok(Created(format!("/admin/users/{}", user.user.id), user))
}

impl NewUser {
    /// An account with only this address.
    pub fn of(email: Email) -> Self {
        Self {
            email,
            password: None,
            name: None,
            username: None,
            is_active: None,
            email_verified: None,
            locale: None,
            invite: None,
            user_metadata: None,
            app_metadata: None,
        }
    }
}

impl Users {
    /// Creates an account; the caller checks the password policy.
    pub async fn create(&self, by: &Actor, mut new: NewUser) -> Result<AdminUser, Error> {
        if new.invite == Some(true) && (new.password.is_some() || new.is_active == Some(false)) {
            let why = "needs an active account without a password";
            let why = (why.to_owned(), "value_error");
            return Err(Error::Validation(vec![Invalid::new("body", "invite", why)]));
        }
        let hash = match new.password.take() {
            Some(NewPassword(password)) => {
                // Hashing is expensive: check the permission first.
                if let Authority::Caller(gate) = by.authority {
                    self.db.check(gate).await?;
                }
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        self.insert(by, &new, hash.as_deref(), &[]).await
    }

    /// Creates an account without a password, with these roles in addition to `user`.
    pub async fn create_with_roles(
        &self,
        by: &Actor,
        new: NewUser,
        roles: &[RoleName],
    ) -> Result<AdminUser, Error> {
        self.insert(by, &new, None, roles).await
    }

    /// Creates an account with an existing password hash; a password in `new` is ignored.
    pub async fn create_ready(
        &self,
        by: &Actor,
        new: NewUser,
        hash: &ReadyHash,
    ) -> Result<AdminUser, Error> {
        self.insert(by, &new, Some(hash.as_str()), &[]).await
    }

    async fn insert(
        &self,
        by: &Actor,
        new: &NewUser,
        hash: Option<&str>,
        roles: &[RoleName],
    ) -> Result<AdminUser, Error> {
        self.check_token_fields(new.app_metadata.as_ref())?;
        let now = self.clock.now();
        let id = self.random.id(now);
        let username = new.username.as_ref().and_then(|it| it.read(self.settings.usernames)?.ok());
        let mut steps = store::insert(id, new, username.as_ref(), hash, now).to_vec();
        let mut records = vec![Record::by(by, Event::AccountCreate).about(id)];
        for role in roles {
            let (granting, record) = crate::roles::granting(by, id, role);
            steps.extend(granting);
            records.push(record);
        }
        let invites = new.invite == Some(true);
        if invites {
            steps.extend(self.invitation(id).ok_or(Error::MailOff)?);
            records.push(Record::by(by, Event::InvitationSend).about(id));
        }
        steps.push(store::find(id));
        let rows = match self.audit.commit(by.authority, steps, records).await {
            Ok(rows) => rows,
            Err(DbError::Unique(index)) => return Err(taken(&index)),
            Err(error) => return Err(error.into()),
        };
        if invites {
            self.mail.wake();
        }
        let row = rows.last().and_then(|found| found.first());
        let row = row.ok_or_else(|| Error::Internal("a new user vanished".into()))?;
        Ok(row.read()?)
    }
}
