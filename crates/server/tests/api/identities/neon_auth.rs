//! Neon Auth (`NEON_AUTH_URL`): its JWTs by the keys below its address, its roles and organisations for itself.

use doorward::config::Settings;
use serde_json::{Value, json};

use super::published_keys::Issuer;
use super::{bearer, hs256, lasting, minted, refused, sharing, unsigned, users};
use crate::both;
use crate::support::app::SECRET;
use crate::support::{Engine, TestApp};

const AUTH: &str = "/neondb/auth";

async fn service() -> Issuer {
    Issuer::start_at(&format!("{AUTH}/.well-known/jwks.json")).await
}

async fn trusted(issuer: &Issuer, engine: Engine, change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::with(engine, |settings| {
        settings.neon_auth_url = Some(format!("{}{AUTH}", issuer.url));
        change(settings);
    })
    .await
}

/// As its plugin makes them: the user, and what Neon adds.
fn claims(app: &TestApp, issuer: &Issuer) -> Value {
    let id = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
    lasting(
        app,
        json!({"id": id, "sub": id, "email": "ada@example.com", "emailVerified": true, "name": "Ada",
            "image": null, "banned": false, "iss": issuer.url, "aud": issuer.url, "iat": 1_795_197_305,
            "role": "authenticated",
            "o": {"id": "0c4fc964-8b86-4011-b42d-6f9619ff0000", "slug": "acme", "role": "owner"}}),
    )
}

both! {
    async fn its_token_opens_a_user_without_a_role_of_ours(engine: Engine) {
        let issuer = service().await;
        let app = trusted(&issuer, engine, |_| {}).await;
        let ada = bearer(&app, &issuer.token(&claims(&app, &issuer)));
        let user = ada.get("/auth/me").await.expect(200).json();
        assert_eq!((&user["email"], &user["roles"]), (&json!("ada@example.com"), &json!(["user"])));
        ada.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        assert_eq!((issuer.asked(), users(&app).await), (1, 1));
        // Nor do other names for it, which are the issuer's to give.
        for (name, value) in [
            ("role", json!("admin")),
            ("roles", json!(["admin"])),
            ("permissions", json!(["*"])),
            ("o", json!({"id": "1", "slug": "acme", "role": "admin"})),
        ] {
            let mut claims = claims(&app, &issuer);
            claims[name] = value;
            let ada = bearer(&app, &issuer.token(&claims));
            ada.get("/admin/users").await.expect_problem(403, "insufficient_scope");
            assert_eq!(ada.get("/auth/me").await.expect(200).json(), user, "{name}");
        }
    }

    async fn what_is_not_its_own_is_refused(engine: Engine) {
        let (issuer, stranger) = (service().await, service().await);
        let app = trusted(&issuer, engine, sharing).await;
        let good = claims(&app, &issuer);
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            issuer.token(&claims)
        };
        let address = format!("{}{AUTH}", issuer.url);
        for (what, token) in [
            ("another key of that name", stranger.token(&good)),
            ("another service", stranger.token(&claims(&app, &stranger))),
            ("its address as issuer", with("iss", json!(address))),
            ("its address as audience", with("aud", json!(address))),
            ("no audience", with("aud", Value::Null)),
            ("another audience", with("aud", json!("https://other.example"))),
            ("an issuer that begins alike", with("iss", json!(format!("{}.evil.example", issuer.url)))),
            ("expired", with("exp", json!(app.clock.now().unix_timestamp() - 31))),
            ("for ever", with("exp", Value::Null)),
            ("bound to a key", with("cnf", json!({"jkt": "x"}))),
            ("for refreshing", with("token_use", json!("refresh"))),
            ("no subject", with("sub", Value::Null)),
            ("the shared secret", hs256(&good)),
            ("the shared secret by its key's name",
                minted(SECRET, &json!({"alg": "HS256", "kid": "O5a29"}), &good)),
            ("none", format!("{}.", unsigned(&json!({"alg": "none", "kid": "O5a29"}), &good))),
            ("no key named", issuer.signed(&json!({"alg": "EdDSA"}), &good)),
            ("keys of its own", issuer.signed(
                &json!({"alg": "EdDSA", "kid": "x", "jku": format!("{}/keys", stranger.url)}), &good)),
        ] {
            refused(&app, what, &token).await;
        }
        assert_eq!((users(&app).await, stranger.asked()), (0, 0));
        bearer(&app, &issuer.token(&good)).get("/auth/me").await.expect(200);
    }

    async fn inspecting_shows_the_organisation_and_whose_role_it_is(engine: Engine) {
        let issuer = service().await;
        let app = trusted(&issuer, engine, |_| {}).await;
        let token = issuer.token(&claims(&app, &issuer));
        let examined = app.app.sessions().examine(&token).await;
        assert_eq!(examined.failing, None);
        assert_eq!(examined.issuer, Some(format!("{} (NEON_AUTH_URL)", issuer.url)));
        let key = format!("the key O5a29 that {}{AUTH}/.well-known/jwks.json publishes", issuer.url);
        assert_eq!(examined.key, Some(key));
        let notes = examined.notes.join("\n");
        assert!(notes.contains("organisation at Neon Auth (o): slug acme, id 0c4fc964-8b86"), "{notes}");
        assert!(notes.contains("role owner; it does not grant a role here"), "{notes}");
        assert!(notes.contains(r#"role "authenticated" is for Neon's database"#), "{notes}");
    }
}
