//! A feature's request for a mail: recipient and reason. Everything else is looked up when the mail is
//! composed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::email::Email;
use crate::input::Origin;
use crate::mail::letter::Kind;

/// A requested mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Its kind.
    #[serde(with = "by_name")]
    pub kind: Kind,
    /// Its recipient.
    pub about: About,
    /// The client that caused it.
    #[serde(default)]
    pub client: Origin,
    /// Values that only the request knew, by name.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// The recipient of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The owner of this existing account.
    User(Uuid),
    /// The owner of this address, in its unique form (`Email::key`); there may be no account.
    Address(String),
}

impl Ask {
    /// Names of values: the account whose address changes, the mail's address as entered, and the new
    /// address.
    pub const USER: &str = "user";
    /// See [`Ask::USER`].
    pub const ADDRESS: &str = "address";
    /// See [`Ask::USER`].
    pub const NEW_ADDRESS: &str = "new_address";

    /// The notice to an account's old address about the new one, with a link to undo the change.
    pub fn email_changed(user: Uuid, old: &Email, new: &Email, client: Origin) -> Self {
        Self::address(Kind::EmailChanged, old.key(), client)
            .with(Self::USER, user.to_string())
            .with(Self::ADDRESS, old.as_str())
            .with(Self::NEW_ADDRESS, new.as_str())
    }

    /// A mail about an account.
    pub fn user(kind: Kind, user: Uuid, client: Origin) -> Self {
        Self { kind, about: About::User(user), client, values: BTreeMap::new() }
    }

    /// A mail to an address that may have no account; `key` is its `Email::key`.
    pub fn address(kind: Kind, key: &str, client: Origin) -> Self {
        Self { kind, about: About::Address(key.to_owned()), client, values: BTreeMap::new() }
    }

    /// The same with a value that only the request knows.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
}

mod by_name {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::mail::letter::Kind;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(kind: &Kind, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(kind.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(from)?;
        Kind::parse(&name).ok_or_else(|| D::Error::custom("no such kind of mail"))
    }
}
