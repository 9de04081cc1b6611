//! What somebody tries who wants to be in another person's account when its owner arrives from an issuer.

use doorward::config::TrustedIssuer;
use serde_json::json;

use super::first_sight::{abroad, linking, me};
use super::published_keys::Issuer;
use super::{bearer, hs256, lasting};
use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;

const PASSWORD: &str = "a password that eve knows";

both! {
    async fn who_made_an_account_in_advance_is_out_of_it_when_its_owner_arrives(engine: Engine) {
        let app = TestApp::with(engine, linking).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "support", &["users:write"]).await;
        let planted = json!({"email": "ceo@example.com", "password": PASSWORD, "email_verified": true});
        let planted = eve.post("/admin/users", planted).await.expect(201).json();
        let inside = app.anonymous().login("ceo@example.com", PASSWORD).await;
        inside.get("/auth/me").await.expect(200);
        let ceo = abroad(&app, "ceo", "ceo@example.com", true);
        assert_eq!(me(&ceo).await["id"], planted["id"]);
        ceo.post("/api/tasks", json!({"title": "buy the competitor"})).await.expect(201);
        inside.get("/api/tasks").await.expect_problem(401, "invalid_token");
        let token = inside.refresh_token.clone().expect("a token");
        app.anonymous().post("/auth/refresh", json!({"refresh_token": token})).await.expect(401);
        let again = json!({"email": "ceo@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", again).await.expect_problem(401, "invalid_credentials");
        let why: Vec<String> = sql(&app, "SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL").await;
        assert_eq!(why, ["linked"]);
        assert_eq!(app.audited(&ada, "identity.link").await.len(), 1);
        ada.get("/auth/me").await.expect(200);
        eve.get("/auth/me").await.expect(200);
        assert_eq!(me(&ceo).await["id"], planted["id"]);
    }

    async fn a_recycled_address_links_no_second_person(engine: Engine) {
        let app = TestApp::with(engine, linking).await;
        let ada = app.admin("ada").await;
        let account = json!({"email": "bob@example.com", "email_verified": true});
        let account = ada.post("/admin/users", account).await.expect(201).json();
        let old_bob = abroad(&app, "1", "bob@example.com", true);
        assert_eq!(me(&old_bob).await["id"], account["id"]);
        let new_bob = me(&abroad(&app, "2", "bob@example.com", true)).await;
        assert_ne!(new_bob["id"], account["id"]);
        assert!(new_bob["email"].is_null());
        assert_eq!(me(&old_bob).await["id"], account["id"]);
    }

    async fn an_account_that_somebody_opens_without_a_proven_address_is_linked_to_nobody(engine: Engine) {
        let app = TestApp::with(engine, linking).await;
        let ada = app.admin("ada").await;
        let claims = json!({"sub": "eve", "email": "ceo@example.com", "email_verified": true});
        let eve = bearer(&app, &hs256(&lasting(&app, claims)));
        let hers = me(&eve).await;
        assert_eq!(hers["email"], "ceo@example.com");
        let path = format!("/admin/users/{}", hers["id"].as_str().expect("an id"));
        ada.patch(&path, json!({"email_verified": true})).await.expect(200);
        let ceo = abroad(&app, "ceo", "ceo@example.com", true);
        assert_ne!(me(&ceo).await["id"], hers["id"]);
        ceo.post("/api/tasks", json!({"title": "buy the competitor"})).await.expect(201);
        assert_eq!(eve.get("/api/tasks").await.expect(200).json(), json!([]));
    }

    async fn a_person_whose_address_two_issuers_have_verified_is_one_user(engine: Engine) {
        let issuer = Issuer::start().await;
        let one = json!({"issuer": issuer.url, "audience": issuer.url, "jwks_url": format!("{}/api/auth/jwks", issuer.url)});
        let one: TrustedIssuer = serde_json::from_value(one).expect("an issuer");
        let app = TestApp::with(engine, |settings| {
            linking(settings);
            settings.trusted_issuers = vec![one];
        }).await;
        let there = me(&abroad(&app, "1", "ada@example.com", true)).await;
        let mut claims = issuer.claims(&app);
        claims["emailVerified"] = true.into();
        let here = me(&bearer(&app, &issuer.token(&claims))).await;
        assert_eq!((&here["id"], &here["email"]), (&there["id"], &json!("ada@example.com")));
    }
}
