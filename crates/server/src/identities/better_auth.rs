//! Better Auth's session tokens: 32 characters that name a row of its table `session`, alone (its bearer
//! plugin) or followed by a dot and an HMAC, possibly URL-encoded as in its cookie. The row is authoritative,
//! so signing out there takes effect here immediately; it is read if both share a PostgreSQL database. In any
//! other database, imported sessions are accepted: see `imported.rs`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::found_tables::{SessionAnswer, SessionsPlace};
use super::person::Person;
use super::{Identities, Vouched};
use crate::config::{DatabaseUrl, Secret};
use crate::error::Error;
use crate::keys::Survey;

const TOKEN: usize = 32;
const NOT_ITS_COOKIE: Error =
    Error::InvalidToken("The session cookie was not created by Better Auth.");

impl Identities {
    /// The user of a session token of that form.
    pub(super) async fn better_auth_session(&self, text: &str) -> Result<Option<Vouched>, Error> {
        let counts = self.settings.better_auth_url.is_some();
        let Some(token) = SessionToken::of(text).filter(|_| counts) else { return Ok(None) };
        if token.is_signed() && self.signer_of(&token).is_none() {
            return Err(Error::InvalidToken("The token's signature is invalid."));
        }
        match self.holder_of(&token).await? {
            Some(Ok(holder)) => Ok(Some(holder)),
            Some(Err(why)) => {
                tracing::warn!(%why, "Better Auth's sessions cannot be read, so its session tokens are rejected");
                Ok(None)
            }
            None => Err(Error::InvalidToken("The session of this token has ended: sign in again.")),
        }
    }

    /// The user of Better Auth's cookie, which is always signed.
    pub(super) async fn better_auth_cookie(&self, value: &str) -> Result<Vouched, Error> {
        let is_signed = SessionToken::of(value).is_some_and(|token| token.is_signed());
        let holder = if is_signed { self.better_auth_session(value).await? } else { None };
        holder.ok_or(NOT_ITS_COOKIE)
    }

    /// The index of the secret that signed it: 0 is the current one.
    pub(super) fn signer_of(&self, token: &SessionToken) -> Option<usize> {
        let tag = token.tag.as_ref()?;
        let settings = &self.settings;
        let mut secrets = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        secrets.position(|secret| is_signed(secret, &token.token, tag))
    }

    /// Better Auth's tables and columns in this database: `public.session ("userId", "expiresAt")` and
    /// `public."user" ("emailVerified")`; `None` if there are none.
    pub(super) async fn better_auth_tables(&self) -> crate::sql::Result<Option<String>> {
        let found = self.find_better_auth(self.clock.now()).await?;
        let SessionsPlace::Tables(names) = found else { return Ok(None) };
        Ok(serde_json::from_str::<Value>(&names).ok().map(|named| {
            let name = |of: &str| named[of].as_str().unwrap_or_default().to_owned();
            let (sessions, users) = (name("sessions"), name("users"));
            let (owner, until, proven) =
                (name("user_id"), name("expires_at"), name("email_verified"));
            format!("{sessions} ({owner}, {until}) and {users} ({proven})")
        }))
    }

    /// Whether they exist, for `doorward config check`.
    pub(super) async fn survey_better_auth(&self) -> crate::sql::Result<Survey> {
        let mut survey = Survey::default();
        let settings = &self.settings;
        if settings.better_auth_url.is_none() {
            return Ok(survey);
        }
        let is_postgres = !matches!(settings.database, DatabaseUrl::Sqlite(_));
        if let Some(tables) = self.better_auth_tables().await? {
            survey.notes.push(format!("Better Auth's tables here are {tables}."));
        } else if matches!(self.find_better_auth(self.clock.now()).await?, SessionsPlace::Imported)
        {
            let sentence = "Better Auth's sessions were imported, and are accepted until they end.";
            survey.notes.push(sentence.into());
        } else if is_postgres {
            let sentence = "Better Auth's tables session and user are not in the search path, so its session \
                tokens and cookies are rejected; its JWTs are accepted.";
            let place =
                if settings.accept_cookies { &mut survey.warnings } else { &mut survey.refused };
            place.push(sentence.into());
        }
        Ok(survey)
    }

