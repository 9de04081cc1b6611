//! `POST /auth/introspect` (RFC 7662): other services ask whether a token counts at this moment, its
//! session and user included. For those with the permission only, or anybody could try tokens here.

use axum::extract::State;
use doorward_verify::Claims;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::TokensIntrospect;
use crate::http::{FormError, Json, JsonOrForm, json};
use crate::input::body;
use crate::keys::Permitted;
use crate::sessions::refresh::refresh_token::{Forgiveness, Presented, Redemption, redeem};
use crate::sessions::store::Holding;
use crate::sessions::{Sessions, store};

body! {
    /// The token asked about.
    pub(super) struct TokenRequest {
        /// An access or a refresh token.
        pub(super) token: String,
    }
    checked {
        /// Ignored: tokens tell what they are.
        token_type_hint: Option<String>,
    }
}

/// What a token is worth now.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether it counts. If not, nothing else is said.
    pub active: bool,
    /// `Bearer` for access tokens, `refresh_token` for refresh tokens.
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
    /// When it ends, in seconds since 1970.
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
    /// Who it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aud: Option<String>,
    /// Its own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jti: Option<String>,
    /// The user's roles now, of an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub roles: Option<Vec<String>>,
    /// What those allow; `*` stands for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub permissions: Option<Vec<String>>,
}

impl Introspection {
    /// Of an access token that counts, whose user holds this.
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
        }
    }
}

/// Ask about a token
///
/// A form with `token` is taken too (RFC 7662 §2.1).
#[utoipa::path(post, path = "/introspect", operation_id = "sessions.introspect", tag = "keys",
    security(("bearer" = ["tokens:introspect"])),
    request_body = TokenRequest,
    extensions(("x-also-takes" = json!(["application/x-www-form-urlencoded"]))),
    responses(
        (status = 200, description = "Whether it counts, and whose it is", body = Introspection),
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
    /// What the token is worth now, in the one round trip that checks who asks.
    pub async fn introspect(
        &self,
        authority: Authority,
        token: &str,
    ) -> Result<Introspection, Error> {
        if let Some(presented) = Presented::parse(token) {
            return self.introspect_refresh(authority, presented).await;
        }
        let claims = self.keys.judge(token).await?.ok();
        let id = |text: &str| Uuid::try_parse(text).unwrap_or_default();
        let (sid, sub) =
            claims.as_ref().map_or_else(Default::default, |it| (id(&it.sid), id(&it.sub)));
        let now = self.clock.now();
        // Asked for a token that is worth nothing too: the caller is checked by the same question.
        let held = store::find_live(&self.db, authority, sid, sub, now).await?;
        let worth = claims.zip(held).map(|(claims, held)| Introspection::of(claims, held));
        Ok(worth.unwrap_or_default())
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
