//! A person as described by another issuer. The subject is used as it is; an address or name that is invalid
//! here is omitted, and the person accepted without it.

use serde_json::{Map, Value};

use crate::accounts::Name;
use crate::email::Email;
use crate::input::Field;

/// Fits into an index entry of both databases.
const MAX_SUBJECT: usize = 255;

/// The subject of a valid foreign token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The issuer.
    pub(super) issuer: String,
    /// The subject.
    pub(super) subject: String,
    pub(super) email: Option<Email>,
    /// The issuer has verified the address.
    pub(super) is_email_verified: bool,
    pub(super) name: Option<Name>,
}

impl Person {
    /// The person with these claims; `None` if the subject is invalid.
    pub(super) fn new(issuer: &str, subject: &Value, claims: &Map<String, Value>) -> Option<Self> {
        let email = claims.get("email").and_then(Value::as_str).and_then(Email::parse);
        // Better Auth's claim, then OpenID Connect's (Core §5.1).
        let verified = claims.get("emailVerified").or_else(|| claims.get("email_verified"));
        let name = claims.get("name").and_then(|name| Name::from_json(name.clone()).ok());
        Some(Self {
            issuer: issuer.to_owned(),
            subject: subject_text(subject)?,
            is_email_verified: email.is_some() && verified == Some(&Value::Bool(true)),
            email,
            name,
        })
    }
}

/// A text, or a number, as in some databases.
fn subject_text(subject: &Value) -> Option<String> {
    let text = match subject {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let is_name =
        !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control);
    is_name.then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: &Value) -> Option<Person> {
        Person::new("issuer", &claims["sub"], claims.as_object().unwrap())
    }

    #[test]
    fn an_address_or_a_name_that_will_not_do_is_left_out() {
        let known = person(&json!({"sub": "1", "email": "a@b.example", "name": " Ada "})).unwrap();
        assert_eq!(known.email.unwrap().as_str(), "a@b.example");
        assert_eq!(known.name.unwrap().as_str(), "Ada");
        let odd = json!({"sub": "1", "email": "a@b", "name": "\u{1b}[31m", "emailVerified": true});
        let odd = person(&odd).unwrap();
        assert_eq!((odd.email, odd.name, odd.is_email_verified), (None, None, false));
    }

    #[test]
    fn an_address_is_verified_only_where_the_issuer_says_true() {
        for said in [json!("true"), json!(1), json!(null), json!(false), json!([true])] {
            let claims = json!({"sub": "1", "email": "a@b.example", "email_verified": said});
            assert!(!person(&claims).unwrap().is_email_verified, "{claims}");
        }
        for name in ["emailVerified", "email_verified"] {
            let claims = json!({"sub": "1", "email": "a@b.example", name: true});
            assert!(person(&claims).unwrap().is_email_verified, "{claims}");
        }
    }

    #[test]
    fn a_subject_is_a_short_text_or_a_whole_number() {
        assert_eq!(person(&json!({"sub": 17})).unwrap().subject, "17");
        for subject in [
            json!(""),
            json!("a\0b"),
            json!("x".repeat(256)),
            json!(1.5),
            json!(-1),
            json!(null),
            json!([]),
        ] {
            assert_eq!(person(&json!({"sub": subject})), None, "{subject}");
        }
    }
}
