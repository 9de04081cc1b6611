//! `POST /auth/revoke` (RFC 7009): the holder of a token can end its session, with an access or a refresh
//! token. An invalid token returns 200 too (§2.2), without effect.

use axum::extract::State;
use uuid::Uuid;

use super::introspect::TokenRequest;
use crate::audit::{Event, Record};
use crate::error::Error;
use crate::http::{FormError, JsonOrForm};
use crate::input::Origin;
use crate::keys::PresentedKey;
use crate::sessions::refresh::refresh_token::Presented;
use crate::sessions::{Sessions, store};
use crate::sql::DbError;

/// Revoke a token or an API key
///
/// A form with `token` is accepted too (RFC 7009 §2.1).
#[utoipa::path(post, path = "/revoke", operation_id = "sessions.revoke_token", tag = "keys",
    request_body = TokenRequest,
    extensions(("x-also-takes" = json!(["application/x-www-form-urlencoded"]))),
    responses(
        (status = 200, description = "The token is no longer valid, if it ever was"),
        (status = 422, description = "No token in the body")))]
pub(super) async fn revoke_token(
    State(sessions): State<Sessions>,
    origin: Origin,
    JsonOrForm { body, sent_as, .. }: JsonOrForm<TokenRequest>,
) -> Result<(), FormError> {
    sessions.revoke_token(&body.token, &origin).await.map_err(|error| sent_as.failed(error))
}

impl Sessions {
    /// Ends the session of a genuine token.
    pub async fn revoke_token(&self, token: &str, origin: &Origin) -> Result<(), Error> {
        if let Some(key) = PresentedKey::of(token) {
            return match key {
                Ok(key) => self.api_keys().revoke_presented(key, origin).await,
                Err(_) => Ok(()),
            };
        }
        let Some((user, session)) = self.holder(token).await? else { return Ok(()) };
        let steps = store::revoke(session, "token_revoked", self.clock.now());
        let record = Record::from(origin, Event::Logout).about(user).in_session(session);
        match self.audit.write(steps, record.detail("token")).await {
            // Refused: it had already ended.
            Ok(_) | Err(DbError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The user and session of a genuine token.
    async fn holder(&self, token: &str) -> Result<Option<(Uuid, Uuid)>, Error> {
        if let Some(presented) = Presented::parse(token) {
            let (db, now) = (&self.db, self.clock.now());
            let found = store::find_for_refresh(db, presented.session_id, now).await?;
            return Ok(found
                .filter(|found| presented.prove(&found.session.begun, &self.secrets).is_some())
                .map(|found| (found.session.begun.user_id, found.session.begun.id)));
        }
        let Ok(claims) = self.keys.judge(token).await? else { return Ok(None) };
        let id = |text: &str| Uuid::try_parse(text).ok();
        Ok(id(&claims.sub).zip(id(&claims.sid)))
    }
}
