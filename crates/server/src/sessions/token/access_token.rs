//! Issues the access tokens that the verify crate and other services verify (RFC 7519, RFC 9068 §2.2). They
//! contain no personal data, and never outlive their session.

use doorward_verify::Claims;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::config::UnverifiedEmail;
use crate::error::Error;
use crate::factors::{Authentication, Method};
use crate::metadata::{MetadataObject, TOKEN_FIELD_BYTES};
use crate::sessions::session::Generation;
use crate::sessions::{Beginning, Sessions};
use crate::user::User;

/// A signed access token and its lifetime in seconds.
#[derive(Debug)]
pub(in crate::sessions) struct AccessToken {
    pub(in crate::sessions) text: String,
    pub(in crate::sessions) expires_in: i64,
}

impl Sessions {
    /// Signs an access token for the session's user, with a lifetime limited by the generation.
    pub(in crate::sessions) async fn access_token(
        &self,
        begun: &Beginning,
        generation: Generation,
        how: &Authentication,
        user: &User,
        now: OffsetDateTime,
    ) -> Result<AccessToken, Error> {
        // No token with one factor is issued where two are required by now. A trusted device has used the
        // second one before, and its tokens say that it is trusted.
        let trusted =
            self.settings.trusted_devices.is_some() && how.methods.has(Method::TrustedDevice);
        let enough = trusted || how.methods.are_two_factors();
        if !enough && self.settings.requires_factor(&user.roles) {
            return Err(Error::StaleSignIn {
                max_age: self.settings.step_up_age.as_secs(),
                factor: true,
            });
        }
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
        claims.roles.clone_from(&user.roles);
        claims.app_metadata = self.token_fields(&user.app_metadata);
        claims.amr = how.methods.amr();
        claims.acr = Some(how.methods.acr().into());
        claims.auth_time = Some(how.at.unix_timestamp());
        if self.settings.unverified_email == UnverifiedEmail::Named {
            claims.email_verified = Some(user.email_verified);
        }
        claims.aud.clone_from(&self.settings.token_audience);
        Ok(AccessToken { text: self.keys.sign(&claims).await?, expires_in: (exp - iat).max(0) })
    }

    /// The fields of `app_metadata` for tokens. A field that has grown too long by merges is omitted, like a
    /// missing one.
    fn token_fields(&self, fields: &MetadataObject) -> Option<Map<String, Value>> {
        let names = &self.settings.token_app_metadata;
        if names.is_empty() || fields.is_empty() {
            return None;
        }
        let mut all: Map<String, Value> = serde_json::from_str(fields.as_text()).ok()?;
        all.retain(|name, value| {
            let is_wanted = names.binary_search(name).is_ok();
            let fits = is_wanted && value.to_string().len() <= TOKEN_FIELD_BYTES;
            if is_wanted && !fits {
                tracing::warn!(%name, "a field of app_metadata is too long for access tokens");
            }
            fits
        });
        Some(all).filter(|fields| !fields.is_empty())
    }
}
