//! `GET /auth/me/sign-ins`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::both;
use crate::factors::{add_phone, first_step, mfa_token, second_step};
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

async fn listed(app: &TestApp, client: &Client, more: &str) -> crate::support::Reply {
    app.app.audit.flush().await;
    client.get(&format!("/auth/me/sign-ins{more}")).await
}

fn results(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect()
}

async fn try_in(app: &TestApp, password: &str) {
    let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
    let body = json!({"email": "ada@example.com", "password": password}).to_string();
    app.anonymous().from("203.0.113.7").raw("POST", "/auth/login", &headers, body).await;
}

both! {
    async fn people_see_their_sign_ins_and_who_tried_and_failed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        app.advance(Duration::from_secs(1));
        try_in(&app, "the wrong password").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        app.advance(Duration::from_secs(1));
        second_step(&app, &token, &phone.wrong_code(&app)).await.expect(403);
        app.advance(Duration::from_secs(1));
        second_step(&app, &token, &phone.code(&app)).await.expect(200);
        // What is no sign-in is not among them.
        ada.patch("/auth/me", json!({"name": "Ada"})).await.expect(200);
        let reply = listed(&app, &ada, "").await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        let found = reply.json();
        assert_eq!(results(&found), ["signed_in", "wrong_code", "second_step_asked", "wrong_password", "signed_in"]);
        let names: Vec<&String> = found[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["amr", "at", "client", "id", "ip", "result", "session_id", "times", "user_agent"]);
        assert_eq!(found[0]["amr"], json!(["pwd", "otp", "mfa"]));
        assert!(found[0]["session_id"].is_string() && found[1]["session_id"].is_null(), "{found}");
        assert_eq!((&found[2]["amr"], &found[1]["amr"], &found[4]["amr"]), (&json!(["pwd"]), &json!(null), &json!(["pwd"])));
        let wrong = &found[3];
        assert_eq!((&wrong["ip"], &wrong["client"]), (&json!("203.0.113.7"), &json!("Firefox, Linux")));
        assert_eq!((&wrong["user_agent"], &wrong["at"]), (&json!(FIREFOX), &json!("2026-11-20T12:00:01Z")));
        let hers = listed(&app, &eve, "").await.expect(200).json();
        assert_eq!(results(&hers), ["signed_in"], "{hers}");
        app.anonymous().get("/auth/me/sign-ins").await.expect_problem(401, "not_authenticated");
    }

    async fn the_history_comes_in_pages_the_newest_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for _ in 0..6 {
            app.advance(Duration::from_secs(1));
            app.anonymous().login("ada@example.com", PASSWORD).await;
        }
        let (mut all, mut path) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let reply = listed(&app, &ada, &path).await.expect(200);
            let found = reply.json();
            assert!(found.as_array().unwrap().len() <= 3, "{found}");
            all.extend(found.as_array().unwrap().clone());
            let link = reply.header("link");
            let Some((next, _)) = link.trim_start_matches('<').split_once('>') else { break };
            next.strip_prefix("/auth/me/sign-ins").unwrap().clone_into(&mut path);
        }
        let whole = listed(&app, &ada, "").await.expect(200).json();
        assert_eq!((all.len(), json!(all)), (7, whole.clone()));
        let at: Vec<&str> = whole.as_array().unwrap().iter().map(|it| it["at"].as_str().unwrap()).collect();
        assert!(at.is_sorted_by(|a, b| a >= b), "{at:?}");
        listed(&app, &ada, "?limit=0").await.expect_problem(422, "validation");
        listed(&app, &ada, "?cursor=nonsense").await.expect_problem(422, "validation");
    }

    async fn tries_that_are_not_looked_at_are_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        for _ in 0..5 {
            second_step(&app, &token, &phone.wrong_code(&app)).await.expect(403);
        }
        for _ in 0..4 {
            second_step(&app, &token, &phone.code(&app)).await.expect(429);
        }
        let found = listed(&app, &ada, "").await.expect(200).json();
        let waited: Vec<_> = found.as_array().unwrap().iter().filter(|it| it["result"] == "too_many_tries")
            .map(|it| it["times"].as_u64().unwrap()).collect();
        assert_eq!(waited.iter().sum::<u64>(), 4, "{found}");
        first_step(&app, "ada").await.expect(403);
    }
}
