//! A name to sign in with besides the address, by `USERNAMES=on`. It is ASCII, so no spelling looks like or
//! normalises to another one, and has no `@`, so it is never an address.

use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::email::Email;
use crate::input::{Field, Fields, Refusal};

const MIN: usize = 3;
const MAX: usize = 30;

/// A user name as it was typed, and the key it is unique by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    typed: String,
    key: String,
}

impl Username {
    /// Reads a user name; `None` if it is not one. Spaces around it are no part of it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let valid = (MIN..=MAX).contains(&text.len()) && text.bytes().all(plain);
        valid.then(|| Self { typed: text.to_owned(), key: text.to_ascii_lowercase() })
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// What makes it unique: lower case.
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

/// A user name as a body gives it. Where there are no user names nobody looks at it, since front ends send
/// all kinds of things by this name.
#[derive(Clone, Debug)]
pub struct GivenUsername(Value);

impl GivenUsername {
    /// What was given.
    pub fn new(value: impl Into<Value>) -> Self {
        Self(value.into())
    }

    /// The user name, where there are such.
    pub fn read(&self, on: bool) -> Option<Result<Username, Refusal>> {
        on.then(|| Username::from_json(self.0.clone()))
    }

    /// The same; if it is refused, that is noted.
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

/// What somebody signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// The address of an account.
    Email(Email),
    /// Its user name.
    Username(Username),
}

impl LoginName {
    /// Reads what was typed; `None` if no account can have it.
    pub fn parse(typed: &str, usernames: bool) -> Option<Self> {
        match Email::parse(typed) {
            Some(email) => Some(Self::Email(email)),
            None => Username::parse(typed).filter(|_| usernames).map(Self::Username),
        }
    }

    /// What makes it unique among all of them.
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
