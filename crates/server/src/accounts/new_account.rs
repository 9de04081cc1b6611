//! A new account: its password hash, and the steps that insert it. The registration endpoint is in the
//! sessions feature, because it may create a session. The unique index decides between concurrent
//! registrations of one address.

use super::{Accounts, Name, store};
use crate::email::Email;
use crate::error::Error;
use crate::input::Locale;
use crate::metadata::MetadataObject;
use crate::passwords::Password;
use crate::sql::Step;
use crate::user::User;
use crate::username::Username;

/// An account that is not inserted yet.
#[derive(Debug)]
pub(crate) struct NewAccount {
    /// As it will be read.
    pub(crate) user: User,
    /// The hash of its password.
    pub(crate) hash: Option<String>,
    /// Inserts it; fails with `Unique` if the address or user name is taken.
    pub(crate) steps: Vec<Step>,
    /// Inserts it if the address is free, and otherwise does the same work; the second step returns a row if
    /// it was free.
    pub(crate) steps_if_free: Vec<Step>,
}

/// The profile that users may set at registration.
#[derive(Debug, Default)]
pub(crate) struct NewProfile {
    pub(crate) name: Option<Name>,
    pub(crate) username: Option<Username>,
    pub(crate) locale: Option<Locale>,
    pub(crate) user_metadata: MetadataObject,
}

impl Accounts {
    /// Hashes the password of a new account; the caller checks the password policy.
    pub(crate) async fn new_account(
        &self,
        email: &Email,
        password: Password,
        profile: NewProfile,
    ) -> Result<NewAccount, Error> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.account_of(email, Some(hash), profile))
    }

    /// A new account without a password.
    pub(crate) fn account_without_password(&self, email: &Email) -> NewAccount {
        self.account_of(email, None, NewProfile::default())
    }

    fn account_of(&self, email: &Email, hash: Option<String>, profile: NewProfile) -> NewAccount {
        let NewProfile { name, username, locale, user_metadata } = profile;
        let now = self.clock.now();
        let user = User {
            id: self.random.id(now),
            email: Some(email.as_str().to_owned()),
            name: name.map(|name| name.as_str().to_owned()),
            username: username.as_ref().map(|username| username.as_str().to_owned()),
            is_active: true,
            email_verified: false,
            roles: vec!["user".to_owned()],
            locale: locale.map(|locale| locale.as_str().to_owned()),
            user_metadata,
            app_metadata: MetadataObject::default(),
            created_at: now,
            updated_at: now,
        };
        let kept = hash.as_deref();
        let steps = store::insert(&user, email, username.as_ref(), kept);
        let steps_if_free = store::insert_if_free(&user, email, username.as_ref(), kept);
        NewAccount { user, hash, steps, steps_if_free }
    }
}

/// The error for a conflict in this index.
pub(crate) fn taken(index: &str) -> Error {
    if index.contains("username_key") { Error::UsernameTaken } else { Error::EmailTaken }
}
