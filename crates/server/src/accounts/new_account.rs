//! A new account: its hash, and the steps that write it. The endpoint that asks for one stands with
//! sessions, since it may begin the first. Two concurrent registrations of one address are settled by
//! the unique index.

use super::{Accounts, Name, store};
use crate::email::Email;
use crate::error::Error;
use crate::input::Locale;
use crate::metadata::MetadataObject;
use crate::passwords::Password;
use crate::sql::Step;
use crate::user::User;
use crate::username::Username;

/// An account that is yet to be written.
#[derive(Debug)]
pub(crate) struct NewAccount {
    /// As it will be read.
    pub(crate) user: User,
    /// Of its password.
    pub(crate) hash: Option<String>,
    /// What writes it; fails as `Unique` where the address or the user name is taken.
    pub(crate) steps: Vec<Step>,
    /// What writes it if the address is free, and else does the same work; the second of them returns a
    /// row if it was.
    pub(crate) steps_if_free: Vec<Step>,
}

/// What people may say of themselves when they register.
#[derive(Debug, Default)]
pub(crate) struct NewProfile {
    pub(crate) name: Option<Name>,
    pub(crate) username: Option<Username>,
    pub(crate) locale: Option<Locale>,
    pub(crate) user_metadata: MetadataObject,
}

impl Accounts {
    /// Hashes the password of a new account; its policy is the caller's business.
    pub(crate) async fn new_account(
        &self,
        email: &Email,
        password: Password,
        profile: NewProfile,
    ) -> Result<NewAccount, Error> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.account_of(email, Some(hash), profile))
    }

    /// A new account that nobody signs in to with a password yet.
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

/// What it means that this index refused an account.
pub(crate) fn taken(index: &str) -> Error {
    if index.contains("username_key") { Error::UsernameTaken } else { Error::EmailTaken }
}
