//! Asks the issuer whether a token is still active (RFC 7662). Responses are cached for seconds, so that a
//! caller's requests share one query; the cache and the number of concurrent queries are bounded. If the
//! issuer is unavailable, all tokens are rejected.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::Rejection;
use crate::http::client::{AddressError, HttpFetch, checked};
use crate::http::credential::{Credential, NoToken};
use crate::token::foreign;
use crate::token::proven::hash;

const WITHIN: Duration = Duration::from_secs(3);
const MAX_BYTES: usize = 64 * 1024;
/// Maximum number of concurrent queries.
const PLACES: usize = 32;
/// Maximum number of cached responses, and the maximum size of one in bytes.
const MOST_KEPT: usize = 4096;
const LONGEST_KEPT: usize = 4096;
/// Default cache time in seconds.
const KEEP_FOR: i64 = 10;
const MAX_KEEP_FOR: u8 = 60;
/// Seconds without a query after a failure.
const PAUSE: u16 = 1;

/// The introspection response for an active token.
type Said = Arc<Map<String, Value>>;

/// An issuer's introspection endpoint; clones share the cache.
#[derive(Clone)]
pub struct Introspection {
    inner: Arc<Inner>,
    keep_for: i64,
}

struct Inner {
    url: String,
    client: HttpFetch,
    credential: Box<dyn Credential>,
    kept: Mutex<HashMap<[u8; 32], Kept>>,
    places: Semaphore,
    failure: Mutex<Option<Failure>>,
}

/// The failure of the last attempt.
#[derive(Clone)]
struct Failure {
    why: String,
    until: i64,
}

struct Kept {
    until: i64,
    judged: Result<Said, Rejection>,
}

impl fmt::Debug for Introspection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Introspection({})", self.inner.url)
    }
}

impl Introspection {
    /// The endpoint at this `https:` or `http:` URL (`/auth/introspect` for Doorward), authenticated with
    /// this credential. Doorward requires the access token of an account with the permission
    /// `tokens:introspect`.
    pub fn at(url: impl Into<String>, credential: impl Credential) -> Result<Self, AddressError> {
        let url = url.into();
        checked(&url)?;
        let inner = Inner {
            url,
            client: HttpFetch::default().within(WITHIN).max_bytes(MAX_BYTES),
            credential: Box::new(credential),
            kept: Mutex::default(),
            places: Semaphore::new(PLACES),
            failure: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), keep_for: KEEP_FOR })
    }

    /// Sets the cache time in seconds: at most 60, by default 10. Sign-outs take effect after this time. 0
    /// queries the issuer for every request.
    #[must_use]
    pub fn keep_for(mut self, seconds: u8) -> Self {
        self.keep_for = seconds.min(MAX_KEEP_FOR).into();
        self
    }

    /// The issuer's response about the token at the time `now` (seconds since 1970), whatever the token's
    /// format. [`Rejection::Inactive`] if it is inactive or not an access token,
    /// [`Rejection::IssuerUnavailable`] if the issuer does not respond.
    pub async fn ask(&self, token: &str, now: i64) -> Result<Arc<Map<String, Value>>, Rejection> {
        let name = hash(token);
        match self.inner.kept(&name, now) {
            Some(judged) => judged,
            None => self.inner.asked(token, name, self.keep_for, now).await,
        }
    }
}

impl Inner {
    fn kept(&self, name: &[u8; 32], now: i64) -> Option<Result<Said, Rejection>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Ignores entries from a clock that was ahead.
        let counts = |it: &&Kept| (1..=MAX_KEEP_FOR.into()).contains(&(it.until - now));
        kept.get(name).filter(counts).map(|it| it.judged.clone())
    }

    fn keep(&self, name: [u8; 32], it: Kept, now: i64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, it| it.until > now);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(name, it);
    }

    async fn asked(
        &self,
        token: &str,
        name: [u8; 32],
        keep_for: i64,
        now: i64,
    ) -> Result<Said, Rejection> {
        let away = |retry_after| Rejection::IssuerUnavailable { retry_after };
        let place = tokio::time::timeout(WITHIN, self.places.acquire()).await;
        let _place = place.map_err(|_| away(PAUSE))?;
        // The response may have been cached while waiting for a place.
        if let Some(judged) = self.kept(&name, now) {
            return judged;
        }
        if let Some(wait) = self.wait(now) {
            return Err(away(wait));
        }
        let answer = self.answer(token, now).await.and_then(|body| {
            let said = foreign::parse(&body).ok_or_else(|| none("the answer is no JSON object"))?;
            Ok((said, body.len()))
        });
        self.note(answer.as_ref().err(), now);
        let (said, length) = answer.map_err(|failed| away(failed.retry_after))?;
        let exp = said.get("exp").map(|exp| exp.as_i64().unwrap_or_default());
        let counts = said.get("active") == Some(&Value::Bool(true))
            && is_access_token(said.get("token_type"))
            && exp.is_none_or(|exp| exp > now);
        let judged = if counts { Ok(Arc::new(said)) } else { Err(Rejection::Inactive) };
        if keep_for > 0 && length <= LONGEST_KEPT {
            let until = now.saturating_add(keep_for).min(exp.unwrap_or(i64::MAX));
            self.keep(name, Kept { until, judged: judged.clone() }, now);
        }
        judged
    }

    /// Seconds until the next attempt, if the last one failed.
    fn wait(&self, now: i64) -> Option<u16> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let left = failure.as_ref().map(|it| it.until - now).filter(|left| *left > 0);
        left.map(|left| u16::try_from(left).unwrap_or(u16::MAX))
    }

    /// Records the result of an attempt, and logs changes.
    fn note(&self, failed: Option<&NoToken>, now: i64) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let url = &self.url;
        match failed {
            Some(NoToken { why, retry_after }) => {
                if failure.as_ref().is_none_or(|last| last.why != *why) {
                    tracing::warn!(%url, %why, "tokens cannot be introspected");
                }
                let until = now.saturating_add((*retry_after).into());
                *failure = Some(Failure { why: why.clone(), until });
            }
            None if failure.take().is_some() => {
                tracing::info!(%url, "tokens can be introspected again");
            }
            None => {}
        }
    }

    async fn answer(&self, token: &str, now: i64) -> Result<Vec<u8>, NoToken> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let body = format!("token={}&token_type_hint=access_token", percent_encoded(token));
        let mut is_second = false;
        loop {
            let bearer = self.credential.token(now).await?;
            let asked = self.client.post(&self.url, FORM, Some(&bearer), body.clone());
            match asked.await.map_err(none)? {
                (200, body) => return Ok(body),
                // Our own token has expired, or its session was ended: retry with a new one.
                (401, _) if !is_second => {
                    self.credential.is_refused(&bearer);
                    is_second = true;
                }
                (status @ (401 | 403), _) => {
                    return Err(none(format!(
                        "the server answered {status}: the account that asks needs the permission \
                         tokens:introspect"
                    )));
                }
                (status, _) => return Err(none(format!("the server answered {status}"))),
            }
        }
    }
}

fn none(why: impl Into<String>) -> NoToken {
    NoToken::new(why, PAUSE)
}

/// Refresh tokens can be introspected too, but must not grant access.
fn is_access_token(token_type: Option<&Value>) -> bool {
    match token_type {
        None => true,
        Some(Value::String(named)) => named.eq_ignore_ascii_case("Bearer"),
        Some(_) => false,
    }
}

fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)].into());
            out.push(HEX[usize::from(byte & 15)].into());
        }
    }
    out
}
