//! `PATCH /auth/passkeys/{id}`.

use serde_json::json;

use super::with_passkeys;
use crate::both;
use crate::support::authenticator::Authenticator;

both! {
    async fn a_passkey_gets_another_name_from_its_owner_alone(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        let path = format!("/auth/passkeys/{}", made["id"].as_str().unwrap());
        let renamed = ada.patch(&path, json!({"name": " Old phone "})).await.expect(200).json();
        assert_eq!(renamed["name"], "Old phone");
        assert_eq!(renamed["created_at"], made["created_at"]);
        eve.patch(&path, json!({"name": "Mine"})).await.expect_problem(404, "not_found");
        for name in [json!(null), json!(""), json!("  "), json!(7), json!("a\u{7}b"), json!("x".repeat(101))] {
            ada.patch(&path, json!({"name": name})).await.expect_problem(422, "validation");
        }
        ada.patch(&path, json!({})).await.expect_problem(422, "validation");
        assert_eq!(ada.get("/auth/passkeys").await.json()[0]["name"], "Old phone");
        ada.patch("/auth/passkeys/none", json!({"name": "A"})).await.expect_problem(422, "validation");
    }
}
