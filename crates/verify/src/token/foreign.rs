//! Tokens of other servers (RFC 7519). Additional header members and claims are allowed, but the checks are
//! as strict as for Doorward's own tokens. `exp` is required; dates must have the right types.

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::token::verifier::LEEWAY_NBF;
use crate::{KeySet, Rejection, Token};

/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;
pub(crate) const MAX_LEEWAY: i64 = 30;

/// What a token of another server must contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// The exact `iss`; `None` if the key alone identifies the issuer.
    pub issuer: Option<String>,
    /// One of `aud`; `None` ignores `aud`.
    pub audience: Option<String>,
    /// Seconds by which `exp` may be exceeded because of clock skew; 30 at most.
    pub leeway: i64,
}

impl Expected {
    /// Requires this issuer.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Requires this audience; `None` ignores `aud`.
    #[must_use]
    pub fn audience(mut self, audience: Option<String>) -> Self {
        self.audience = audience;
        self
    }

    /// Accepts tokens this many seconds after their `exp`, 30 at most.
    #[must_use]
    pub fn leeway(mut self, seconds: i64) -> Self {
        self.leeway = seconds;
        self
    }

    /// The claims of a token that is signed by one of the keys and meets the expectations.
    pub fn verify(
        &self,
        keys: &KeySet,
        token: &str,
        now: i64,
    ) -> Result<Map<String, Value>, Rejection> {
        let token = Token::split(token)?;
        let header = token.header()?;
        if header.has_critical {
            return Err(Rejection::Malformed);
        }
        if !is_access_token(header.typ.as_deref()) {
            return Err(Rejection::WrongPurpose);
        }
        let key = header.key(keys)?;
        token.prove(key, now)?;
        let claims = self.read(&token.payload()?, now)?;
        let exp = date(&claims, "exp")?.unwrap_or_default();
        token.remember(key, exp, now);
        Ok(claims)
    }

    /// The claims of a payload with a verified signature, if they meet the expectations.
    pub fn read(&self, payload: &[u8], now: i64) -> Result<Map<String, Value>, Rejection> {
        let claims = parse(payload).ok_or(Rejection::BadClaims)?;
        let exp = date(&claims, "exp")?.ok_or(Rejection::BadClaims)?;
        if exp.saturating_add(self.leeway.clamp(0, MAX_LEEWAY)) <= now {
            return Err(Rejection::Expired);
        }
        let not_before = date(&claims, "nbf")?;
        if not_before.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_NBF)) {
            return Err(Rejection::NotYetValid);
        }
        date(&claims, "iat")?;
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Value::as_str) != Some(issuer)
        {
            return Err(Rejection::WrongIssuer);
        }
        if let Some(audience) = &self.audience
            && !names(claims.get("aud"), audience)
        {
            return Err(Rejection::WrongAudience);
        }
        if is_for_something_else(&claims) {
            return Err(Rejection::WrongPurpose);
        }
        Ok(claims)
    }
}

/// Other kinds of tokens (refresh, logout, proof of possession) identify themselves in `typ` (RFC 8725
/// §3.11).
fn is_access_token(typ: Option<&str>) -> bool {
    let Some(typ) = typ else { return true };
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|one| typ.eq_ignore_ascii_case(one))
}

/// Claims that state a token's purpose: Cognito, Keycloak, and hand-written ones.
const PURPOSES: [&str; 5] = ["token_use", "token_type", "typ", "type", "purpose"];
/// Claims that access tokens do not have: the key that a token is bound to (RFC 7800 §3.1; the caller would
/// have to prove possession), the events of logout and security tokens (RFC 8417 §2.2), the hashes in ID
/// tokens (OIDC Core §3.3.2.11).
const NOT_ACCESS: [&str; 4] = ["cnf", "events", "at_hash", "c_hash"];

fn is_for_something_else(claims: &Map<String, Value>) -> bool {
    let is_access = |purpose: &Value| {
        let word = purpose.as_str().unwrap_or_default();
        ["access", "bearer", "JWT", "at+jwt"].iter().any(|own| own.eq_ignore_ascii_case(word))
    };
    NOT_ACCESS.iter().any(|name| claims.contains_key(*name))
        || !PURPOSES.iter().filter_map(|name| claims.get(*name)).all(is_access)
}

/// RFC 7519 §4.1.3: one audience or several.
fn names(aud: Option<&Value>, audience: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => all.iter().any(|one| one == audience),
        _ => false,
    }
}

/// RFC 7519 §2: seconds, possibly with a fraction.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Rejection> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..1e12).contains(number))?;
        #[allow(clippy::cast_possible_truncation, reason = "below 1e12")]
        Some(number as i64)
    });
    match whole {
        Some(seconds @ 0..=LATEST) => Ok(Some(seconds)),
        _ => Err(Rejection::BadClaims),
    }
}

/// An object with distinct names: with two `sub` claims, it would be unclear which one counts.
pub(crate) fn parse(payload: &[u8]) -> Option<Map<String, Value>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Map<String, Value>;
        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("claims")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut claims = Map::new();
            while let Some((name, value)) = members.next_entry()? {
                if claims.insert(name, value).is_some() {
                    return Err(A::Error::custom("claim given twice"));
                }
            }
            Ok(claims)
        }
    }
    let mut json = serde_json::Deserializer::from_slice(payload);
    let claims = json.deserialize_map(Members).ok()?;
    json.end().ok()?;
    Some(claims)
}
