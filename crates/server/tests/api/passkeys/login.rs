//! `POST /auth/login/passkey`.

use std::time::Duration;

use doorward::config::{Secret, UnverifiedEmail};
use serde_json::json;

use super::{answer, login_options, take_passkeys, with_passkeys};
use crate::accounts::set_active;
use crate::both;
use crate::support::TestApp;
use crate::support::authenticator::Authenticator;

both! {
    async fn a_passkey_signs_in_and_nobody_types_who_they_are(engine: Engine) {
        let app = with_passkeys(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        for mut one in [Authenticator::security_key(), Authenticator::synced()] {
            let made = one.add_to(&ada, "Key").await;
            for _ in 0..2 {
                let reply = one.sign_in(&app.anonymous()).await.expect(200);
                assert_eq!(reply.header("cache-control"), "no-store");
                let tokens = reply.json();
                assert_eq!(tokens["user"]["id"], ada.user["id"]);
                let signed_in = app.anonymous().with_token(tokens["access_token"].as_str().unwrap());
                assert_eq!(signed_in.get("/auth/me").await.expect(200).json()["id"], ada.user["id"]);
                let body = json!({"refresh_token": tokens["refresh_token"]});
                app.anonymous().post("/auth/refresh", body).await.expect(200);
            }
            let records = app.audited(&root, "login").await;
            let detail = json!(format!("passkey {}", made["id"].as_str().unwrap()));
            let by_it = records.iter().filter(|record| record["detail"] == detail);
            let by_it: Vec<_> = by_it.map(|it| (&it["subject_id"], &it["outcome"])).collect();
            assert_eq!(by_it, [(&ada.user["id"], &json!("success")); 2]);
        }
    }

    async fn any_server_of_several_finishes_what_another_began(engine: Engine) {
        let app = with_passkeys(engine).await;
        let replica = app.replica().await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::security_key();
        one.add_to(&ada.through(&replica), "Key").await;
        let begun = login_options(&app.anonymous()).await;
        let body = answer(&begun, &one.get(&begun));
        replica.anonymous().post("/auth/login/passkey", body.clone()).await.expect(200);
        app.anonymous().post("/auth/login/passkey", body).await.expect(401);
        // So does one that has a new secret, if it knows the old one.
        let begun = login_options(&app.anonymous()).await;
        let changed = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            take_passkeys(settings);
            settings.previous_secrets = vec![std::mem::replace(&mut settings.secret, Secret::new("another secret of more than 32 bytes"))];
        });
        let body = answer(&begun, &one.get(&begun));
        changed.await.anonymous().post("/auth/login/passkey", body).await.expect(200);
    }

    async fn the_account_must_be_active_and_where_the_settings_say_so_verified(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            take_passkeys(settings);
            settings.unverified_email = UnverifiedEmail::Allowed;
        })
        .await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::security_key();
        one.add_to(&ada, "Key").await;
        let strict = TestApp::over(&app.url, app.clock.clone(), 4, |settings| {
            take_passkeys(settings);
            settings.unverified_email = UnverifiedEmail::Refused;
        })
        .await;
        one.sign_in(&strict.anonymous()).await.expect_problem(403, "email_not_verified");
        root.patch(&ada.at(""), json!({"email_verified": true})).await.expect(200);
        one.sign_in(&strict.anonymous()).await.expect(200);
        let ban = json!({"banned_until": "2026-11-20T13:00:00Z"});
        root.patch(&ada.at(""), ban).await.expect(200);
        one.sign_in(&app.anonymous()).await.expect_problem(403, "account_disabled");
        app.advance(Duration::from_hours(1));
        one.sign_in(&app.anonymous()).await.expect(200);
        set_active(&app, "ada@example.com", false).await;
        one.sign_in(&app.anonymous()).await.expect_problem(403, "account_disabled");
    }

    async fn a_new_password_leaves_the_passkeys_that_the_owner_added(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let body = json!({"current_password": crate::support::client::PASSWORD, "new_password": "seven green bicycles sing"});
        ada.post("/auth/password", body).await.expect(204);
        one.sign_in(&app.anonymous()).await.expect(200);
    }
}
