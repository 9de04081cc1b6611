//! Mints the access token that the verify crate and everybody with the shared secret reads (RFC 7519,
//! RFC 9068 §2.2). It says nothing personal, and never outlives its session.

use doorward_verify::Claims;
use time::OffsetDateTime;

use super::Sessions;
use crate::error::Error;
use uuid::Uuid;

/// A signed access token and the seconds it lives.
#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) text: String,
    pub(super) expires_in: i64,
}

/// Which session and generation a token belongs to, and until when it may live at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Belonging {
    pub(super) session_id: Uuid,
    pub(super) generation: i64,
    pub(super) expires_at: OffsetDateTime,
}

impl Sessions {
    /// Signs an access token for the user.
    pub(super) async fn access_token(
        &self,
        user_id: Uuid,
        roles: Vec<String>,
        of: Belonging,
        now: OffsetDateTime,
    ) -> Result<AccessToken, Error> {
        let accounts = &self.accounts;
        let exp = (now + accounts.settings.access_token_ttl).min(of.expires_at).unix_timestamp();
        let iat = now.unix_timestamp();
        let claims = Claims {
            iss: accounts.settings.token_issuer.clone(),
            sub: user_id.to_string(),
            user_id: user_id.to_string(),
            sid: of.session_id.to_string(),
            generation: of.generation,
            jti: accounts.random.id(now).to_string(),
            iat,
            exp,
            roles,
            aud: accounts.settings.token_audience.clone(),
        };
        Ok(AccessToken { text: accounts.keys.sign(&claims).await?, expires_in: (exp - iat).max(0) })
    }
}
