//! Why a token was rejected. The texts are safe to show: they never quote the token.

use std::fmt;

/// The first check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// Not three canonical base64url parts, or invalid JSON.
    Malformed,
    /// No key has this `kid`.
    UnknownKey,
    /// The algorithm is not that of the key.
    WrongAlgorithm,
    /// The signature does not match.
    BadSignature,
    /// After `exp`.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// Another issuer.
    WrongIssuer,
    /// Another audience, or none although one is required.
    WrongAudience,
    /// A claim is missing or has the wrong type.
    BadClaims,
    /// Not an access token: a refresh, ID or logout token, or one bound to a key whose possession is not
    /// proven here.
    WrongPurpose,
    /// The issuer reports that the session has ended, or that the user may no longer sign in.
    Inactive,
    /// The issuer's keys could not be fetched, so the token could not be checked: 503, not 401.
    KeysUnavailable {
        /// Seconds until the next fetch.
        retry_after: u16,
    },
    /// The issuer did not respond to introspection: 503, not 401.
    IssuerUnavailable {
        /// Seconds until the next query.
        retry_after: u16,
    },
}

impl Rejection {
    /// One sentence for the client.
    pub fn message(self) -> &'static str {
        match self {
            Self::Malformed => "The token is malformed.",
            Self::UnknownKey => "The token was signed with an unknown key.",
            Self::WrongAlgorithm => "The token's algorithm is not that of its key.",
            Self::BadSignature => "The token's signature is invalid.",
            Self::Expired => "The access token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::WrongIssuer => "The token was issued by another issuer.",
            Self::WrongAudience => "The token is for another audience.",
            Self::WrongPurpose => "The token was made for another purpose.",
            Self::BadClaims => "The token lacks a claim or has one of the wrong type.",
            Self::Inactive => "The token's session has ended.",
            Self::KeysUnavailable { .. } => "The keys of the token's issuer cannot be fetched.",
            Self::IssuerUnavailable { .. } => {
                "The token's issuer cannot be asked whether it still counts."
            }
        }
    }
}

impl Rejection {
    /// Seconds until the client should retry, if the token itself is not at fault.
    pub fn retry_after(self) -> Option<u16> {
        match self {
            Self::KeysUnavailable { retry_after } | Self::IssuerUnavailable { retry_after } => {
                Some(retry_after)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())
    }
}

impl std::error::Error for Rejection {}
