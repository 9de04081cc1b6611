//! `GET /metrics`: the token, the format, and what it does not do.

use doorward::config::Quota;

use crate::both;
use crate::support::samples::{Samples, TOKEN, count, counting, settled};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn metrics_are_not_found_unless_a_setting_asks_for_them() {
    let app = TestApp::start(Engine::Sqlite).await;
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found");
    app.anonymous().with_token(TOKEN).get("/metrics").await.expect_problem(404, "not_found");
    assert!(app.app.db.metrics().on().is_none(), "nothing is counted");
    // A listener of its own opens nothing on the main one.
    let listen = "127.0.0.1:9100".parse().expect("an address");
    let app = TestApp::with(Engine::Sqlite, |it| it.metrics_listen = Some(listen)).await;
    assert!(app.app.db.metrics().on().is_some());
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn metrics_ask_for_their_token_and_no_other() {
    let app = counting(Engine::Sqlite).await;
    let anonymous = app.anonymous();
    anonymous.get("/metrics").await.expect_problem(401, "not_authenticated");
    let ada = app.sign_up("ada").await;
    ada.get("/metrics").await.expect_problem(401, "not_authenticated");
    for wrong in ["", "x", &TOKEN[1..], &format!("{TOKEN}0"), &TOKEN.to_uppercase()] {
        anonymous.with_token(wrong).get("/metrics").await.expect_problem(401, "not_authenticated");
    }
    let reply = anonymous.with_token(TOKEN).get("/metrics").await.expect(200);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(reply.header("content-type"), kind);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(!reply.text().contains(TOKEN));
    // The token opens nothing else.
    anonymous.with_token(TOKEN).get("/auth/me").await.expect(401);
}

#[tokio::test]
async fn wrong_tokens_are_limited_like_other_credentials() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        count(settings);
        settings.rate_limit_auth = Some(Quota::per_minute(2));
    })
    .await;
    let guesser = app.anonymous().from("203.0.113.7").with_token("wrong");
    for status in [401, 401, 429] {
        guesser.get("/metrics").await.expect(status);
    }
    let prometheus = app.anonymous().from("203.0.113.8").with_token(TOKEN);
    let samples = Samples::read(&prometheus.get("/metrics").await.expect(200));
    let refused = "doorward_limiter_decisions_total{group=\"auth\",outcome=\"refused\"}";
    assert!((samples.get(refused) - 1.0).abs() < 1e-9);
}

both! {
    async fn a_scrape_asks_the_database_nothing(engine: Engine) {
        let app = counting(engine).await;
        let ada = app.sign_up("ada").await;
        ada.get("/api/tasks").await.expect(200);
        let calls = "doorward_database_call_seconds_count";
        let before = settled(&app).await;
        assert!(before > 3.0, "{before} calls");
        for _ in 0..5 {
            Samples::of(&app).await;
        }
        let after = Samples::of(&app).await.sum(calls);
        assert!((after - before).abs() < 1e-9, "{before} calls, then {after}");
    }

    async fn no_label_holds_what_a_request_said(engine: Engine) {
        let app = counting(engine).await;
        let ada = app.sign_up("ada").await;
        let task = ada.post("/api/tasks", serde_json::json!({"title": "violets"})).await.json();
        let id = task["id"].as_str().expect("an id").to_owned();
        ada.get(&format!("/api/tasks/{id}")).await.expect(200);
        for path in ["/wp-login.php", "/api/nowhere/7", "/.env?x=1"] {
            ada.get(path).await.expect(404);
        }
        let strange = ada.raw("BREW", "/auth/me", &[], axum::body::Body::empty()).await;
        assert_eq!(strange.status, 405);
        let reply = app.anonymous().with_token(TOKEN).get("/metrics").await.expect(200);
        let text = reply.text();
        let user = ada.user["id"].as_str().expect("an id");
        for said in ["ada", "violets", &id, user, "wp-login", "nowhere", ".env", "BREW"] {
            assert!(!text.contains(said), "{said} in {text}");
        }
        let samples = Samples::read(&reply);
        let unknown = "doorward_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"}";
        assert!((samples.get(unknown) - 3.0).abs() < 1e-9, "{text}");
        let known = "doorward_http_requests_total{route=\"/api/tasks/{id}\",method=\"GET\",status=\"200\"}";
        assert!((samples.get(known) - 1.0).abs() < 1e-9, "{text}");
        let other = "doorward_http_requests_total{route=\"/auth/me\",method=\"other\",status=\"405\"}";
        assert!((samples.get(other) - 1.0).abs() < 1e-9, "{text}");
    }
}
