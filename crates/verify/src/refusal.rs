//! Why a request was rejected, and its HTTP form: the status, the challenge (RFC 6750 §3) and a problem
//! document (RFC 9457). Independent of frameworks.

use std::fmt;

use serde_json::json;

use crate::Rejection;

/// Why a request was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no usable `Authorization` header.
    NotAuthenticated,
    /// The token was rejected.
    Token(Rejection),
    /// The token is valid, but lacks claims that this service reads.
    Claims,
    /// The token is valid, but the caller lacks permission.
    Forbidden(&'static str),
    /// The token is valid, but authentication was too long ago.
    TooOld {
        /// Maximum number of seconds since authentication.
        max_age: u64,
    },
    /// The token is valid, but the authentication level is too low.
    TooWeak {
        /// The accepted values of `acr`, separated by spaces.
        acr_values: &'static str,
    },
    /// A bug in the service: the route has no `AuthLayer`.
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

    /// The error code, for programs.
    pub fn code(self) -> &'static str {
        self.names().0
    }

    /// The title, independent of details.
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

    /// The value of `WWW-Authenticate`. RFC 6750 §3: no error code if no token was sent.
    pub fn challenge(self) -> Option<String> {
        match self {
            Self::NotAuthenticated => Some("Bearer".into()),
            // No `scope`: a requirement's name is a sentence, and each word would count as a scope.
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

    /// The body, of the type `application/problem+json` (RFC 9457).
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
