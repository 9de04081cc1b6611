//! People whom another issuer vouches for, mirroring `src/identities/`.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::config::Settings;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::{run, sql};
use crate::support::app::SECRET;
use crate::support::{Client, TestApp};

mod better_auth_session;
mod cookie;
mod cookie_cache;
mod examined;
pub(crate) mod first_sight;
mod linked;
mod neon_auth;
pub(crate) mod published_keys;
mod shared_secret;

/// The Better Auth server these tests trust.
pub(crate) const BETTER_AUTH: &str = "https://app.example.test";

/// Trusts it.
pub(crate) fn trusting(settings: &mut Settings) {
    settings.better_auth_url = Some(BETTER_AUTH.into());
}

/// Accepts what others make with the secret.
pub(crate) fn sharing(settings: &mut Settings) {
    settings.accept_shared_secret_tokens = true;
}

/// How many users there are.
pub(crate) async fn users(app: &TestApp) -> i64 {
    sql(app, "SELECT count(*) FROM users").await[0]
}

/// Disables an account behind the server's back.
pub(crate) async fn disable(app: &TestApp, id: Uuid) {
    const DISABLE: Sql = statement!("DISABLE", "UPDATE users SET is_active = FALSE WHERE id = :id");
    run::<()>(app, step!(DISABLE { id })).await;
}

/// Header and payload of a token, encoded.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// An HS256 token with any header.
pub(crate) fn minted(secret: &str, header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}

/// As PyJWT makes one with the shared secret.
pub(crate) fn hs256(claims: &Value) -> String {
    minted(SECRET, &json!({"alg": "HS256", "typ": "JWT"}), claims)
}

/// The claims with `exp` in a minute.
pub(crate) fn lasting(app: &TestApp, mut claims: Value) -> Value {
    claims["exp"] = (app.clock.now().unix_timestamp() + 60).into();
    claims
}

/// Somebody who sends this token.
pub(crate) fn bearer(app: &TestApp, token: &str) -> Client {
    app.anonymous().with_token(token)
}

/// Asserts that the token is refused as RFC 6750 says, on reading and writing, and made nobody.
pub(crate) async fn refused(app: &TestApp, what: &str, token: &str) {
    let before = users(app).await;
    let client = bearer(app, token);
    for reply in [
        client.get("/api/tasks").await,
        client.post("/api/tasks", json!({"title": "x"})).await,
        client.post("/api/tasks", json!({"title": 7})).await,
    ] {
        assert_eq!(reply.status, 401, "{what}: {}", reply.text());
        let challenge = reply.header("www-authenticate");
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{what}: {challenge}");
    }
    assert_eq!(users(app).await, before, "{what}");
}
