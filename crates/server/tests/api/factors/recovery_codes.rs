//! `POST /auth/mfa/recovery-codes`, and what the codes open.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add_phone, claims, mfa_token, recover};
use crate::both;
use crate::support::TestApp;

fn codes(answer: &Value) -> Vec<String> {
    let codes = answer["recovery_codes"].as_array().expect("ten codes");
    codes.iter().map(|code| code.as_str().expect("a text").to_owned()).collect()
}

both! {
    async fn a_recovery_code_signs_in_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (_, ada, done) = add_phone(&app, &ada).await;
        let codes = codes(&done);
        let token = mfa_token(&app, "ada").await;
        let tokens = recover(&app, &token, &codes[3].to_uppercase()).await.expect(200).json();
        let claims = claims(&tokens["access_token"]);
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        let token = mfa_token(&app, "ada").await;
        recover(&app, &token, &codes[3]).await.expect_problem(403, "wrong_code");
        recover(&app, &token, &codes[4]).await.expect(200);
        assert_eq!(ada.get("/auth/mfa").await.json()["recovery_codes_left"], 8);
    }

    async fn of_ten_parallel_uses_of_a_code_one_signs_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (_, _, done) = add_phone(&app, &ada).await;
        let (code, other) = (codes(&done)[0].clone(), app.replica().await);
        let mut tokens = Vec::new();
        for _ in 0..10 {
            tokens.push(mfa_token(&app, "ada").await);
        }
        let uses = tokens.iter().enumerate().map(|(number, token)| {
            recover(if number % 2 == 0 { &app } else { &other }, token, &code)
        });
        let statuses: Vec<u16> = join_all(uses).await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    }

    async fn new_codes_end_the_old_ones(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (_, ada, done) = add_phone(&app, &ada).await;
        let old = codes(&done);
        let new = ada.post_empty("/auth/mfa/recovery-codes").await.expect(200);
        assert_eq!(new.header("cache-control"), "no-store");
        let new = codes(&new.json());
        assert_eq!(new.len(), 10);
        assert!(new.iter().all(|code| !old.contains(code)));
        let token = mfa_token(&app, "ada").await;
        recover(&app, &token, &old[0]).await.expect_problem(403, "wrong_code");
        recover(&app, &token, &new[0]).await.expect(200);
    }

    async fn another_user_s_code_opens_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        add_phone(&app, &ada).await;
        let (_, _, done) = add_phone(&app, &eve).await;
        let token = mfa_token(&app, "ada").await;
        recover(&app, &token, &codes(&done)[0]).await.expect_problem(403, "wrong_code");
    }

    async fn they_need_a_factor_and_a_proof_of_the_last_minutes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        ada.post_empty("/auth/mfa/recovery-codes").await.expect_problem(409, "factor_needed");
        let (_, ada, _) = add_phone(&app, &ada).await;
        app.advance(Duration::from_mins(10));
        let reply = ada.post_empty("/auth/mfa/recovery-codes").await;
        reply.expect_problem(401, "insufficient_user_authentication");
    }

    async fn the_database_holds_digests_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (_, _, done) = add_phone(&app, &ada).await;
        let held = crate::factors::bytes(&app, "SELECT digest AS bytes FROM recovery_codes").await;
        assert_eq!(held.len(), 10);
        for code in codes(&done) {
            let plain = code.replace('-', "");
            assert!(held.iter().all(|digest| {
                digest.len() == 32 && !digest.windows(16).any(|part| part == plain.as_bytes())
            }));
        }
    }
}
