//! Explains why a token is rejected: all its parts, the matching key, and the first check that fails, in the
//! server's order. The signature itself is never shown.

use doorward_verify::{Rejection, Token, key_id, token_type};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::{Secret, TokenProfile};
use crate::error::Error;
use crate::gate::Life;
use crate::keys::{Demands, Examined, PresentedKey, Said, shown, shut_out};
use crate::row;
use crate::sessions::refresh::refresh_token::{PREFIX, Presented};
use crate::sessions::{Sessions, store};
use crate::timestamp::to_the_second;

impl Sessions {
    /// Checks the token as the server would.
    pub async fn examine(&self, token: &str) -> Examined {
        if let Some(presented) = Presented::parse(token) {
            return self.examine_refresh(presented).await;
        }
        if token.starts_with(PREFIX) {
            let why = "format: it starts like a refresh token, but was truncated or altered";
            let kind = "refresh token";
            return Examined { kind, failing: Some(why.into()), ..Examined::default() };
        }
        if let Some(key) = PresentedKey::of(token) {
            return self.examine_key(key.ok()).await;
        }
        let mut examined = Examined { kind: "not a token", ..Examined::default() };
        if let Ok(parts) = Token::split(token) {
            examined.kind = "access token";
            examined.said = Said::of(&parts);
            examined.key = examined.said.member("kid").and_then(|kid| self.name_key(kid));
        }
        match self.keys.judge(token).await {
            Err(error) => {
                examined.notes.push(format!("the key pairs cannot be read: {error}"));
                examined.failing = Some("its key is unknown to this server".into());
            }
            Ok(Err(rejection)) => match self.keys.examine_foreign(token, rejection).await {
                Ok(foreign) => return foreign,
                Err(notes) => {
                    examined.failing = Some(self.explain(token, rejection, &examined));
                    examined.notes = notes;
                }
            },
            Ok(Ok(claims)) => {
                let id = |text: &str| Uuid::try_parse(text).unwrap_or_default();
                let (sid, sub) = (id(&claims.sid), id(&claims.sub));
                examined.issuer = Some(format!("{} (TOKEN_ISSUER)", claims.iss));
                examined.user = Some(sub);
                self.examine_session(&mut examined, sid, Some(sub)).await;
            }
        }
        examined
    }

    async fn examine_key(&self, key: Option<PresentedKey>) -> Examined {
        let mut examined = Examined { kind: "API key", ..Examined::default() };
        let Some(key) = key else {
            let why = "format: it starts like an API key, but was truncated or altered";
            return Examined { failing: Some(why.into()), ..examined };
        };
        examined.key = Some(key.id.to_string());
        examined.user = Some(key.owner);
        match self.api_keys().failing(key).await {
            Err(error) => {
                examined.failing = Some(format!("the database cannot be queried: {error}"));
            }
            Ok(failing) => examined.failing = failing,
        }
        examined
    }

    /// The secret or key pair that a `kid` names.
    fn name_key(&self, kid: &Value) -> Option<String> {
        let kid = kid.as_str()?;
        let settings = &self.settings;
        let is = |secret: &Secret| key_id(secret.bytes()) == kid;
        if is(&settings.secret) {
            return Some(format!("the current secret ({kid})"));
        }
        if let Some(place) = settings.previous_secrets.iter().position(is) {
            return Some(format!("number {} of PREVIOUS_SECRETS ({kid})", place + 1));
        }
        Some(match kid.strip_prefix("hs-") {
            Some(_) => format!("a secret that is not configured on this server ({kid})"),
            None => format!("the key pair {kid}"),
        })
    }

    fn explain(&self, token: &str, rejection: Rejection, examined: &Examined) -> String {
        if examined.kind == "not a token" {
            return "it is not three base64url parts separated by dots".into();
        }
        let settings = &self.settings;
        let asked = settings.token_audience.as_deref();
        let audience = match asked {
            Some(audience) => format!("TOKEN_AUDIENCE is {audience:?}"),
            None => "TOKEN_AUDIENCE is not set".to_owned(),
        };
        let expected = settings.token_type();
        if rejection == Rejection::Malformed && is_of_the_other_type(token, expected) {
            let as_of = if asked.is_some() { "without" } else { "with" };
            let (typ, aud) = (shown(examined.said.member("typ")), examined.said.claim("aud"));
            if settings.token_profile == TokenProfile::Neon {
                return format!("typ: it is {typ}, and TOKEN_PROFILE=neon makes {expected}");
            }
            return format!(
                "typ: it is {typ}, as {as_of} an audience (aud: {}), and {audience}",
                shown(aud)
            );
        }
        let demands = Demands {
            no_key: "no key is named".into(),
            issuer: format!("TOKEN_ISSUER is {:?}", settings.token_issuer),
            audience,
        };
        examined.said.failing(rejection, &demands, self.clock.now())
    }

