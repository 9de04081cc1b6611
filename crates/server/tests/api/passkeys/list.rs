//! `GET /auth/passkeys`.

use std::time::Duration;

use serde_json::{Value, json};

use super::with_passkeys;
use crate::both;
use crate::support::authenticator::Authenticator;

both! {
    async fn a_user_sees_their_own_and_when_each_was_used(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let (mut phone, mut key) = (Authenticator::synced(), Authenticator::security_key());
        phone.add_to(&ada, "Phone").await;
        app.advance(Duration::from_secs(10));
        key.add_to(&ada, "Key").await;
        Authenticator::synced().add_to(&eve, "Eve's").await;
        app.advance(Duration::from_secs(50));
        key.sign_in(&app.anonymous()).await.expect(200);
        let listed = ada.get("/auth/passkeys").await.expect(200).json();
        let of = |name: &str| -> Vec<Value> {
            listed.as_array().unwrap().iter().map(|one| one[name].clone()).collect()
        };
        assert_eq!(of("name"), ["Phone", "Key"]);
        assert_eq!(of("backed_up"), [true, false]);
        assert_eq!(of("last_used_at"), [Value::Null, json!("2026-11-20T12:01:00Z")]);
        assert_eq!(eve.get("/auth/passkeys").await.json().as_array().unwrap().len(), 1);
        app.anonymous().get("/auth/passkeys").await.expect_problem(401, "not_authenticated");
    }

    async fn an_export_holds_them_without_their_keys(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        Authenticator::synced().add_to(&ada, "Phone").await;
        let export = ada.get("/auth/me/export").await.expect(200);
        let listed = ada.get("/auth/passkeys").await.expect(200).json();
        assert_eq!(export.json()["passkeys"], listed);
        assert!(!export.text().contains("SECP256R1"));
    }
}
