//! The credentials of `POST /auth/refresh`, and its response to an access token alone, with
//! `REFRESH_WITH_ACCESS_TOKEN`: for front ends that keep no refresh token. A live session gets another access
//! token and nothing else: no refresh token, and no limit is extended, so a stolen access token is useful
//! until the session's limits and no longer.

use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::refresh_token::PREFIX;
use super::{RefreshForm, RefreshRequest};
use crate::error::Error;
use crate::gate::{Gate, Via};
use crate::http::{FormError, JsonOrForm, SentAs, Translated};
use crate::keys::Caller;
use crate::sessions::session::Generation;
use crate::sessions::store::{self, Refreshable};
use crate::sessions::{Sessions, Tokens};
use crate::user::User;

/// The credentials of a refresh.
pub(in crate::sessions) enum RefreshProof {
    /// A refresh token in the body.
    RefreshToken(JsonOrForm<RefreshRequest, RefreshForm>),
    /// In a dialect, a refresh token in place of an access token, without a body, as some front ends send it.
    Bearer(String),
    /// Only an access token.
    AccessToken(Caller),
}

impl FromRequest<Sessions> for RefreshProof {
    type Rejection = FormError;

    async fn from_request(request: Request, sessions: &Sessions) -> Result<Self, FormError> {
        let credential = request.headers().get(header::AUTHORIZATION);
        let alone = credential.filter(|_| request.body().is_end_stream());
        let is_spoken = request.extensions().get::<Translated>().is_some();
        let spoken = alone.filter(|_| is_spoken);
        let bearer = spoken.and_then(|text| text.to_str().ok()?.split_once(' '));
        if let Some((_, token)) = bearer.filter(|(_, token)| token.trim().starts_with(PREFIX)) {
            return Ok(Self::Bearer(token.trim().to_owned()));
        }
        if alone.is_none() || !sessions.settings.refresh_with_access_token {
            // Front ends send their access token with every request, even expired ones.
            return JsonOrForm::from_request(request, sessions).await.map(Self::RefreshToken);
        }
        let (mut parts, _) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, sessions).await;
        caller.map(Self::AccessToken).map_err(|error| SentAs::Json.failed(error))
    }
}

/// The response to a refresh.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RefreshAnswer {
    /// The session's next tokens.
    Tokens(Tokens),
    /// Another access token.
    Renewed(Renewed),
}

/// Another access token of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Renewed {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Always `bearer`.
    #[schema(value_type = String, example = "bearer")]
    pub token_type: &'static str,
    /// Seconds it lives.
    pub expires_in: i64,
    /// The signed-in user.
    pub user: User,
}

impl Sessions {
    /// Another access token for the gate's session, which does not change. It has the generation of the
    /// presented token, because this does not prove that the next one's response arrived.
    pub async fn renew(&self, gate: Gate) -> Result<Renewed, Error> {
        let found = match gate.via {
            Via::Session => store::find_own(&self.db, gate).await?,
            Via::Imported | Via::Identity | Via::Key(_) => None,
        };
        let Some(Refreshable { session, user, .. }) = found else {
            return Err(Error::InvalidToken(
                "This token does not belong to a session of this server.",
            ));
        };
        let generation = Generation { counter: gate.generation, expires_at: session.expires_at };
        let access =
            self.access_token(&session.begun, generation, &session.how, &user, gate.now).await?;
        let (access_token, expires_in) = (access.text, access.expires_in);
        Ok(Renewed { access_token, token_type: "bearer", expires_in, user })
    }
}
