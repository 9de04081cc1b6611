//! `SMTP_URL`: the mail server.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// The URL of a mail server; its password is never printed.
#[derive(Clone, Debug)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    is_implicit_tls: bool,
    login: Option<(String, SecretString)>,
}

impl SmtpUrl {
    /// Parses `smtp://` (STARTTLS, required unless the host is this machine) or `smtps://` (implicit TLS);
    /// the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "smtp://user:password@mail.example.com:587 or smtps://…:465";
        let is_implicit_tls = match text.split_once("://") {
            Some(("smtp", _)) => false,
            Some(("smtps", _)) => true,
            _ => return Err(format!("must be an address such as {EXAMPLE}")),
        };
        let encode = "write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F and % as %25 in the user \
                      name and password";
        // Without a host, or with part of the password in place of the port.
        let url = Url::parse(text)
            .map_err(|_| format!("must be an address such as {EXAMPLE}; {encode}"))?;
        let rest = [
            Some(url.path()).filter(|path| !["", "/"].contains(path)),
            url.query(),
            url.fragment(),
        ];
        if let Some(rest) = rest.into_iter().flatten().next() {
            return Err(if rest.contains('@') {
                format!("cannot be read: {encode}")
            } else {
                "must end with the host and port: remove the path and parameters".into()
            });
        }
        let host = match url.host() {
            // The parser does not parse hosts of this scheme, so a name may be an IP address.
            Some(Host::Domain(name)) if !name.is_empty() => {
                percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase()
            }
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(format!("names no host: write an address such as {EXAMPLE}")),
        };
        let host =
            idna::domain_to_ascii(&host).ok().filter(|_| !host.contains(':')).unwrap_or(host);
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
            text.map_err(|_| {
                "has a user name or password that is not UTF-8: write it percent-encoded".to_owned()
            })
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) => {
                return Err(
                    "has a password and no user name: write user:password@ before the host".into(),
                );
            }
            (_, None) => {
                return Err(
                    "has a user name and no password: write user:password@ before the host".into(),
                );
            }
            (user, Some(password)) => {
                Some((decoded(user)?, SecretString::from(decoded(password)?)))
            }
        };
        let port = url.port().unwrap_or(if is_implicit_tls { 465 } else { 587 });
        if port == 0 {
            return Err("has the invalid port 0: write another".into());
        }
        Ok(Self { host, port, is_implicit_tls, login })
    }

    /// The host; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection starts with TLS.
    pub fn is_implicit_tls(&self) -> bool {
        self.is_implicit_tls
    }

    /// Whether the server is on this machine, so that nobody can intercept the connection.
    pub fn is_this_machine(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The user name and password, if any.
    pub(crate) fn login(&self) -> Option<(String, String)> {
        let (user, password) = self.login.as_ref()?;
        Some((user.clone(), password.expose_secret().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::SmtpUrl;

    #[test]
    fn the_parts_of_an_address_are_read() {
        let url =
            SmtpUrl::parse("smtp://post%40example.com:p%40ss%3Aword@Mail.Example.com").unwrap();
        assert_eq!((url.host(), url.port()), ("mail.example.com", 587));
        assert_eq!(url.login(), Some(("post@example.com".into(), "p@ss:word".into())));
        assert!(!url.is_implicit_tls() && !url.is_this_machine());
        let url = SmtpUrl::parse("smtps://mail.example.com/").unwrap();
        assert!(url.is_implicit_tls() && url.port() == 465 && url.login().is_none());
        for here in [
            "smtp://localhost:25",
            "smtp://127.0.0.1:1025",
            "smtp://[::1]:25",
            "smtp://a.localhost",
        ] {
            assert!(SmtpUrl::parse(here).unwrap().is_this_machine(), "{here}");
        }
        for there in
            ["smtp://10.0.0.1", "smtp://0.0.0.0:25", "smtp://localhost.example.com", "smtp://[::2]"]
        {
            assert!(!SmtpUrl::parse(there).unwrap().is_this_machine(), "{there}");
        }
        assert_eq!(SmtpUrl::parse("smtp://[::1]:25").unwrap().host(), "::1");
        assert_eq!(
            SmtpUrl::parse("smtp://bücher.example").unwrap().host(),
            "xn--bcher-kva.example"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_the_password() {
        for text in [
            "",
            "mail.example.com:587",
            "http://mail.example.com",
            "smtp://",
            "smtp://:587",
            "smtp://user:hunter2@",
            "smtp://user@mail.example.com",
            "smtp://:hunter2@mail.example.com",
            "smtp://user:hunt/er2@mail.example.com",
            "smtp://user:hunt#er2@mail.example.com",
            "smtp://user:hunt?er2@mail.example.com",
            "smtp://mail.example.com:0",
            "smtp://mail.example.com:70000",
            "smtp://mail.example.com/inbox",
            "smtp://mail.example.com?tls=none",
            "smtp://user:%ff@mail.example.com",
        ] {
            let why = SmtpUrl::parse(text).expect_err(text);
            assert!(!why.contains("hunt") && !why.contains("er2"), "{text}: {why}");
        }
        let url = SmtpUrl::parse("smtp://user:hunter2@mail.example.com").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
