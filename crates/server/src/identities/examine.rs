//! Explains another issuer's token, for `doorward token inspect`: whose it is, which key verifies it, and the
//! first check that fails, in the order of a request. No user is created.

use doorward_verify::{Header, Rejection, Token};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::better_auth::SessionToken;
use super::issuerless::{is_bare, is_cookie_cache};
use super::person::Person;
use super::trusted::{self, Trusted};
use super::{Identities, Vouched, store};
use crate::error::Error;
use crate::keys::{Demands, Examined, Said, shown, shut_out};
use crate::row;

row! {
    /// The user of an identity.
    #[derive(Clone, Debug)]
    pub(super) struct LinkedUser from users {
        pub(super) id: Uuid,
        pub(super) is_active: bool,
        pub(super) banned_until: Option<OffsetDateTime>,
    }
}

impl Identities {
    /// What the token is; otherwise what would make it valid here.
    pub(super) async fn examined_foreign(&self, token: &str) -> Result<Examined, Vec<String>> {
        let Ok(parts) = Token::split(token) else {
            return self.examine_session(token).await;
        };
        let said = Said::of(&parts);
        let claimed = said.claim("iss").and_then(Value::as_str).unwrap_or_default();
        let trusted = trusted::all(&self.settings).into_iter().find(|one| one.name == claimed);
        match trusted {
            Some(trusted) => Ok(self.examine_published(token, &said, &trusted).await),
            None => self.examine_issuerless(token, &parts, &said).await,
        }
    }

    /// A token of an issuer with published keys.
    async fn examine_published(&self, token: &str, said: &Said, trusted: &Trusted) -> Examined {
        let Trusted { name, setting, keys, audience } = trusted;
        let kid = said.member("kid").and_then(Value::as_str);
        let mut examined = Examined {
            kind: "access token of another issuer",
            issuer: Some(format!("{name} ({setting})")),
            key: kid.map(|kid| format!("the key {kid} that {keys} publishes")),
            said: said.clone(),
            ..Examined::default()
        };
        let now = self.clock.now();
        let judged = match self.issuers.verify(token, now.unix_timestamp()).await {
            Ok(it) => {
                Person::new(&it.issuer, &it.subject.into(), &it.claims).ok_or(Rejection::BadClaims)
            }
            Err(rejection) => Err(rejection),
        };
        if *setting == trusted::NEON_AUTH_URL {
            examined.notes.extend(what_neon_adds(said));
        }
        match judged {
            Ok(person) => self.examine_person(&mut examined, &person).await,
            Err(Rejection::KeysUnavailable { .. }) => {
                examined.failing = Some(format!("key: {keys} cannot be fetched"));
            }
            Err(rejection) => {
                let demands = Demands {
                    no_key: format!("{keys} publishes no key named"),
                    issuer: format!("{setting} is {name}"),
                    audience: format!("this issuer's tokens must have {audience:?}"),
                };
                examined.failing = Some(said.failing(rejection, &demands, now));
            }
        }
        examined
    }

    /// A token of no trusted issuer.
    async fn examine_issuerless(
        &self,
        token: &str,
        parts: &Token<'_>,
        said: &Said,
    ) -> Result<Examined, Vec<String>> {
        let now = self.clock.now();
        let is_cache = said.claims.as_ref().and_then(Value::as_object).is_some_and(is_cookie_cache);
        let (kind, issuer) = match &self.settings.better_auth_url {
            Some(url) if is_cache => {
                ("cookie cache of Better Auth", format!("{url} (BETTER_AUTH_URL)"))
            }
            _ => (
                "access token without an issuer",
                "anybody with the shared secret (ACCEPT_SHARED_SECRET_TOKENS)".into(),
            ),
        };
        let key = self.secret_of(parts, now.unix_timestamp());
        let (issuer, said_all) = (Some(issuer), said.clone());
        let mut examined = Examined { kind, said: said_all, issuer, key, ..Examined::default() };
        match self.issuerless(token, now.unix_timestamp()) {
            Ok(Some(person)) => self.examine_person(&mut examined, &person).await,
            Ok(None) => return Err(self.what_would_count(parts.header().ok(), said, is_cache)),
            Err(rejection) => {
                examined.failing = Some(self.failing_issuerless(rejection, said, now));
            }
        }
        Ok(examined)
    }

    /// The secret that verifies a token without a key id.
    fn secret_of(&self, token: &Token<'_>, now: i64) -> Option<String> {
        let place = self.secrets.iter().position(|key| token.prove(key, now).is_ok())?;
        Some(match place {
            0 => "the current secret".into(),
            earlier => format!("number {earlier} of PREVIOUS_SECRETS"),
        })
    }

