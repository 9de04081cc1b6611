//! Why a token was refused. The texts are safe to show: they never quote the token.

use std::fmt;

/// The one check that failed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// Not three canonical base64url parts, or not JSON inside.
    Malformed,
    /// No key has this `kid`.
    UnknownKey,
    /// The algorithm is not that of the key.
    WrongAlgorithm,
    /// The signature does not match.
    BadSignature,
    /// Past `exp`.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// Another issuer.
    WrongIssuer,
    /// Another audience, or none where one is required.
    WrongAudience,
    /// A claim is missing or has the wrong type.
    BadClaims,
    /// Made for something else than access: a refresh, an ID or a log-out token, or one that is bound to a
    /// key whose possession nobody proves here.
    WrongPurpose,
    /// The session that it belongs to has ended, or its user may not sign in any more: the issuer says so.
    Inactive,
    /// The issuer's keys cannot be fetched, so that nothing can be said of the token: 503, not 401.
    KeysUnavailable {
        /// When they are asked for again, in seconds from now.
        retry_after: u16,
    },
    /// The issuer cannot be asked whether the token still counts: 503, not 401.
    IssuerUnavailable {
        /// When it is asked again, in seconds from now.
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
            Self::WrongIssuer => "The token was issued by somebody else.",
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
    /// In how many seconds a client should try again, where nothing is wrong with the token.
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
