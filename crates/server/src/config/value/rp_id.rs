//! The relying party ID (WebAuthn §5.1.2): the domain of passkeys.

use url::Host;

/// A domain in lower case, such as `example.com`; passkeys work on it and its subdomains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpId(String);

impl RpId {
    /// Parses it; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        match Host::parse(text) {
            Ok(Host::Domain(domain)) if is_name(&domain) => Ok(Self(domain)),
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err(format!(
                "must be a domain, not the address {text}: browsers create no passkeys for an IP address, though \
                 they do for localhost"
            )),
            _ => Err(format!(
                "must be a domain without scheme and port, such as example.com, not {text:?}"
            )),
        }
    }

    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the host is this domain or a subdomain.
    pub fn covers(&self, host: &str) -> bool {
        let above = host.strip_suffix(self.as_str());
        above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// Labels of letters, digits and hyphens (RFC 1123 §2.1), which is stricter than for hosts in URLs.
fn is_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::RpId;

    #[test]
    fn a_relying_party_is_a_domain_and_nothing_more() {
        for (text, kept) in [
            ("example.com", "example.com"),
            ("Example.COM", "example.com"),
            ("localhost", "localhost"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(RpId::parse(text).unwrap().as_str(), kept);
        }
        for text in [
            "",
            "https://example.com",
            "example.com:8000",
            "example.com/",
            "a b",
            "example.com.",
            "*.example.com",
            "-a.com",
        ] {
            assert!(RpId::parse(text).unwrap_err().contains("without scheme and port"), "{text}");
        }
        for text in ["127.0.0.1", "[::1]", "0x7f.1"] {
            assert!(RpId::parse(text).unwrap_err().contains("IP address"), "{text}");
        }
    }

    #[test]
    fn it_covers_itself_and_what_is_below_and_no_look_alike() {
        let id = RpId::parse("example.com").unwrap();
        for host in ["example.com", "app.example.com", "a.b.example.com"] {
            assert!(id.covers(host), "{host}");
        }
        for host in ["badexample.com", "example.com.evil.org", "com", "example.org", ""] {
            assert!(!id.covers(host), "{host}");
        }
    }
}
