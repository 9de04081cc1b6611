//! Secrets of authenticator apps after a change of the server's secret.

use doorward::config::Secret;
use doorward::config::Settings;

use super::{add_phone, mfa_token, sealed_secrets, second_step};
use crate::both;
use crate::support::TestApp;
use crate::support::app::SECRET;

const NEXT: &str = "the next secret, of more than thirty-two bytes";

fn rotated(settings: &mut Settings) {
    settings.secret = Secret::new(NEXT);
    settings.previous_secrets = vec![Secret::new(SECRET)];
}

fn next_alone(settings: &mut Settings) {
    settings.secret = Secret::new(NEXT);
}

both! {
    async fn using_one_seals_it_with_the_new_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let before = sealed_secrets(&app).await;
        let rotated = TestApp::over(&app.url, app.clock.clone(), 2, rotated).await;
        let token = mfa_token(&rotated, "ada").await;
        second_step(&rotated, &token, &phone.code(&app)).await.expect(200);
        assert_ne!(sealed_secrets(&app).await, before);
        let next = TestApp::over(&app.url, app.clock.clone(), 3, next_alone).await;
        app.advance(std::time::Duration::from_mins(1));
        let token = mfa_token(&next, "ada").await;
        second_step(&next, &token, &phone.code(&app)).await.expect(200);
    }

    async fn an_operator_seals_all_of_them_anew_before_the_old_secret_goes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let (phone, ..) = add_phone(&app, &ada).await;
        add_phone(&app, &eve).await;
        let rotated = TestApp::over(&app.url, app.clock.clone(), 2, rotated).await;
        assert_eq!(rotated.app.factors().reseal().await.unwrap(), 2);
        assert_eq!(rotated.app.factors().reseal().await.unwrap(), 0, "each once");
        let next = TestApp::over(&app.url, app.clock.clone(), 3, next_alone).await;
        let token = mfa_token(&next, "ada").await;
        second_step(&next, &token, &phone.code(&app)).await.expect(200);
    }

    async fn one_sealed_with_an_unknown_secret_opens_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let next = TestApp::over(&app.url, app.clock.clone(), 3, next_alone).await;
        let token = mfa_token(&next, "ada").await;
        second_step(&next, &token, &phone.code(&app)).await.expect_problem(403, "wrong_code");
    }
}
