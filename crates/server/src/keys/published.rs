//! `GET /.well-known/jwks.json` (RFC 7517 §5) and `GET /.well-known/oauth-authorization-server` (RFC 8414):
//! what other services need to verify tokens. Public keys only; the shared secret is never published, so
//! without key pairs the set is empty.

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Keys;
use super::signing_key::PUBLISH_AGAIN;
use crate::error::Error;
use crate::http::{Json, json};

/// The published keys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublishedKeys {
    /// JSON web keys, public members only, each with `kid`, `alg` and `use`.
    keys: Vec<Value>,
}

/// The public keys
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "keys.published", tag = "keys",
    responses((status = 200, description = "The public keys that verify tokens", body = PublishedKeys)))]
pub(super) async fn jwks(State(keys): State<Keys>) -> Result<Json<PublishedKeys>, Error> {
    keys.published().await
}

/// The public keys, at Better Auth's path
#[utoipa::path(get, path = "/jwks", operation_id = "keys.published_alias", tag = "keys",
    responses((status = 200, description = "The public keys that verify tokens", body = PublishedKeys)))]
pub(super) async fn jwks_alias(State(keys): State<Keys>) -> Result<Json<PublishedKeys>, Error> {
    keys.published().await
}

impl Keys {
    async fn published(&self) -> Result<Json<PublishedKeys>, Error> {
        let ring = self.ring().fresh(PUBLISH_AGAIN).await?;
        let keys = ring.keys.iter().filter_map(|key| serde_json::from_str(&key.public_jwk).ok());
        let keys = PublishedKeys { keys: keys.collect() };
        Ok(json(keys))
    }
}

/// The metadata of the authorization server (RFC 8414 §2).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Metadata {
    /// The `iss` of its tokens.
    issuer: String,
    /// The URL of the JWK set.
    jwks_uri: String,
    /// Where refresh tokens are exchanged.
    token_endpoint: String,
    /// The token introspection endpoint (RFC 7662).
    introspection_endpoint: String,
    /// The token revocation endpoint (RFC 7009).
    revocation_endpoint: String,
    /// None: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// `refresh_token` only: the password form is for your own front end (RFC 9700 §2.4).
    grant_types_supported: Vec<String>,
    /// None: clients are public.
    token_endpoint_auth_methods_supported: Vec<String>,
    /// An access token with the permission `tokens:introspect`.
    introspection_endpoint_auth_methods_supported: Vec<String>,
    /// None: whoever has the token may revoke it.
    revocation_endpoint_auth_methods_supported: Vec<String>,
}

/// Authorization server metadata
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", operation_id = "keys.metadata",
    tag = "keys",
    responses((status = 200, description = "RFC 8414 metadata", body = Metadata)))]
pub(super) async fn metadata(State(keys): State<Keys>) -> Json<Metadata> {
    json(keys.metadata())
}

impl Keys {
    fn metadata(&self) -> Metadata {
        let settings = &self.ring().settings;
        let listening = || format!("http://{}:{}", settings.host, settings.port);
        let base = settings.public_url.clone().unwrap_or_else(listening);
        let base = base.trim_end_matches('/');
        let auth = format!("{base}{}", settings.auth_path);
        let one = |text: &str| vec![text.to_owned()];
        Metadata {
            issuer: settings.token_issuer.clone(),
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            token_endpoint: format!("{auth}/refresh"),
            introspection_endpoint: format!("{auth}/introspect"),
            revocation_endpoint: format!("{auth}/revoke"),
            response_types_supported: Vec::new(),
            grant_types_supported: one("refresh_token"),
            token_endpoint_auth_methods_supported: one("none"),
            introspection_endpoint_auth_methods_supported: one("Bearer"),
            revocation_endpoint_auth_methods_supported: one("none"),
        }
    }
}
