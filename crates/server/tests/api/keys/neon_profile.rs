//! `TOKEN_PROFILE=neon`: what Neon's Data API and `pg_session_jwt` ask of a token, and that none of it means
//! anything here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::audit::Actor;
use doorward::config::{Settings, TokenProfile};
use doorward_verify::{Algorithm, Expected, Issuer, Issuers, KeySet, Verifier, key_id};
use serde_json::{Value, json};
use uuid::Uuid;

use super::pairs::published;
use crate::both;
use crate::identities::minted;
use crate::support::app::SECRET;
use crate::support::client::PASSWORD;
use crate::support::{Engine, TestApp};

fn profile(settings: &mut Settings) {
    settings.token_algorithm = Algorithm::EdDsa;
    settings.token_profile = TokenProfile::Neon;
}

async fn signing(engine: Engine, change: impl FnOnce(&mut Settings)) -> TestApp {
    let app = TestApp::with(engine, |settings| {
        profile(settings);
        change(settings);
    })
    .await;
    let made = app.app.signing_keys().create(&Actor::operator(), Algorithm::EdDsa).await;
    made.expect("a key");
    app
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

both! {
    async fn tokens_have_what_neon_asks_for(engine: Engine) {
        for audience in [None, Some("tasks".to_owned())] {
            let app = signing(engine, |settings| settings.token_audience.clone_from(&audience)).await;
            let ada = app.sign_up("ada").await;
            let token = ada.token.clone().expect("a token");
            let (header, claims) = (part(&token, 0), part(&token, 1));
            assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("JWT")));
            let keys = published(&app).await;
            assert!(keys.iter().any(|key| key["kid"] == header["kid"] && key["crv"] == "Ed25519"));
            assert_eq!(claims["role"], "authenticated");
            assert_eq!(claims.get("aud").and_then(Value::as_str), audience.as_deref());
            assert!(claims["sub"].as_str().is_some_and(|sub| Uuid::parse_str(sub).is_ok()));
            assert!(claims["exp"].is_i64() && claims["iat"].is_i64());
            // By the published keys alone, as somebody who knows nothing of Doorward checks it.
            let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200).bytes;
            let set = KeySet::from_jwks(&set).expect("a set");
            let now = app.clock.now().unix_timestamp();
            let asked = Expected::default().issuer("doorward").audience(audience.clone());
            assert_eq!(asked.verify(&set, &token, now).expect("valid")["role"], "authenticated");
            // And by our own library, which has to be told the type.
            let verifier = Verifier::new(set.clone(), "doorward", audience.as_deref()).typed("JWT");
            verifier.verify(&token, now).expect("valid");
            let mut issuer = Issuer::doorward("doorward", set).typed("JWT");
            if let Some(audience) = &audience {
                issuer = issuer.audience(audience);
            }
            let known = Issuers::new([issuer]).verify(&token, now).await.expect("valid");
            assert_eq!(known.roles, ["user"]);
            ada.get("/auth/me").await.expect(200);
        }
    }

    async fn the_role_for_the_database_is_none_here(engine: Engine) {
        let app = signing(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["roles"], json!(["user"]));
        ada.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        // Not even where it names one of ours, in a token that this server's secret signed.
        let mut claims = part(ada.token.as_deref().expect("a token"), 1);
        let header = json!({"alg": "HS256", "kid": key_id(SECRET.as_bytes()), "typ": "JWT"});
        for (name, value) in [("role", json!("admin")), ("roles", json!(["admin"]))] {
            claims[name] = value;
            let other = ada.with_token(&minted(SECRET, &header, &claims));
            assert_eq!(other.get("/auth/me").await.expect(200).json()["roles"], json!(["user"]));
            other.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        }
        // Nor does a role of ours get into the claim.
        app.operator_grants(&ada, "admin").await;
        let ada = app.anonymous().login("ada@example.com", PASSWORD).await;
        assert_eq!(part(ada.token.as_deref().expect("a token"), 1)["role"], "authenticated");
        ada.get("/admin/users").await.expect(200);
    }

    async fn without_the_profile_there_is_no_such_claim(engine: Engine) {
        let app = signing(engine, |settings| settings.token_profile = TokenProfile::Doorward).await;
        let ada = app.sign_up("ada").await;
        assert!(part(ada.token.as_deref().expect("a token"), 1).get("role").is_none());
    }

    async fn a_token_of_the_other_type_is_explained(engine: Engine) {
        let audience = Some("tasks".to_owned());
        let app = signing(engine, |settings| settings.token_audience.clone_from(&audience)).await;
        let ada = app.sign_up("ada").await;
        let claims = part(ada.token.as_deref().expect("a token"), 1);
        let header = json!({"alg": "HS256", "kid": key_id(SECRET.as_bytes()), "typ": "at+jwt"});
        let token = minted(SECRET, &header, &claims);
        ada.with_token(&token).get("/auth/me").await.expect_problem(401, "invalid_token");
        let failing = app.app.sessions().examine(&token).await.failing;
        assert_eq!(failing.as_deref(), Some(r#"typ: it is "at+jwt", and TOKEN_PROFILE=neon makes JWT"#));
    }
}
