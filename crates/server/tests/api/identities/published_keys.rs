//! Better Auth's JWT plugin: Ed25519 by the keys it publishes, `iss` and `aud` its address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{bearer, lasting, minted, refused, sharing, unsigned, users};
use crate::both;
use crate::support::app::SECRET;
use crate::support::{Engine, TestApp};

/// A Better Auth server that publishes one key and counts who asks.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pair: Ed25519KeyPair,
    asked: Arc<AtomicUsize>,
    served: tokio::task::JoinHandle<()>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        Self::start_at("/api/auth/jwks").await
    }

    /// One that publishes it at this path.
    pub(crate) async fn start_at(path: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let key = json!({"alg": "EdDSA", "crv": "Ed25519", "x": x, "kty": "OKP", "kid": "O5a29"});
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let keys = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let body = json!({"keys": [key]}).to_string();
            async move { body }
        };
        let router = axum::Router::new().route(path, get(keys));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, pair, asked, served }
    }

    pub(crate) async fn trusted(&self, engine: Engine) -> TestApp {
        TestApp::with(engine, |settings| {
            sharing(settings);
            settings.better_auth_url = Some(self.url.clone());
        })
        .await
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn claims(&self, app: &TestApp) -> Value {
        lasting(
            app,
            json!({"id": "u1", "sub": "u1", "email": "ada@example.com", "emailVerified": false,
                "name": "Ada", "image": null, "iss": self.url, "aud": self.url, "iat": 1_795_197_305}),
        )
    }

    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.signed(&json!({"alg": "EdDSA", "kid": "O5a29"}), claims)
    }
}

both! {
    async fn its_tokens_open_one_user_and_its_keys_are_fetched_once(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = issuer.trusted(engine).await;
        let ada = bearer(&app, &issuer.token(&issuer.claims(&app)));
        let user = ada.get("/auth/me").await.expect(200).json();
        assert_eq!((&user["email"], &user["name"]), (&json!("ada@example.com"), &json!("Ada")));
        let made = ada.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        ada.get(made.header("location")).await.expect(200);
        assert_eq!(issuer.asked(), 1);
        assert_eq!(users(&app).await, 1);
        app.advance(Duration::from_secs(90));
        ada.get("/auth/me").await.expect_problem(401, "token_expired");
    }

    async fn other_issuers_count_with_an_audience_of_their_own(engine: Engine) {
        let (issuer, other) = (Issuer::start().await, Issuer::start().await);
        let app = TestApp::with(engine, |settings| {
            settings.better_auth_url = Some(issuer.url.clone());
            let keys = format!("{}/api/auth/jwks", other.url);
            let listed = json!([{"issuer": other.url, "audience": "tasks", "jwks_url": keys}]);
            settings.trusted_issuers = serde_json::from_value(listed).unwrap();
        }).await;
        let mut claims = other.claims(&app);
        refused(&app, "its own address as audience", &other.token(&claims)).await;
        claims["aud"] = json!(["tasks", "more"]);
        refused(&app, "another's key", &issuer.token(&claims)).await;
        let abroad = bearer(&app, &other.token(&claims)).get("/auth/me").await.expect(200).json();
        let ada = bearer(&app, &issuer.token(&issuer.claims(&app)));
        let ada = ada.get("/auth/me").await.expect(200).json();
        assert_ne!(abroad["id"], ada["id"], "one subject, two issuers");
    }

    async fn forged_and_strayed_tokens_are_refused_without_a_fetch_each(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = issuer.trusted(engine).await;
        let good = issuer.claims(&app);
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            issuer.token(&claims)
        };
        let public = issuer.pair.public_key().as_ref().to_vec();
        let confused = String::from_utf8_lossy(&public).into_owned();
        let kid = json!({"alg": "HS256", "kid": "O5a29"});
        let eve = Ed25519KeyPair::generate().unwrap();
        let forged = unsigned(&json!({"alg": "EdDSA", "kid": "O5a29"}), &good);
        let forged = format!("{forged}.{}", URL_SAFE_NO_PAD.encode(eve.sign(forged.as_bytes())));
        for (what, token) in [
            ("another key", forged),
            ("the secret", minted(SECRET, &kid, &good)),
            ("the public key as secret", minted(&confused, &kid, &good)),
            ("the secret without kid", minted(SECRET, &json!({"alg": "HS256"}), &good)),
            ("alg none", format!("{}.", unsigned(&json!({"alg": "none", "kid": "O5a29"}), &good))),
            ("RS256", issuer.signed(&json!({"alg": "RS256", "kid": "O5a29"}), &good)),
            ("no kid", issuer.signed(&json!({"alg": "EdDSA"}), &good)),
            ("another kid", issuer.signed(&json!({"alg": "EdDSA", "kid": "x"}), &good)),
            ("crit", issuer.signed(&json!({"alg": "EdDSA", "kid": "O5a29", "crit": ["b64"], "b64": false}), &good)),
            ("another audience", with("aud", json!("https://evil.example"))),
            ("no audience", with("aud", Value::Null)),
            ("another issuer", with("iss", json!("https://evil.example"))),
            ("our issuer", with("iss", json!("doorward"))),
            ("no issuer", with("iss", Value::Null)),
            ("no exp", with("exp", Value::Null)),
            ("exp as text", with("exp", json!("9999999999"))),
            ("no subject", with("sub", Value::Null)),
            ("a number as subject", with("sub", json!(1))),
            ("a subject with NUL", with("sub", json!("u\u{0}1"))),
            ("a long subject", with("sub", json!("u".repeat(300)))),
        ] {
            refused(&app, what, &token).await;
        }
        // One fetch for the first token; the invented `kid` came within the cool-down.
        assert_eq!(issuer.asked(), 1);
    }

    async fn a_header_never_causes_a_fetch(engine: Engine) {
        let (issuer, bait) = (Issuer::start().await, Issuer::start().await);
        let app = issuer.trusted(engine).await;
        let keys = format!("{}/api/auth/jwks", bait.url);
        let x = URL_SAFE_NO_PAD.encode(bait.pair.public_key());
        let jwk = json!({"crv": "Ed25519", "x": x, "kty": "OKP", "kid": "O5a29"});
        for (name, value) in [("jku", json!(keys)), ("x5u", json!(keys)), ("jwk", jwk), ("kid", json!(keys))] {
            let mut header = json!({"alg": "EdDSA", "kid": "O5a29"});
            header[name] = value;
            refused(&app, name, &bait.signed(&header, &issuer.claims(&app))).await;
            refused(&app, name, &bait.signed(&header, &bait.claims(&app))).await;
        }
        assert_eq!(bait.asked(), 0);
    }

    async fn while_it_is_away_known_keys_serve_and_unknown_ones_are_503(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = issuer.trusted(engine).await;
        let before = TestApp::over(&app.url, app.clock.clone(), 9, |settings| {
            settings.better_auth_url = Some(issuer.url.clone());
        }).await;
        let token = issuer.token(&issuer.claims(&app));
        bearer(&app, &token).get("/api/tasks").await.expect(200);
        issuer.served.abort();
        let _ = issuer.served.await;
        app.advance(Duration::from_secs(59));
        bearer(&app, &token).get("/api/tasks").await.expect(200);
        let reply = bearer(&before, &token).get("/api/tasks").await;
        assert_eq!(reply.expect_problem(503, "unavailable").header("retry-after"), "1");
    }
}
