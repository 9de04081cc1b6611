//! Where a request came from, as the audit log and the list of sessions keep it: the client's address,
//! its `User-Agent`, capped and without control characters, and the request's id.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::{ClientIp, RequestId};

const MAX_USER_AGENT: usize = 256;

/// Where a request came from; empty for work that no request asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The id in the answer's `X-Request-Id`.
    pub request_id: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Origin {
    /// The origin of this request.
    pub fn of(parts: &Parts) -> Self {
        let ip = parts.extensions.get().map(|ClientIp(ip)| *ip);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let id = parts.extensions.get::<RequestId>();
        Self {
            ip: ip.filter(|ip| !ip.is_unspecified()),
            user_agent: agent.and_then(shown),
            request_id: id.map(|id| id.as_str().to_owned()),
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
