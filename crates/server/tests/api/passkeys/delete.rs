//! `DELETE /auth/passkeys/{id}`.

use std::time::Duration;

use serde_json::json;

use super::with_passkeys;
use crate::both;
use crate::support::authenticator::Authenticator;
use crate::support::client::PASSWORD;

both! {
    async fn a_removed_passkey_signs_nobody_in_and_the_others_still_do(engine: Engine) {
        let app = with_passkeys(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let (mut lost, mut kept) = (Authenticator::synced(), Authenticator::security_key());
        let made = lost.add_to(&ada, "Phone").await;
        kept.add_to(&ada, "Key").await;
        let path = format!("/auth/passkeys/{}", made["id"].as_str().unwrap());
        ada.delete(&path).await.expect(204);
        lost.sign_in(&app.anonymous()).await.expect_problem(401, "invalid_credentials");
        kept.sign_in(&app.anonymous()).await.expect(200);
        ada.delete(&path).await.expect_problem(404, "not_found");
        assert_eq!(ada.get("/auth/passkeys").await.json().as_array().unwrap().len(), 1);
        assert_eq!(app.audited(&root, "passkey.remove").await[0]["detail"], made["id"]);
        // It may be added again.
        lost.add_to(&ada, "Phone").await;
        lost.sign_in(&app.anonymous()).await.expect(200);
    }

    /// Who has the password and a session from before the passkey would else be rid of it.
    async fn a_session_that_the_password_alone_began_removes_none(engine: Engine) {
        let app = with_passkeys(engine).await;
        let thief = app.sign_up("ada").await;
        let ada = app.anonymous().login("ada@example.com", PASSWORD).await;
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        let path = format!("/auth/passkeys/{}", made["id"].as_str().unwrap());
        thief.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        let body = json!({"password": PASSWORD});
        thief.post("/auth/reauthenticate", body).await.expect(401);
        thief.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        ada.delete(&path).await.expect(204);
    }

    async fn nobody_removes_another_s_and_a_stolen_token_none(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let mut one = Authenticator::synced();
        let made = one.add_to(&ada, "Phone").await;
        let path = format!("/auth/passkeys/{}", made["id"].as_str().unwrap());
        eve.delete(&path).await.expect_problem(404, "not_found");
        app.anonymous().delete(&path).await.expect_problem(401, "not_authenticated");
        ada.delete("/auth/passkeys/none").await.expect_problem(422, "validation");
        app.advance(Duration::from_mins(16));
        ada.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        let tokens = one.sign_in(&app.anonymous()).await.expect(200).json();
        // A sign-in by the passkey itself is as recent as any.
        let again = ada.with_token(tokens["access_token"].as_str().unwrap());
        again.delete(&path).await.expect(204);
    }
}