    fn failing_issuerless(&self, why: Rejection, said: &Said, now: OffsetDateTime) -> String {
        if why == Rejection::BadSignature {
            return "signature: made with neither the current secret nor one of PREVIOUS_SECRETS"
                .into();
        }
        let settings = &self.settings;
        let audience = match (&settings.shared_secret_audience, &settings.token_audience) {
            (Some(audience), _) => format!("SHARED_SECRET_AUDIENCE is {audience:?}"),
            (None, Some(audience)) => format!("TOKEN_AUDIENCE is {audience:?}"),
            (None, None) => "TOKEN_AUDIENCE is not set".into(),
        };
        let issuer = match &settings.shared_secret_issuer {
            Some(issuer) => format!("SHARED_SECRET_ISSUER is {issuer:?}"),
            None => "the issuer is not trusted".into(),
        };
        let no_key = "no key is named".into();
        said.failing(why, &Demands { no_key, issuer, audience }, now)
    }

    /// Notes on an unknown token.
    fn what_would_count(&self, header: Option<Header>, said: &Said, is_cache: bool) -> Vec<String> {
        let settings = &self.settings;
        let mut notes = Vec::new();
        let claimed = said.claim("iss");
        if claimed.is_some_and(|it| it.as_str() != Some(&settings.token_issuer)) {
            notes.push(format!(
                "iss: {} is not a trusted issuer: it is neither TOKEN_ISSUER, nor BETTER_AUTH_URL, nor one of \
                    [[issuers]]",
                shown(claimed)
            ));
        }
        if claimed.is_none() && header.is_some_and(|header| is_bare(&header)) {
            notes.push(if is_cache {
                "Better Auth's cookie cache is only accepted if BETTER_AUTH_URL is set".into()
            } else {
                "a token without iss and kid is only accepted if ACCEPT_SHARED_SECRET_TOKENS is true"
                    .into()
            });
        }
        notes
    }

    /// A text that is not a JWT: possibly a session token of Better Auth.
    async fn examine_session(&self, text: &str) -> Result<Examined, Vec<String>> {
        let Some(session) = SessionToken::of(text) else { return Err(Vec::new()) };
        let Some(url) = &self.settings.better_auth_url else {
            let note = "this may be a session token of Better Auth, which is only accepted if BETTER_AUTH_URL is set";
            return Err(vec![note.into()]);
        };
        let place = self.signer_of(&session);
        let mut examined = Examined {
            kind: "session token of Better Auth",
            issuer: Some(format!("{url} (BETTER_AUTH_URL)")),
            key: match (session.is_signed(), place) {
                (false, _) => Some("none: it is looked up in Better Auth's table session".into()),
                (true, Some(0)) => Some("the current secret".into()),
                (true, Some(earlier)) => Some(format!("number {earlier} of PREVIOUS_SECRETS")),
                (true, None) => None,
            },
            ..Examined::default()
        };
        if session.is_signed() && place.is_none() {
            examined.failing = Some(
                "signature: made with neither the current secret nor one of PREVIOUS_SECRETS"
                    .into(),
            );
            return Ok(examined);
        }
        match self.holder_of(&session).await {
            Err(error) => {
                let note =
                    format!("Better Auth's session could not be looked up: {}", Error::from(error));
                examined.notes.push(note);
            }
            Ok(None) => {
                let failing = "session: Better Auth has no such session, or it has expired";
                examined.failing = Some(failing.into());
            }
            Ok(Some(Err(why))) => {
                examined.failing =
                    Some(format!("session: Better Auth's sessions cannot be read: {why}"));
            }
            Ok(Some(Ok(Vouched::Session(found)))) => {
                examined.notes.push(format!("the session was imported, as {}", found.id));
                self.examine_imported(&mut examined, &found).await;
            }
            Ok(Some(Ok(Vouched::Person(person)))) => {
                self.examine_person(&mut examined, &person).await;
            }
        }
        if let Ok(Some(tables)) = self.better_auth_tables().await {
            examined.notes.push(format!("Better Auth's tables here are {tables}"));
        }
        Ok(examined)
    }

    /// The user of a person with a valid token.
    async fn examine_person(&self, examined: &mut Examined, person: &Person) {
        match store::find_fate(&self.db, person).await.map_err(Error::from) {
            Err(error) => examined.notes.push(format!("the user could not be looked up: {error}")),
            Ok(None) => examined.notes.push(
                "there is no user for this identity yet: the first request with it creates one"
                    .into(),
            ),
            Ok(Some(fate)) => {
                examined.user = Some(fate.id);
                examined.failing = shut_out(fate.is_active, fate.banned_until, self.clock.now());
            }
        }
    }
}

/// Other contents of Neon Auth's tokens, none of which grants a role here.
fn what_neon_adds(said: &Said) -> Vec<String> {
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let organisation = said.claim("o").filter(|it| it.is_object()).map(|it| {
        let known = ["slug", "id", "role"]
            .map(|name| format!("{name} {}", text(it, name).unwrap_or_else(|| "not said".into())));
        format!(
            "organisation at Neon Auth (o): {}; it does not grant a role here",
            known.join(", ")
        )
    });
    let role = said.claim("role").map(|role| {
        format!("role {} is for Neon's database and does not grant a role here", shown(Some(role)))
    });
    organisation.into_iter().chain(role).collect()
}
