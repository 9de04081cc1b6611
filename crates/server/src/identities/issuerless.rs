//! HS256 tokens without a key id and an issuer of their own: Better Auth's cookie cache, and tokens that
//! teams sign themselves with the shared secret, with an `iss` only if a setting names it. Tokens with a key
//! id or another issuer are checked elsewhere; tokens made for purposes other than access (a refresh, a
//! mailed link) are rejected.

use doorward_verify::{Algorithm, Expected, Header, Key, Rejection, Token};
use serde_json::{Map, Value};

use super::Identities;
use super::person::Person;

/// Allowed clock skew in seconds.
const LEEWAY: i64 = 30;
/// The issuer name for self-signed tokens.
const SHARED_SECRET: &str = "shared-secret";

impl Identities {
    /// The person in such a token; `None` if it is of another kind or not accepted here.
    pub(super) fn issuerless(&self, token: &str, now: i64) -> Result<Option<Person>, Rejection> {
        let settings = &self.settings;
        if settings.better_auth_url.is_none() && !settings.accept_shared_secret_tokens {
            return Ok(None);
        }
        let token = Token::split(token)?;
        if !is_bare(&token.header()?) {
            return Ok(None);
        }
        self.prove(&token, now)?;
        let payload = token.payload()?;
        let read =
            |audience| Expected::default().audience(audience).leeway(LEEWAY).read(&payload, now);
        let claims = read(None)?;
        let said = claims.get("iss");
        if let Some(user) = cached_user(&claims) {
            if said.is_some() {
                return Err(Rejection::WrongIssuer);
            }
            let Some(issuer) = &settings.better_auth_url else { return Ok(None) };
            let id = user.get("id").ok_or(Rejection::BadClaims)?;
            return Person::new(issuer, id, user).map(Some).ok_or(Rejection::BadClaims);
        }
        let is_expected = match (said, &settings.shared_secret_issuer) {
            (None, None) => true,
            (Some(Value::String(said)), Some(issuer)) => said == issuer,
            _ => false,
        };
        if !settings.accept_shared_secret_tokens && said.is_none() {
            return Ok(None);
        }
        if !settings.accept_shared_secret_tokens || !is_expected {
            return Err(Rejection::WrongIssuer);
        }
        let audience =
            settings.shared_secret_audience.as_ref().or(settings.token_audience.as_ref()).cloned();
        if audience.is_none() && claims.contains_key("aud") {
            return Err(Rejection::WrongAudience);
        }
        read(audience)?;
        self_made(&claims).map(Some).ok_or(Rejection::BadClaims)
    }

    fn prove(&self, token: &Token<'_>, now: i64) -> Result<(), Rejection> {
        let proven = self.secrets.iter().any(|key: &Key| token.prove(key, now).is_ok());
        if proven { Ok(()) } else { Err(Rejection::BadSignature) }
    }
}

/// HS256 without a `kid`, and nothing else of meaning in the header.
pub(super) fn is_bare(header: &Header) -> bool {
    header.names(Algorithm::Hs256)
        && header.kid.is_none()
        && !header.has_others
        && header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}

/// Better Auth's cookie cache (strategy `jwt`), which has no `sub`.
pub(super) fn is_cookie_cache(claims: &Map<String, Value>) -> bool {
    cached_user(claims).is_some()
}

fn cached_user(claims: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let is_cache = !claims.contains_key("sub") && claims.get("session")?.is_object();
    claims.get("user")?.as_object().filter(|_| is_cache)
}

fn self_made(claims: &Map<String, Value>) -> Option<Person> {
    let subject = ["sub", "id", "user_id", "userId"].iter().find_map(|name| claims.get(*name))?;
    let person = Person::new(SHARED_SECRET, subject, claims)?;
    // Whoever has the shared secret vouches for the person, not for an address.
    Some(Person { is_email_verified: false, ..person })
}