    async fn examine_refresh(&self, presented: Presented) -> Examined {
        let mut examined = Examined { kind: "refresh token", ..Examined::default() };
        let (db, now) = (&self.db, self.clock.now());
        match store::find_for_refresh(db, presented.session_id, now).await {
            Err(error) => {
                examined.failing = Some(format!("the database cannot be queried: {error}"));
            }
            Ok(None) => examined.failing = Some("session: there is no such session".into()),
            Ok(Some(found)) if presented.prove(&found.session.begun, &self.secrets).is_none() => {
                examined.failing = Some("signature: not made with a secret of this server".into());
            }
            Ok(Some(_)) => self.examine_session(&mut examined, presented.session_id, None).await,
        }
        examined
    }

    /// The checks that need the database.
    async fn examine_session(&self, examined: &mut Examined, id: Uuid, owner: Option<Uuid>) {
        let now = self.clock.now();
        match self.fate(id, owner).await {
            Err(error) => {
                examined.notes.push(format!("the session could not be looked up: {error}"));
            }
            Ok(Err(failing)) => examined.failing = Some(failing.into()),
            Ok(Ok(fate)) => {
                examined.user = Some(fate.user_id);
                let shut_out = shut_out(fate.is_active, fate.banned_until, now);
                examined.failing = fate.failing(owner, now).or_else(|| shut_out.clone());
                // Disabling or banning ends the sessions, and that check fails first.
                examined.notes.extend(shut_out.filter(|it| examined.failing.as_ref() != Some(it)));
            }
        }
    }

    /// The state of the session, or why there is none.
    async fn fate(
        &self,
        id: Uuid,
        owner: Option<Uuid>,
    ) -> Result<Result<Fate, &'static str>, Error> {
        let db = &self.db;
        if let Some(fate) = store::find_fate(db, id).await? {
            return Ok(Ok(fate));
        }
        let is_deleted = match owner {
            Some(owner) => !store::has_user(db, owner).await?,
            None => false,
        };
        Ok(Err(if is_deleted {
            "user: the account was deleted together with its sessions"
        } else {
            "session: there is no such session"
        }))
    }
}

/// Whether a malformed token only has the other of the two values of `typ`. This is checked first: anything
/// else that is malformed has failed before.
fn is_of_the_other_type(token: &str, expected: &str) -> bool {
    let types = [token_type(None), token_type(Some("any"))];
    let header = Token::split(token).and_then(|parts| parts.header());
    header.is_ok_and(|header| {
        !header.has_others
            && header.typ.as_deref().is_some_and(|typ| typ != expected && types.contains(&typ))
    })
}

row! {
    /// The state of a session and its user.
    #[derive(Clone, Debug)]
    pub(in crate::sessions) struct Fate from sessions {
        pub(super) user_id: Uuid,
        pub(super) expires_at: OffsetDateTime,
        pub(super) ended_at: Option<OffsetDateTime>,
        pub(super) end_reason: Option<String>,
        pub(super) is_active: bool = "users.is_active",
        pub(super) banned_until: Option<OffsetDateTime> = "users.banned_until",
    }
}

impl Fate {
    /// What is wrong with the session.
    fn failing(&self, owner: Option<Uuid>, now: OffsetDateTime) -> Option<String> {
        if owner.is_some_and(|owner| owner != self.user_id) {
            return Some("session: it belongs to another user".into());
        }
        match Life::of(self.ended_at, self.expires_at, now) {
            Life::Live => None,
            Life::Ended(at) => {
                let why = self.end_reason.as_deref().unwrap_or("unknown");
                Some(format!("session: it ended at {} ({why})", to_the_second(at)))
            }
            Life::Expired(at) => Some(format!("session: it expired at {}", to_the_second(at))),
        }
    }
}
