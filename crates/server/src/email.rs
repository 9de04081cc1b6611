//! Email addresses: validated on input, compared by key. The local part is ASCII, the domain is converted
//! with IDNA (RFC 5891) to A-labels, and only ASCII case is ignored: any other spelling that would normalize
//! to somebody else's address is rejected (CVE-2019-19844, RUSTSEC-2024-0421).

use serde_json::Value;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

use crate::input::{Field, Refusal};

const MAX_BYTES: usize = 254;
const MAX_LOCAL: usize = 64;

/// An address as entered, and its unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
}

impl Email {
    /// Parses an address; `None` if invalid. Surrounding spaces, which come from pasting, are removed;
    /// nothing else is changed.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        if text.len() > MAX_BYTES {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        if !is_local_part(local) {
            return None;
        }
        let key = format!("{}@{}", local.to_ascii_lowercase(), ascii_domain(domain)?);
        (key.len() <= MAX_BYTES).then(|| Self { typed: text.to_owned(), key })
    }

    /// As entered, for sending.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The unique key: lower-case ASCII.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.typed.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl Field for Email {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        if text.trim_matches(' ').len() > MAX_BYTES {
            return Err((format!("is longer than {MAX_BYTES} bytes"), "string_too_long"));
        }
        Self::parse(&text).ok_or_else(|| ("is not a valid e-mail address".into(), "value_error"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
            .max_length(Some(MAX_BYTES))
            .into()
    }
}

/// RFC 5322 §3.2.3 dot-atom: no quotes, comments or spaces.
fn is_local_part(local: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    local.len() <= MAX_LOCAL && local.split('.').all(atom)
}

/// The A-labels of a domain name with at least two labels; `None` if a label is neither its A-label nor its
/// U-label.
fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let (unicode, valid) = idna::domain_to_unicode(&ascii);
    valid.ok()?;
    let typed = domain.to_ascii_lowercase();
    let canonical = typed.split('.').count() == ascii.split('.').count()
        && typed
            .split('.')
            .zip(ascii.split('.').zip(unicode.split('.')))
            .all(|(typed, (ascii, unicode))| typed == ascii || typed == unicode);
    let top = ascii.rsplit_once('.')?.1;
    let named = !top.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && named).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn an_address_is_kept_as_typed_and_unique_without_regard_to_ascii_case() {
        let email = Email::parse("Ada.Lovelace+x@Example.COM").unwrap();
        assert_eq!(email.as_str(), "Ada.Lovelace+x@Example.COM");
        assert_eq!(email.key(), "ada.lovelace+x@example.com");
        assert_eq!(email.local_part(), "Ada.Lovelace+x");
    }

    #[test]
    fn spaces_around_an_address_are_no_part_of_it_and_nothing_else_is_trimmed() {
        let email = Email::parse("  ada@example.com ").unwrap();
        assert_eq!((email.as_str(), email.key()), ("ada@example.com", "ada@example.com"));
        for text in [
            "ada @example.com",
            "ada@ example.com",
            "\tada@example.com",
            "ada@example.com\n",
            "\u{a0}ada@example.com",
            "ada@example.com\u{200b}",
            " ",
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_domain_in_unicode_and_in_a_labels_is_one_address() {
        let unicode = Email::parse("ada@bücher.example").unwrap();
        assert_eq!(unicode.key(), "ada@xn--bcher-kva.example");
        assert_eq!(unicode.key(), Email::parse("ADA@XN--BCHER-KVA.example").unwrap().key());
    }

    #[test]
    fn spellings_that_normalise_to_another_address_are_refused() {
        for text in [
            "ada@ｅxample.com",
            "ada@exam\u{ad}ple.com",
            "ada@example。com",
            "ada@\u{212a}elvin.example",
            "ada@faſt.example",
            "mıke@example.com",
            "ａda@example.com",
            "ada@xn--example-.com",
            "ada@xn--example-x-.com",
            "ada@ⓔxample.com",
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn control_invisible_and_structural_characters_are_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.example",
            "plain",
            "a b@c.example",
            "a@b.example\r\nBcc: c@d.example",
            "a\0@b.example",
            "a@b\0.example",
            "a\u{200b}@b.example",
            "a@b\u{200b}.example",
            "a\u{202e}@b.example",
            "\"a b\"@c.example",
            "a(comment)@b.example",
            "a@b.example,c@d.example",
            "a@b.example;c@d.example",
            "a@b@c.example",
            "<a@b.example>",
            "a..b@c.example",
            ".a@b.example",
            "a.@b.example",
            "a@-b.example",
            "a@b_c.example",
            "a@b..example",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@localhost",
            "a@b.example.",
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_bytes() {
        let domain = format!("{}.{}.{}.example", "a".repeat(63), "b".repeat(63), "c".repeat(53));
        let longest = format!("{}@{domain}", "x".repeat(64));
        assert_eq!(longest.len(), 254);
        assert!(Email::parse(&longest).is_some());
        assert!(Email::parse(&format!("x{longest}")).is_none());
        let wider = domain.replacen('c', "cc", 1);
        assert!(Email::parse(&format!("{}@{wider}", "x".repeat(64))).is_none());
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics_and_keys_are_stable(text in "\\PC{0,40}") {
            if let Some(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                proptest::prop_assert_eq!(again.key(), email.key());
                proptest::prop_assert!(email.key().is_ascii());
            }
        }
    }
}
