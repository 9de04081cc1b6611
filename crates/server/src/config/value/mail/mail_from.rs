//! `MAIL_FROM`: the sender of every mail.

use lettre::Address;
use lettre::message::Mailbox;

/// A sender: an address and optionally a name.
#[derive(Clone, Debug)]
pub struct MailFrom(Mailbox);

impl MailFrom {
    /// Parses `post@example.com` or `Example <post@example.com>`; the error is the end of a sentence that
    /// begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let why = || {
            format!(
                "must be an address such as post@example.com or Example <post@example.com>, not {text:?}"
            )
        };
        if text.chars().any(char::is_control) {
            return Err(why());
        }
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim().trim_matches('"').trim()), address),
            None => (None, text),
        };
        let (local, domain) = address.trim().rsplit_once('@').ok_or_else(why)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| why())?;
        if !local.is_ascii() {
            return Err(why());
        }
        let address = Address::new(local, domain).map_err(|_| why())?;
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Self(Mailbox::new(name, address)))
    }

    /// The sender; its domain is in A-labels.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::MailFrom;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, name, address) in [
            ("post@example.com", None, "post@example.com"),
            ("<post@example.com>", None, "post@example.com"),
            ("Example <post@example.com>", Some("Example"), "post@example.com"),
            ("\"Example, Inc.\" <post@example.com>", Some("Example, Inc."), "post@example.com"),
            ("Bücher <post@bücher.example>", Some("Bücher"), "post@xn--bcher-kva.example"),
            ("doorward@localhost", None, "doorward@localhost"),
        ] {
            let from = MailFrom::parse(text).unwrap();
            assert_eq!(from.mailbox().name.as_deref(), name, "{text}");
            assert_eq!(from.mailbox().email.to_string(), address, "{text}");
        }
        for text in [
            "",
            "post",
            "post@",
            "@example.com",
            "Example post@example.com",
            "a@example.com, b@example.com",
            "Example <post@example.com",
            "post@example.com\r\nBcc: x@example.com",
            "pöst@example.com",
            "post@exa mple.com",
        ] {
            assert!(MailFrom::parse(text).is_err(), "{text:?}");
        }
    }
}
