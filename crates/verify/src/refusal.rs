//! Why a request was refused, and how to say so over HTTP: the status, the challenge of RFC 6750 §3, and a
//! problem document (RFC 9457). Knows no framework.

use std::fmt;

use serde_json::json;

use crate::Rejection;

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No usable `Authorization` header.
    NotAuthenticated,
    /// The token was refused.
    Token(Rejection),
    /// A valid token whose claims lack what this service reads in them.
    Claims,
    /// A valid token of somebody who may not.
    Forbidden(&'static str),
    /// A valid token of somebody who proved too long ago who they are.
    TooOld {
        /// Seconds that may have passed since.
        max_age: u64,
    },
    /// A valid token of somebody who proved too little of who they are.
    TooWeak {
        /// The values of `acr` that would do, with spaces between.
        acr_values: &'static str,
    },
    /// A bug of the service: the route has no `AuthLayer`.
    NoLayer,
}

impl Refusal {
    /// 401, 403, 500 or 503.
    pub fn status(self) -> u16 {
        match self {
            Self::Token(rejection) if rejection.retry_after().is_some() => 503,
            Self::NotAuthenticated
            | Self::Token(_)
            | Self::Claims
            | Self::TooOld { .. }
            | Self::TooWeak { .. } => 401,
            Self::Forbidden(_) => 403,
            Self::NoLayer => 500,
        }
    }

    /// A word for programs.
    pub fn code(self) -> &'static str {
        self.names().0
    }

    /// The same for people, whatever the details.
    pub fn title(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::NotAuthenticated => ("not_authenticated", "Not authenticated"),
            Self::Token(rejection) if rejection.retry_after().is_some() => {
                ("unavailable", "Unavailable")
            }
            Self::Token(Rejection::Expired) => ("token_expired", "Token expired"),
            Self::Token(_) | Self::Claims => ("invalid_token", "Invalid token"),
            Self::Forbidden(_) => ("insufficient_scope", "Insufficient scope"),
            Self::TooOld { .. } | Self::TooWeak { .. } => {
                ("insufficient_user_authentication", "Recent sign-in required")
            }
            Self::NoLayer => ("internal", "Internal error"),
        }
    }

    /// One sentence for the client.
    pub fn detail(self) -> String {
        match self {
            Self::NotAuthenticated => "Not authenticated".into(),
            Self::Token(rejection) => rejection.message().into(),
            Self::Claims => Rejection::BadClaims.message().into(),
            Self::Forbidden(name) => format!("This needs {name}."),
            Self::TooOld { .. } => "This needs a sign-in of the last minutes.".into(),
            Self::TooWeak { .. } => "This needs a sign-in with a further factor.".into(),
            Self::NoLayer => "Something went wrong on our side.".into(),
        }
    }

    /// The value of `WWW-Authenticate`. RFC 6750 §3: no error code where no token was sent.
    pub fn challenge(self) -> Option<String> {
        match self {
            Self::NotAuthenticated => Some("Bearer".into()),
            // No `scope`: a requirement's name is a sentence, and would read as a scope for each word.
            Self::Forbidden(_) => Some(r#"Bearer error="insufficient_scope""#.into()),
            // RFC 9470 §3.
            Self::TooOld { max_age } => Some(format!(
                r#"Bearer error="insufficient_user_authentication", max_age={max_age}"#
            )),
            Self::TooWeak { acr_values } => Some(format!(
                r#"Bearer error="insufficient_user_authentication", acr_values="{acr_values}""#
            )),
            _ if self.status() == 401 => {
                let why = self.detail();
                Some(format!(r#"Bearer error="invalid_token", error_description="{why}""#))
            }
            _ => None,
        }
    }

    /// The value of `Retry-After`, in seconds.
    pub fn retry_after(self) -> Option<u16> {
        match self {
            Self::Token(rejection) => rejection.retry_after(),
            _ => None,
        }
    }

    /// A body of the type `application/problem+json` (RFC 9457).
    pub fn problem(self) -> String {
        let code = self.code();
        json!({
            "type": format!("urn:doorward:problem:{code}"),
            "title": self.title(),
            "status": self.status(),
            "code": code,
            "detail": self.detail(),
        })
        .to_string()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.detail())
    }
}

impl std::error::Error for Refusal {}
