//! User names, an alternative to the address for signing in with `USERNAMES=on`. They are ASCII, so that no
//! spelling looks like or normalizes to another one, and contain no `@`, so that they are never an address.

use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::email::Email;
use crate::input::{Field, Fields, Refusal};

const MIN: usize = 3;
const MAX: usize = 30;

/// A user name as entered, and its unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    typed: String,
    key: String,
}

impl Username {
    /// Parses a user name; `None` if invalid. Surrounding spaces are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let valid = (MIN..=MAX).contains(&text.len()) && text.bytes().all(plain);
        valid.then(|| Self { typed: text.to_owned(), key: text.to_ascii_lowercase() })
    }

    /// As entered.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The unique key: lower case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Field for Username {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let why = "must have 3 to 30 letters, digits, dots, underscores or hyphens";
        Self::parse(&String::from_json(value)?).ok_or_else(|| (why.into(), "value_error"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(MIN))
            .max_length(Some(MAX))
            .pattern(Some("^[A-Za-z0-9._-]*$"))
            .into()
    }
}

/// A user name in a body. If user names are off it is not validated, because front ends send all kinds of
/// values under this name.
#[derive(Clone, Debug)]
pub struct GivenUsername(Value);

impl GivenUsername {
    /// From any value.
    pub fn new(value: impl Into<Value>) -> Self {
        Self(value.into())
    }

    /// The user name, if they are on.
    pub fn read(&self, on: bool) -> Option<Result<Username, Refusal>> {
        on.then(|| Username::from_json(self.0.clone()))
    }

    /// The same; an error is added to `fields`.
    pub fn check(&self, on: bool, fields: &mut Fields) -> Option<Username> {
        match self.read(on)? {
            Ok(username) => Some(username),
            Err(why) => {
                fields.note("username", Some(why));
                None
            }
        }
    }
}

impl Field for GivenUsername {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        Ok(Self(value))
    }

    fn schema() -> RefOr<Schema> {
        Username::schema()
    }
}

/// The name that a user signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// The address of an account.
    Email(Email),
    /// Its user name.
    Username(Username),
}

impl LoginName {
    /// Parses what was entered; `None` if no account can have it.
    pub fn parse(typed: &str, usernames: bool) -> Option<Self> {
        match Email::parse(typed) {
            Some(email) => Some(Self::Email(email)),
            None => Username::parse(typed).filter(|_| usernames).map(Self::Username),
        }
    }

    /// The unique key among all names.
    pub fn key(&self) -> &str {
        self.email_key().or(self.username_key()).unwrap_or_default()
    }

    /// The key if it is an address.
    pub fn email_key(&self) -> Option<&str> {
        match self {
            Self::Email(email) => Some(email.key()),
            Self::Username(_) => None,
        }
    }

    /// The key if it is a user name.
    pub fn username_key(&self) -> Option<&str> {
        match self {
            Self::Email(_) => None,
            Self::Username(username) => Some(username.key()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginName, Username};

    #[test]
    fn a_user_name_has_3_to_30_ascii_letters_digits_dots_underscores_and_hyphens() {
        for text in ["ada", "Ada.Lovelace", "a_b-c.1815", "...", &"x".repeat(30)] {
            assert_eq!(Username::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "ab",
            &"x".repeat(31),
            "ada@example.com",
            "ada@",
            "ad a",
            "ada\0",
            "ada\n",
            "ädä",
            "\u{430}da",
            "ada\u{200b}",
            "ａda",
            "ada/..",
            "a'b",
            "<ada>",
        ] {
            assert_eq!(Username::parse(text), None, "{text:?}");
        }
        assert_eq!(Username::parse(" Ada ").unwrap().key(), "ada");
    }

    #[test]
    fn whatever_is_typed_names_an_address_or_a_user_name_and_never_both() {
        let parse = LoginName::parse;
        assert!(matches!(parse("Ada@Example.com", true), Some(LoginName::Email(_))));
        assert!(matches!(parse("Ada", true), Some(LoginName::Username(_))));
        assert_eq!((parse("Ada", false), parse("ada@", true)), (None, None));
        assert_eq!(parse("ADA", true).unwrap().key(), "ada");
    }
}
