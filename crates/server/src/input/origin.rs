//! The origin of a request, for the audit log and the list of sessions: the client's address, its
//! `User-Agent`, truncated and without control characters, and the request id.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

const MAX_USER_AGENT: usize = 256;

/// The origin of a request; empty for work without a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The id in the response's `X-Request-Id`.
    pub request_id: Option<String>,
}

impl Origin {
    /// The origin of a request with these values; an unspecified address is omitted.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>, request_id: Option<&str>) -> Self {
        Self {
            ip: ip.filter(|ip| !ip.is_unspecified()),
            user_agent: user_agent.and_then(shown),
            request_id: request_id.map(str::to_owned),
        }
    }
}

fn shown(agent: &str) -> Option<String> {
    let kept: String = agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_user_agent_is_capped_and_freed_of_control_characters() {
        assert_eq!(shown("a\u{1b}[31m\tb").as_deref(), Some("a[31mb"));
        assert_eq!(shown(&"é".repeat(300)).map(|agent| agent.chars().count()), Some(256));
        assert_eq!(shown("\u{7}"), None);
    }
}