    /// Its user, or why they cannot be determined; `None` without a session. An imported session may have
    /// ended.
    pub(super) async fn holder_of(
        &self,
        token: &SessionToken,
    ) -> crate::sql::Result<Option<Result<Vouched, String>>> {
        let issuer = self.settings.better_auth_url.as_deref().unwrap_or_default();
        Ok(match self.asked_of_better_auth(&token.token).await? {
            SessionAnswer::Told(answer) => Some(person(issuer, &answer).map(Vouched::Person)),
            SessionAnswer::Nobody => None,
            SessionAnswer::Unreadable(why) => Some(Err(why)),
            SessionAnswer::Imported => {
                self.imported(&token.token).await?.map(|session| Ok(Vouched::Session(session)))
            }
        })
    }
}

fn person(issuer: &str, answer: &Value) -> Result<Person, String> {
    let claims = answer.as_object().filter(|claims| claims.contains_key("subject"));
    let person = claims.and_then(|claims| Person::new(issuer, &claims["subject"], claims));
    person.ok_or_else(|| "the session's user has no usable id".into())
}

/// A session token and its signature, if there is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SessionToken {
    token: String,
    tag: Option<Vec<u8>>,
}

impl SessionToken {
    /// Parses a text of that form.
    pub(super) fn of(text: &str) -> Option<Self> {
        let Some((token, tag)) = text.rsplit_once('.') else {
            return is_token(text).then(|| Self { token: text.to_owned(), tag: None });
        };
        let tag = tag.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let tag = tag.replace("%2b", "+").replace("%2f", "/").replace("%3d", "=");
        let tag = (tag.len() == 44).then(|| STANDARD.decode(tag).ok()).flatten()?;
        is_token(token).then(|| Self { token: token.to_owned(), tag: Some(tag) })
    }

    /// Whether it is signed.
    pub(super) fn is_signed(&self) -> bool {
        self.tag.is_some()
    }
}

pub(super) fn is_token(text: &str) -> bool {
    text.len() == TOKEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_signed(secret: &Secret, token: &str, tag: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
    hmac::verify(&key, token.as_bytes(), tag).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Created by Better Auth 1.7.7.
    const SECRET: &str = "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eH";
    const BARE: &str = "CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW";
    const SIGNED: &str =
        "CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW.iTI/AHhmEV6ZErHbSeNDpB1t4SmsJZmiF2sWyNDiOe0=";

    #[test]
    fn a_token_is_read_bare_signed_and_url_encoded() {
        assert_eq!(SessionToken::of(BARE), Some(SessionToken { token: BARE.into(), tag: None }));
        let signed = SessionToken::of(SIGNED).unwrap();
        assert_eq!(signed.token, BARE);
        let encoded = SIGNED.replace('/', "%2F").replace('=', "%3D");
        assert_eq!(SessionToken::of(&encoded), Some(signed));
    }

    #[test]
    fn the_signature_is_the_one_better_auth_makes() {
        let signed = SessionToken::of(SIGNED).unwrap();
        let tag = signed.tag.unwrap();
        assert!(is_signed(&Secret::new(SECRET), &signed.token, &tag));
        assert!(!is_signed(&Secret::new(SECRET.to_lowercase()), &signed.token, &tag));
        assert!(!is_signed(&Secret::new(SECRET), &signed.token.to_lowercase(), &tag));
    }

    #[test]
    fn other_texts_are_no_session_token() {
        for text in [
            "",
            ".",
            &BARE[1..],
            &format!("{BARE}."),
            &format!("{BARE}.AAAA"),
            &format!("x{SIGNED}"),
            &SIGNED[..SIGNED.len() - 1],
            &format!("{SIGNED}="),
            &SIGNED.replace('.', "%2E"),
            &format!("{}'", &BARE[1..]),
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.AAAA",
        ] {
            assert_eq!(SessionToken::of(text), None, "{text}");
        }
    }
}
