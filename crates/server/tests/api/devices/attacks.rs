//! What attackers try who have the password, and somebody's device token or none.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{device_token, inside, sign_in, trust, with_ada};
use crate::both;
use crate::factors::attacks::try_everywhere;
use crate::factors::{add_phone, bytes, mfa_token};
use crate::support::TestApp;
use crate::support::client::PASSWORD;

async fn devices(app: &TestApp) -> usize {
    bytes(app, "SELECT digest AS bytes FROM trusted_devices").await.len()
}

both! {
    async fn a_token_of_another_user_opens_nothing(engine: Engine) {
        let (app, _, _) = with_ada(engine).await;
        let eve = app.sign_up("eve").await;
        let (phone, ..) = add_phone(&app, &eve).await;
        let device = trust(&app, &phone, "eve").await;
        let said = |reply: crate::support::Reply| {
            let reply = reply.expect_problem(403, "mfa_required").json();
            let names: Vec<String> = reply.as_object().unwrap().keys().cloned().collect();
            (names, reply["methods"].clone())
        };
        let with = said(sign_in(&app, "ada", &device).await);
        assert_eq!(with, said(sign_in(&app, "ada", "dwd_made-up").await));
        assert_eq!(with, said(crate::factors::first_step(&app, "ada").await));
        sign_in(&app, "eve", &device).await.expect(200);
    }

    async fn a_wrong_password_is_wrong_with_a_trusted_device_too(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        let wrong = async |device: Option<&str>| {
            let mut body = json!({"email": "ada@example.com", "password": "the wrong password"});
            if let Some(device) = device {
                body["device_token"] = json!(device);
            }
            let reply = app.anonymous().post("/auth/login", body).await;
            let mut said = reply.expect_problem(401, "invalid_credentials").json();
            said["request_id"] = Value::Null;
            said
        };
        assert_eq!(wrong(Some(&device)).await, wrong(None).await);
    }

    async fn a_stolen_token_opens_nothing_once_it_is_removed(engine: Engine) {
        let (app, phone, ada) = with_ada(engine).await;
        let stolen = trust(&app, &phone, "ada").await;
        let listed = ada.get("/auth/devices").await.expect(200).json();
        let path = format!("/auth/devices/{}", listed[0]["id"].as_str().unwrap());
        // The thief is signing in, at two servers, while it is removed.
        let other = app.replica().await;
        let tries = (0..8).map(|number| sign_in(if number % 2 == 0 { &app } else { &other }, "ada", &stolen));
        let (tries, removed) = tokio::join!(join_all(tries), ada.delete(&path));
        removed.expect(204);
        for reply in tries {
            assert!([200, 403].contains(&reply.status), "{}", reply.text());
        }
        for app in [&app, &other] {
            sign_in(app, "ada", &stolen).await.expect_problem(403, "mfa_required");
        }
    }

    async fn parallel_uses_all_sign_in_and_parallel_wishes_trust_one_device(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let other = app.replica().await;
        let token = mfa_token(&app, "ada").await;
        let body = json!({"mfa_token": token, "code": phone.code(&app), "remember_device": true});
        let wishes = (0..8).map(|number| {
            let client = if number % 2 == 0 { app.anonymous() } else { other.anonymous() };
            let body = body.clone();
            async move { client.post("/auth/mfa/verify", body).await }
        });
        let mut won: Vec<_> = join_all(wishes).await.into_iter().filter(|it| it.status == 200).collect();
        assert_eq!((won.len(), devices(&app).await), (1, 1));
        let device = device_token(&won.remove(0).json());
        // Two tabs of one browser: it is no secret that works once.
        let uses = (0..8).map(|number| sign_in(if number % 2 == 0 { &app } else { &other }, "ada", &device));
        for reply in join_all(uses).await {
            reply.expect(200);
        }
    }

    async fn a_cookie_a_header_and_a_query_are_no_place_for_it(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        let json = ("content-type", "application/json");
        let cookie = format!("device_token={device}; dwd={device}");
        let bearer = format!("Bearer {device}");
        let client = app.anonymous();
        for header in [("cookie", &*cookie), ("device_token", &*device), ("device-token", &*device), ("authorization", &*bearer)] {
            let reply = client.raw("POST", "/auth/login", &[json, header], body.clone()).await;
            assert_ne!(reply.status, 200, "{header:?}");
        }
        let path = format!("/auth/login?device_token={device}");
        let reply = client.raw("POST", &path, &[json], body).await;
        assert_ne!(reply.status, 200, "{}", reply.text());
    }

    async fn a_downgrade_by_the_form_finds_the_same_door(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        let wrong = format!("{}x", &device[..46]);
        for token in ["", "dwd_", &wrong, &device.to_uppercase(), &format!(" {device}")] {
            let form = [("username", "ada@example.com"), ("password", PASSWORD), ("device_token", token)];
            let reply = app.anonymous().post_form("/auth/login", &form).await;
            let reply = reply.expect_problem(403, "mfa_required").json();
            assert_eq!(reply["error"], "mfa_required", "{token}");
        }
        let long = json!({"email": "ada@example.com", "password": PASSWORD, "device_token": "x".repeat(4097)});
        app.anonymous().post("/auth/login", long).await.expect_problem(422, "validation");
        for odd in [json!(7), json!([device])] {
            let body = json!({"email": "ada@example.com", "password": PASSWORD, "device_token": odd});
            app.anonymous().post("/auth/login", body).await.expect_problem(422, "validation");
        }
    }

    async fn it_opens_no_route_of_the_contract(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        try_everywhere(&app, &device, &[]).await;
        inside(&app, &device).await.get("/auth/me").await.expect(200);
    }

    async fn the_disabled_stay_out_with_it(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        crate::accounts::set_active(&app, "ada@example.com", false).await;
        sign_in(&app, "ada", &device).await.expect_problem(403, "account_disabled");
    }

    async fn an_account_trusts_twenty_devices_and_the_oldest_give_way(engine: Engine) {
        let (app, phone, ada) = with_ada(engine).await;
        let first = trust(&app, &phone, "ada").await;
        for _ in 0..19 {
            trust(&app, &phone, "ada").await;
        }
        sign_in(&app, "ada", &first).await.expect(200);
        let last = trust(&app, &phone, "ada").await;
        assert_eq!(devices(&app).await, 20);
        assert_eq!(ada.get("/auth/devices").await.expect(200).json().as_array().unwrap().len(), 20);
        sign_in(&app, "ada", &first).await.expect_problem(403, "mfa_required");
        sign_in(&app, "ada", &last).await.expect(200);
    }
}
