//! The web origins that may call the API: compared as a whole, never `*` and never `null`.

/// The origins that may call the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Exactly these.
    List(Vec<String>),
    /// Any port of `localhost` and `127.0.0.1`: `dev` only.
    Localhost,
}

impl AllowedOrigins {
    /// True if pages of this origin may call the API.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::List(list) => origin != "null" && list.iter().any(|one| one == origin),
            Self::Localhost => is_local(origin),
        }
    }
}

/// `http(s)://localhost` or `127.0.0.1`, with any port.
fn is_local(origin: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let port = rest
        .and_then(|rest| rest.strip_prefix("localhost").or_else(|| rest.strip_prefix("127.0.0.1")));
    match port {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok()
        }),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_port_of_this_machine_is_local_and_look_alikes_are_not() {
        for origin in ["http://localhost", "http://localhost:3000", "https://127.0.0.1:5173"] {
            assert!(is_local(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://localhost:80@evil.example",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:99999",
            "http://127.0.0.10",
            "http://127.0.0.1.nip.io",
            "ftp://localhost",
            "http://LOCALHOST",
            "xhttp://localhost",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }

    #[test]
    fn a_list_is_compared_as_a_whole_and_never_holds_null() {
        let list = AllowedOrigins::List(vec!["https://app.example".into(), "null".into()]);
        assert!(list.allows("https://app.example"));
        for origin in [
            "null",
            "*",
            "https://app.example.evil.com",
            "https://evil.com/https://app.example",
            "http://app.example",
            "https://app.example:444",
            "https://APP.example",
            "https://app.example/",
        ] {
            assert!(!list.allows(origin), "{origin}");
        }
    }
}
