//! Explains the check that a token fails: what the token says, and what was expected. The signature itself is
//! never shown.

use crate::gate::Standing;
use doorward_verify::{Rejection, Token};
use serde_json::Value;
use time::OffsetDateTime;

use crate::timestamp::to_the_second;

/// Claims by which a token may say that it is not only for access.
const PURPOSES: [&str; 9] =
    ["token_use", "token_type", "typ", "type", "purpose", "cnf", "events", "at_hash", "c_hash"];

/// The contents of a token, not verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The header, if it can be parsed.
    pub header: Option<Value>,
    /// The claims, if they can be parsed.
    pub claims: Option<Value>,
}

/// What was expected, as the ends of sentences.
#[derive(Clone, Debug)]
pub struct Demands {
    /// Where there is no such key: `no key is named`.
    pub no_key: String,
    /// `TOKEN_ISSUER is "doorward"`.
    pub issuer: String,
    /// `TOKEN_AUDIENCE is not set`.
    pub audience: String,
}

impl Said {
    /// Parses what can be parsed.
    pub fn of(token: &Token<'_>) -> Self {
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).ok();
        Self {
            header: token.header_bytes().ok().and_then(read),
            claims: token.payload().ok().and_then(read),
        }
    }

    /// A claim, if present.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.as_ref()?.get(name)
    }

    /// A header member, if present.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.header.as_ref()?.get(name)
    }

    /// The sentence about the check that failed at `now`.
    pub fn failing(&self, rejection: Rejection, demands: &Demands, now: OffsetDateTime) -> String {
        match rejection {
            Rejection::UnknownKey => {
                format!("kid: {} {}", demands.no_key, shown(self.member("kid")))
            }
            Rejection::WrongAlgorithm => {
                format!("alg: {} is not the algorithm of this key", shown(self.member("alg")))
            }
            Rejection::BadSignature => {
                "signature: mismatch; the token was altered or signed with another key".into()
            }
            Rejection::Expired => self.expired(now),
            Rejection::NotYetValid => "nbf: the token is not valid yet".into(),
            Rejection::WrongIssuer => {
                format!("iss: it is {}, and {}", shown(self.claim("iss")), demands.issuer)
            }
            Rejection::WrongAudience => {
                format!("aud: it is {}, and {}", shown(self.claim("aud")), demands.audience)
            }
            Rejection::BadClaims => {
                "claims: a claim is missing, duplicated or of the wrong type".into()
            }
            Rejection::WrongPurpose => {
                let said = PURPOSES.iter().filter_map(|name| Some((name, self.claim(name)?)));
                let said = said.map(|(name, value)| format!("{name} {value}"));
                let said: Vec<_> = said.collect();
                if said.is_empty() {
                    let typ = shown(self.member("typ"));
                    return format!("typ: {typ} is not the type of an access token");
                }
                format!("purpose: not an access token: {}", said.join(", "))
            }
            Rejection::Malformed => format!(
                "format: not canonical base64url, a header with members other than alg, kid and typ, or the typ \
                    ({}) of another kind of token",
                shown(self.member("typ"))
            ),
            Rejection::KeysUnavailable { .. } => "key: the issuer's keys cannot be fetched".into(),
            // Issuers are not queried here.
            other => other.message().into(),
        }
    }

    fn expired(&self, now: OffsetDateTime) -> String {
        #[allow(clippy::cast_possible_truncation, reason = "a date that was read before")]
        let exp = self.claim("exp").and_then(Value::as_f64).unwrap_or_default() as i64;
        let ago = duration(now.unix_timestamp().saturating_sub(exp));
        let at = OffsetDateTime::from_unix_timestamp(exp)
            .map_or_else(|_| exp.to_string(), to_the_second);
        format!("exp: it expired {ago} ago, at {at}")
    }
}

/// The sentence about a user who may not sign in, if so.
pub fn shut_out(
    is_active: bool,
    banned_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Option<String> {
    match Standing::of(is_active, banned_until, now) {
        Standing::Active => None,
        Standing::Disabled => Some("user: the account is disabled".into()),
        Standing::Banned(until) => {
            Some(format!("user: the account is banned until {}", to_the_second(until)))
        }
    }
}

/// As JSON, so that it contains no control characters.
pub fn shown(value: Option<&Value>) -> String {
    value.map_or("absent".into(), Value::to_string)
}

/// Seconds in words.
fn duration(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
