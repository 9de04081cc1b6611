//! `POST /auth/introspect` (RFC 7662): other services ask whether a token is active, including its session
//! and user. Requires a permission, so that nobody can test tokens here.

use axum::extract::State;
use doorward_verify::Claims;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::TokensIntrospect;
use crate::http::{FormError, Json, JsonOrForm, json};
use crate::input::body;
use crate::keys::{Permitted, PresentedKey};
use crate::sessions::refresh::refresh_token::{Forgiveness, Presented, Redemption, redeem};
use crate::sessions::store::Holding;
use crate::sessions::{Sessions, store};

body! {
    /// The token to introspect or revoke.
    pub(super) struct TokenRequest {
        /// An access token, a refresh token or an API key.
        pub(super) token: String,
    }
    checked {
        /// Ignored: the kind of token is recognised.
        token_type_hint: Option<String>,
    }
}

/// The state of a token.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether the token is active. If it is not, no other member is present.
    pub active: bool,
    /// `Bearer` for access tokens, `refresh_token` for refresh tokens, `api_key` for API keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub token_type: Option<&'static str>,
    /// The user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sub: Option<String>,
    /// The session's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sid: Option<String>,
    /// When it expires, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub iat: Option<i64>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub iss: Option<String>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aud: Option<String>,
    /// The id of the access token or API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jti: Option<String>,
    /// The user's current roles, for an access token or an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub roles: Option<Vec<String>>,
    /// The permissions of those roles; `*` stands for all. For an API key: those within its scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub permissions: Option<Vec<String>>,
    /// The current scopes of an API key, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<String>,
    /// The networks an API key may be used from; the resource server must check them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub networks: Option<Vec<String>>,
}

impl Introspection {
    /// For an active access token of a user with these roles and permissions.
    fn of(claims: Claims, held: Holding) -> Self {
        Self {
            active: true,
            token_type: Some("Bearer"),
            sub: Some(claims.sub),
            sid: Some(claims.sid),
            exp: Some(claims.exp),
            iat: Some(claims.iat),
            iss: Some(claims.iss),
            aud: claims.aud,
            jti: Some(claims.jti),
            roles: Some(held.roles),
            permissions: Some(held.permissions),
            ..Self::default()
        }
    }
}

/// Introspect a token
///
/// A form with `token` is accepted too (RFC 7662 §2.1).
#[utoipa::path(post, path = "/introspect", operation_id = "sessions.introspect", tag = "keys",
    security(("bearer" = ["tokens:introspect"])),
    request_body = TokenRequest,
    extensions(("x-also-takes" = json!(["application/x-www-form-urlencoded"]))),
    responses(
        (status = 200, description = "Whether the token is active, and its claims", body = Introspection),
        (status = 403, description = "Needs `tokens:introspect`"),
        (status = 422, description = "No token in the body")))]
pub(super) async fn introspect(
    State(sessions): State<Sessions>,
    by: Permitted<TokensIntrospect>,
    JsonOrForm { body, sent_as, .. }: JsonOrForm<TokenRequest>,
) -> Result<Json<Introspection>, FormError> {
    let done = sessions.introspect(by.actor.authority, &body.token).await;
    done.map(json).map_err(|error| sent_as.failed(error))
}

impl Sessions {
    /// The current state of the token, in the round trip that checks the caller.
    pub async fn introspect(
        &self,
        authority: Authority,
        token: &str,
    ) -> Result<Introspection, Error> {
        if let Some(presented) = Presented::parse(token) {
            return self.introspect_refresh(authority, presented).await;
        }
        if let Some(key) = PresentedKey::of(token) {
            return self.introspect_key(authority, key.ok()).await;
        }
        let claims = self.keys.judge(token).await?.ok();
        let id = |text: &str| Uuid::try_parse(text).unwrap_or_default();
        let (sid, sub) =
            claims.as_ref().map_or_else(Default::default, |it| (id(&it.sid), id(&it.sub)));
        let now = self.clock.now();
        // Also for an invalid token, because the same query checks the caller.
        let held = store::find_live(&self.db, authority, sid, sub, now).await?;
        let worth = claims.zip(held).map(|(claims, held)| Introspection::of(claims, held));
        Ok(worth.unwrap_or_default())
    }

    async fn introspect_key(
        &self,
        authority: Authority,
        key: Option<PresentedKey>,
    ) -> Result<Introspection, Error> {
        // Also for an invalid key, because the same query checks the caller.
        let asked = key.unwrap_or(PresentedKey { id: Uuid::nil(), owner: Uuid::nil() });
        let Some(worth) = self.api_keys().introspect(authority, asked).await? else {
            return Ok(Introspection::default());
        };
        let scopes: Vec<_> = worth.effective().collect();
        let permissions = scopes.iter().filter_map(|it| it.permission());
        Ok(Introspection {
            active: true,
            token_type: Some("api_key"),
            sub: Some(asked.owner.to_string()),
            jti: Some(asked.id.to_string()),
            exp: worth.expires_at.map(OffsetDateTime::unix_timestamp),
            iat: Some(worth.created_at.unix_timestamp()),
            iss: Some(self.settings.token_issuer.clone()),
            permissions: Some(permissions.map(|it| it.as_str().to_owned()).collect()),
            scope: Some(scopes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(" ")),
            networks: Some(worth.networks).filter(|all| !all.is_empty()),
            roles: Some(worth.roles),
            ..Introspection::default()
        })
    }

    async fn introspect_refresh(
        &self,
        authority: Authority,
        presented: Presented,
    ) -> Result<Introspection, Error> {
        let now = self.clock.now();
        let (db, id) = (&self.db, presented.session_id);
        let found = store::find_for_refresh_by(db, authority, id, now).await?;
        let Some(found) = found.filter(|found| found.is_active) else {
            return Ok(Introspection::default());
        };
        let settings = &self.settings;
        let forgive = Forgiveness { grace: settings.refresh_grace, retry: settings.refresh_retry };
        let worth = presented
            .prove(&found.session.begun, &self.secrets)
            .map(|genuine| redeem(genuine, &found.session, forgive, now));
        if !matches!(worth, Some(Redemption::Advance | Redemption::Repeat | Redemption::Forgive)) {
            return Ok(Introspection::default());
        }
        Ok(Introspection {
            active: true,
            token_type: Some("refresh_token"),
            sub: Some(found.session.begun.user_id.to_string()),
            sid: Some(id.to_string()),
            exp: Some(found.session.expires_at.unix_timestamp()),
            iss: Some(settings.token_issuer.clone()),
            ..Introspection::default()
        })
    }
}
