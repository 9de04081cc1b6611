//! Takes a token apart for the person who wonders why it is refused: every part, the key it matched,
//! and the first check that fails, in the server's own order. The signature itself is never shown.

use doorward_verify::{Rejection, Token, key_id};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::refresh_token::Presented;
use super::{Sessions, store};
use crate::config::Secret;
use crate::error::Error;

/// What there is to say about a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// `access token`, `refresh token` or `not a token`.
    pub kind: &'static str,
    /// The header, if it can be read.
    pub header: Option<Value>,
    /// The claims, if they can be read; proven only if nothing fails.
    pub claims: Option<Value>,
    /// Which key it names.
    pub key: Option<String>,
    /// What could not be looked into.
    pub notes: Vec<String>,
    /// The first check that fails.
    pub failing: Option<String>,
}

impl Sessions {
    /// Looks at the token as the server would.
    pub async fn examine(&self, token: &str) -> Examined {
        if let Some(presented) = Presented::parse(token) {
            return self.examine_refresh(presented).await;
        }
        let Ok(parts) = Token::split(token) else {
            let failing = "it is not three base64url parts with dots between".to_owned();
            return Examined { kind: "not a token", failing: Some(failing), ..Examined::default() };
        };
        let read = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).ok();
        let mut examined = Examined {
            kind: "access token",
            header: parts.header_bytes().ok().and_then(read),
            claims: parts.payload().ok().and_then(read),
            ..Examined::default()
        };
        examined.key = examined.header.as_ref().and_then(|header| self.name_key(header));
        match self.accounts.keys.judge(token).await {
            Err(error) => {
                examined.notes.push(format!("the key pairs cannot be read: {error}"));
                examined.failing = Some("the key it names is not known here".into());
            }
            Ok(Err(rejection)) => {
                examined.failing = Some(self.explain(rejection, &examined));
            }
            Ok(Ok(claims)) => {
                let id = |text: &str| Uuid::try_parse(text).unwrap_or_default();
                let (sid, sub) = (id(&claims.sid), id(&claims.sub));
                self.examine_session(&mut examined, sid, Some(sub)).await;
            }
        }
        examined
    }

    /// Which of the secrets or key pairs the header names.
    fn name_key(&self, header: &Value) -> Option<String> {
        let kid = header.get("kid")?.as_str()?;
        let settings = &self.accounts.settings;
        let is = |secret: &Secret| key_id(secret.bytes()) == kid;
        if is(&settings.secret) {
            return Some(format!("the current secret ({kid})"));
        }
        if let Some(place) = settings.previous_secrets.iter().position(is) {
            return Some(format!("number {} of PREVIOUS_SECRETS ({kid})", place + 1));
        }
        Some(match kid.strip_prefix("hs-") {
            Some(_) => format!("a secret that is not configured here ({kid})"),
            None => format!("the key pair {kid}"),
        })
    }

    fn explain(&self, rejection: Rejection, examined: &Examined) -> String {
        let claim = |name: &str| examined.claims.as_ref().and_then(|claims| claims.get(name));
        let member = |name: &str| {
            let header = examined.header.as_ref();
            header.and_then(|header| header.get(name)).map_or("absent".into(), Value::to_string)
        };
        let settings = &self.accounts.settings;
        let now = self.accounts.clock.now();
        match rejection {
            Rejection::UnknownKey => format!("kid: no key is named {}", member("kid")),
            Rejection::WrongAlgorithm => format!("alg: {} is not that key's", member("alg")),
            Rejection::BadSignature => "signature: it is not this key's over these parts".into(),
            Rejection::Expired => {
                let exp = claim("exp").and_then(Value::as_i64).unwrap_or_default();
                let ago = duration(now.unix_timestamp().saturating_sub(exp));
                format!("exp: it expired {ago} ago, at {}", instant(exp))
            }
            Rejection::NotYetValid => "nbf: it is not valid yet".into(),
            Rejection::WrongIssuer => {
                let found = claim("iss").map_or("absent".into(), Value::to_string);
                format!("iss: it is {found}, and TOKEN_ISSUER is {:?}", settings.token_issuer)
            }
            Rejection::WrongAudience => {
                let found = claim("aud").map_or("absent".into(), Value::to_string);
                let wanted = settings.token_audience.as_deref().unwrap_or("not set");
                format!("aud: it is {found}, and TOKEN_AUDIENCE is {wanted}")
            }
            Rejection::BadClaims => "claims: one is missing or has the wrong type".into(),
            Rejection::Malformed => format!(
                "format: not canonical base64url, a header with other members than alg, kid and \
                 typ, or a typ ({}) of another sort of token",
                member("typ")
            ),
            Rejection::KeysUnavailable => "key: the issuer's keys cannot be fetched".into(),
        }
    }

    async fn examine_refresh(&self, presented: Presented) -> Examined {
        let mut examined = Examined { kind: "refresh token", ..Examined::default() };
        let (db, now) = (&self.accounts.db, self.accounts.clock.now());
        match store::find_for_refresh(db, presented.session_id, now).await {
            Err(error) => {
                examined.failing = Some(format!("the database cannot be asked: {error}"));
            }
            Ok(None) => examined.failing = Some("session: there is no such session".into()),
            Ok(Some(found)) if presented.prove(&found.session, &self.secrets).is_none() => {
                examined.failing = Some("signature: no secret of this server made it".into());
            }
            Ok(Some(_)) => self.examine_session(&mut examined, presented.session_id, None).await,
        }
        examined
    }

    /// The checks that only the database can make.
    async fn examine_session(&self, examined: &mut Examined, id: Uuid, owner: Option<Uuid>) {
        let now = self.accounts.clock.now();
        examined.failing = match store::find_fate(&self.accounts.db, id).await {
            Err(error) => {
                let error = Error::from(error);
                examined.notes.push(format!("the session was not looked up: {error}"));
                None
            }
            Ok(None) => Some("session: there is no such session".into()),
            Ok(Some(fate)) => fate.failing(owner, now),
        };
    }
}

/// What became of a session and its user.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    pub(super) user_id: Uuid,
    pub(super) expires_at: OffsetDateTime,
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) end_reason: Option<String>,
    pub(super) is_active: bool,
    pub(super) banned_until: Option<OffsetDateTime>,
}

impl Fate {
    fn failing(&self, owner: Option<Uuid>, now: OffsetDateTime) -> Option<String> {
        if owner.is_some_and(|owner| owner != self.user_id) {
            return Some("session: it is another user's".into());
        }
        if let Some(ended) = self.ended_at {
            let why = self.end_reason.as_deref().unwrap_or("unknown");
            return Some(format!("session: it ended at {} ({why})", at(ended)));
        }
        if self.expires_at <= now {
            return Some(format!("session: it expired at {}", at(self.expires_at)));
        }
        if !self.is_active {
            return Some("user: the account is disabled".into());
        }
        let banned = self.banned_until.filter(|until| *until > now);
        banned.map(|until| format!("user: the account is banned until {}", at(until)))
    }
}

fn at(instant: OffsetDateTime) -> String {
    let whole = instant.replace_nanosecond(0).unwrap_or(instant);
    whole.format(&Rfc3339).unwrap_or_default()
}

fn instant(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| seconds.to_string(), at)
}

/// Seconds as people say them.
fn duration(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
