//! The credential that a service presents when it introspects tokens: its own access token.

use std::fmt;
use std::pin::Pin;
use std::sync::Mutex as Lock;
use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::http::client::{AddressError, HttpFetch, checked};

/// Why there is no access token to authenticate with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoToken {
    /// The reason, for the log.
    pub why: String,
    /// Seconds until the next attempt.
    pub retry_after: u16,
}

impl NoToken {
    /// A reason for the log, and the seconds until the next attempt.
    pub fn new(why: impl Into<String>, retry_after: u16) -> Self {
        Self { why: why.into(), retry_after }
    }
}

/// A future access token.
pub type Granting<'a> = Pin<Box<dyn Future<Output = Result<String, NoToken>> + Send + 'a>>;

/// Provides an access token, and replaces it when it expires.
pub trait Credential: Send + Sync + 'static {
    /// The token to use at the time `now` (seconds since 1970).
    fn token(&self, now: i64) -> Granting<'_>;

    /// Called when the issuer has rejected this token.
    fn is_refused(&self, token: &str) {
        let _ = token;
    }
}

/// A token that does not expire, or that the caller renews.
impl Credential for String {
    fn token(&self, _: i64) -> Granting<'_> {
        Box::pin(async { Ok(self.clone()) })
    }
}

/// Seconds without an attempt after a rejected sign-in: more attempts would count as guesses.
const PAUSE: i64 = 30;
/// The same after no response.
const SHORT_PAUSE: i64 = 1;
const JSON: &str = "application/json";

/// A Doorward account for this service. It signs in when a token is first needed, and keeps its single
/// session alive by refreshing.
pub struct ServiceAccount {
    auth: String,
    email: String,
    password: String,
    client: HttpFetch,
    held: Mutex<Option<Held>>,
    refused: Lock<Option<String>>,
}

struct Held {
    tokens: Result<Tokens, String>,
    until: i64,
}

#[derive(Clone, Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: String,
    expires_in: i64,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServiceAccount({} at {})", self.email, self.auth)
    }
}

impl ServiceAccount {
    /// The account with this address and password at the Doorward server with authentication routes at
    /// `auth_url`, such as `https://auth.example.com/auth`.
    pub fn at(
        auth_url: impl Into<String>,
        email: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, AddressError> {
        let auth = auth_url.into();
        checked(&auth)?;
        Ok(Self {
            auth: auth.trim_end_matches('/').to_owned(),
            email: email.into(),
            password: password.into(),
            client: HttpFetch::default(),
            held: Mutex::default(),
            refused: Lock::default(),
        })
    }

    /// New tokens, or why there are none and when to try again.
    async fn granted(&self, old: Option<Tokens>) -> Result<Tokens, (String, i64)> {
        let unanswered = |why| (why, SHORT_PAUSE);
        if let Some(old) = old {
            let body = json!({ "refresh_token": old.refresh_token });
            if let (200, answer) = self.post("refresh", &body).await.map_err(unanswered)? {
                return tokens(&answer);
            }
        }
        let body = json!({ "email": self.email, "password": self.password });
        match self.post("login", &body).await.map_err(unanswered)? {
            (200, answer) => tokens(&answer),
            (status, _) => {
                Err((format!("{self:?} cannot sign in: the server answered {status}"), PAUSE))
            }
        }
    }

    async fn post(&self, route: &str, body: &serde_json::Value) -> Result<(u16, Vec<u8>), String> {
        let url = format!("{}/{route}", self.auth);
        self.client.post(&url, JSON, None, body.to_string()).await
    }
}

fn tokens(answer: &[u8]) -> Result<Tokens, (String, i64)> {
    let tokens = serde_json::from_slice(answer);
    tokens.map_err(|_| ("the response to a sign-in contains no tokens".to_owned(), PAUSE))
}

fn none(why: String, seconds: i64) -> NoToken {
    NoToken::new(why, u16::try_from(seconds).unwrap_or(u16::MAX))
}

impl Credential for ServiceAccount {
    fn token(&self, now: i64) -> Granting<'_> {
        Box::pin(async move {
            let mut held = self.held.lock().await;
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut old = None;
            match held.take() {
                Some(Held { tokens: Err(why), until }) if now < until => {
                    let failure = none(why.clone(), until - now);
                    *held = Some(Held { tokens: Err(why), until });
                    return Err(failure);
                }
                Some(Held { tokens: Ok(tokens), until }) => {
                    let is_refused = refused.as_ref() == Some(&tokens.access_token);
                    if now < until && !is_refused {
                        let token = tokens.access_token.clone();
                        *held = Some(Held { tokens: Ok(tokens), until });
                        return Ok(token);
                    }
                    old = Some(tokens);
                }
                _ => {}
            }
            let (tokens, lasts) = match self.granted(old).await {
                Ok(tokens) => (Ok(tokens.clone()), tokens.expires_in * 3 / 4),
                Err((why, pause)) => (Err(why), pause),
            };
            let token = tokens.as_ref().map(|it| it.access_token.clone());
            let token = token.map_err(|why| none(why.clone(), lasts));
            *held = Some(Held { tokens, until: now.saturating_add(lasts) });
            token
        })
    }

    fn is_refused(&self, token: &str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.to_owned());
    }
}
