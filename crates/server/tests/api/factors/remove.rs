//! `DELETE /auth/mfa/{id}`.

use std::time::Duration;

use serde_json::json;

use super::{add_phone, first_step, with_tokens};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn removing_the_last_one_takes_the_codes_along_and_one_step_signs_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect(204);
        let none = json!({"factors": [], "recovery_codes_left": 0});
        assert_eq!(ada.get("/auth/mfa").await.expect(200).json(), none);
        first_step(&app, "ada").await.expect(200);
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect_problem(404, "not_found");
    }

    async fn a_stolen_token_of_an_old_sign_in_removes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let path = format!("/auth/mfa/{}", phone.id);
        app.advance(Duration::from_mins(10));
        let reply = ada.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        let challenge =
            "Bearer error=\"insufficient_user_authentication\", max_age=600, acr_values=\"aal2\"";
        assert_eq!(reply.header("www-authenticate"), challenge);
        // Nor does the password alone, which a thief may have too.
        let reply = ada.post("/auth/reauthenticate", json!({"password": PASSWORD})).await;
        let reply = reply.expect_problem(401, "insufficient_user_authentication");
        assert_eq!(reply.header("www-authenticate"), challenge);
        ada.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        let tokens = ada.post("/auth/reauthenticate", json!({"code": phone.code(&app)})).await.expect(200);
        with_tokens(&ada, &tokens.json()).delete(&path).await.expect(204);
    }

    async fn another_user_s_factor_is_not_there(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let (phone, ada, _) = add_phone(&app, &ada).await;
        eve.delete(&format!("/auth/mfa/{}", phone.id)).await.expect_problem(404, "not_found");
        assert_eq!(ada.get("/auth/mfa").await.json()["factors"].as_array().unwrap().len(), 1);
    }

    async fn where_one_is_needed_the_last_one_stays(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.mfa_roles = vec!["user".into()]).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let waiting = app.anonymous().with_token(&crate::factors::mfa_token(&app, "ada").await);
        let (one, ada, _) = add_phone(&app, &waiting).await;
        let (two, ada, _) = add_phone(&app, &ada).await;
        ada.delete(&format!("/auth/mfa/{}", one.id)).await.expect(204);
        ada.delete(&format!("/auth/mfa/{}", two.id)).await.expect_problem(409, "factor_needed");
    }
}
