//! Mints the access token that the verify crate and everybody with the shared secret reads (RFC 7519,
//! RFC 9068 §2.2). It says nothing personal, and never outlives its session.

use doorward_verify::Claims;
use time::OffsetDateTime;

use crate::error::Error;
use crate::sessions::session::Generation;
use crate::sessions::{Beginning, Sessions};

/// A signed access token and the seconds it lives.
#[derive(Debug)]
pub(in crate::sessions) struct AccessToken {
    pub(in crate::sessions) text: String,
    pub(in crate::sessions) expires_in: i64,
}

impl Sessions {
    /// Signs an access token for the session's user; it lives no longer than the generation.
    pub(in crate::sessions) async fn access_token(
        &self,
        begun: &Beginning,
        generation: Generation,
        roles: Vec<String>,
        now: OffsetDateTime,
    ) -> Result<AccessToken, Error> {
        let exp =
            (now + self.settings.access_token_ttl).min(generation.expires_at).unix_timestamp();
        let iat = now.unix_timestamp();
        let mut claims = Claims::default();
        claims.iss.clone_from(&self.settings.token_issuer);
        claims.sub = begun.user_id.to_string();
        claims.user_id = begun.user_id.to_string();
        claims.sid = begun.id.to_string();
        claims.generation = generation.counter;
        claims.jti = self.random.id(now).to_string();
        claims.iat = iat;
        claims.exp = exp;
        claims.roles = roles;
        claims.aud.clone_from(&self.settings.token_audience);
        Ok(AccessToken { text: self.keys.sign(&claims).await?, expires_in: (exp - iat).max(0) })
    }
}
