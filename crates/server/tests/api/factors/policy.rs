//! Who needs a second factor.

use serde_json::json;

use super::{add_phone, claims, first_step, mfa_token, required, second_step};
use crate::accounts::grant_admin;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn whoever_added_none_signs_in_in_one_step(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let tokens = first_step(&app, "ada").await.expect(200).json();
        assert_eq!(claims(&tokens["access_token"])["acr"], "aal1");
    }

    async fn chosen_roles_need_one_and_others_do_not(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.mfa_roles = vec!["admin".into()]).await;
        app.sign_up("ada").await;
        app.sign_up("eve").await;
        grant_admin(&app, "ada@example.com").await;
        let asked = first_step(&app, "ada").await.expect_problem(403, "mfa_required").json();
        assert_eq!(asked["enrol"], json!(["totp"]));
        first_step(&app, "eve").await.expect(200);
        let waiting = app.anonymous().with_token(asked["mfa_token"].as_str().unwrap());
        let (_, ada, _) = add_phone(&app, &waiting).await;
        ada.get("/admin/users").await.expect(200);
    }

    async fn a_role_given_to_somebody_signed_in_counts_at_the_next_refresh(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.mfa_roles = vec!["admin".into()]).await;
        let ada = app.sign_up("ada").await;
        grant_admin(&app, "ada@example.com").await;
        let reply = ada.post("/auth/refresh", json!({"refresh_token": ada.refresh_token})).await;
        reply.expect_problem(401, "insufficient_user_authentication");
    }

    async fn where_everybody_needs_one_a_factor_signs_in(engine: Engine) {
        let app = TestApp::with(engine, required).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let waiting = app.anonymous().with_token(&mfa_token(&app, "ada").await);
        let (phone, ..) = add_phone(&app, &waiting).await;
        let asked = first_step(&app, "ada").await.expect_problem(403, "mfa_required").json();
        assert_eq!(asked["methods"], json!(["recovery_code", "totp"]));
        let token = asked["mfa_token"].as_str().unwrap();
        second_step(&app, token, &phone.code(&app)).await.expect(200);
    }

    async fn turned_off_nobody_is_asked(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        add_phone(&app, &ada).await;
        let off = TestApp::over(&app.url, app.clock.clone(), 5, |settings| {
            settings.mfa = doorward::config::MfaPolicy::Off;
            settings.mfa_roles = vec!["user".into()];
        }).await;
        first_step(&off, "ada").await.expect(200);
    }
}
