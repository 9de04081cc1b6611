//! The claims of Doorward's access tokens (RFC 7519 §4.1, RFC 9068 §2.2), parsed with their types: dates that
//! are strings, null, fractional or out of range are rejected (CVE-2026-25537).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The claims of a valid access token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// The user's id.
    pub sub: String,
    /// The same id, under the name that many FastAPI backends use.
    pub user_id: String,
    /// The session's id.
    pub sid: String,
    /// The generation of the refresh token it belongs to.
    #[serde(rename = "gen")]
    pub generation: i64,
    /// Unique per token.
    pub jti: String,
    /// Issued at, in seconds since 1970, rounded down.
    pub iat: i64,
    /// Expires at, in seconds since 1970.
    pub exp: i64,
    /// The user's roles when it was issued.
    pub roles: Vec<String>,
    /// The audience, if one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Fields of `app_metadata`, if the server adds some to tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_metadata: Option<Map<String, Value>>,
    /// Whether the user's address is verified, if the server adds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// The authentication methods (RFC 8176), such as `pwd`, `otp` and `mfa`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The authentication level (RFC 9068 §2.2.1): `aal1` for one factor, `aal2` for two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When the user authenticated, in seconds since 1970; refreshing does not change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// The same as sent. The derived code rejects duplicates of known names and ignores unknown ones.
#[derive(Deserialize)]
struct Sent {
    iss: String,
    sub: String,
    user_id: String,
    sid: String,
    #[serde(rename = "gen")]
    generation: u64,
    jti: String,
    iat: u64,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    roles: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<String>,
    #[serde(default, deserialize_with = "present")]
    app_metadata: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    email_verified: Option<bool>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    acr: Option<String>,
    #[serde(default, deserialize_with = "present")]
    auth_time: Option<u64>,
}

/// `null` does not count as absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl Claims {
    /// The claims and `nbf` of a payload, if all are present with the right types.
    pub(crate) fn parse(payload: &[u8]) -> Option<(Self, Option<i64>)> {
        // Derived code would accept an array of the fields in order.
        payload.trim_ascii_start().strip_prefix(b"{")?;
        let sent: Sent = serde_json::from_slice(payload).ok()?;
        let number = |number: u64| i64::try_from(number).ok();
        let not_before = match sent.nbf {
            None => None,
            Some(nbf) => Some(number(nbf)?),
        };
        let auth_time = match sent.auth_time {
            None => None,
            Some(auth_time) => Some(number(auth_time)?),
        };
        let claims = Self {
            generation: number(sent.generation)?,
            iat: number(sent.iat)?,
            exp: number(sent.exp)?,
            iss: sent.iss,
            sub: sent.sub,
            user_id: sent.user_id,
            sid: sent.sid,
            jti: sent.jti,
            roles: sent.roles,
            aud: sent.aud,
            app_metadata: sent.app_metadata,
            email_verified: sent.email_verified,
            amr: sent.amr,
            acr: sent.acr,
            auth_time,
        };
        (claims.sub == claims.user_id).then_some((claims, not_before))
    }
}
