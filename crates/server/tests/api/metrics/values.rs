//! Each metric moves when what it counts happens, and by as much.

use doorward::config::Quota;
use serde_json::json;

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::samples::{Samples, count, counting, growth, same, settled};
use crate::support::{Engine, TestApp};

const SIGNED_IN: &str = "doorward_sign_ins_total{method=\"password\",outcome=\"success\"}";
const FAILED: &str = "doorward_sign_ins_total{method=\"password\",outcome=\"failure\"}";
const BLOCKED: &str = "doorward_sign_ins_total{method=\"password\",outcome=\"blocked\"}";

both! {
    async fn sign_ins_are_counted_by_their_outcome(engine: Engine) {
        let app = counting(engine).await;
        let registered = "doorward_events_total{event=\"account.register\",outcome=\"success\"}";
        let begun = "doorward_sessions_begun_total";
        let names = [SIGNED_IN, FAILED, registered, begun];
        let ada = async { drop(app.sign_up("ada").await) };
        same(growth(&app, names, ada).await, [1.0, 0.0, 1.0, 1.0]);
        let wrong = "doorward_guesses_total{outcome=\"wrong\"}";
        let right = "doorward_guesses_total{outcome=\"right\"}";
        let hashed = "doorward_hashing_seconds_count";
        let names = [SIGNED_IN, FAILED, wrong, right, hashed];
        let work = async {
            let body = json!({"email": "ada@example.com", "password": "not it at all"});
            app.anonymous().post("/auth/login", body).await.expect(401);
            app.anonymous().login("ada@example.com", PASSWORD).await;
        };
        same(growth(&app, names, work).await, [1.0, 1.0, 1.0, 1.0, 2.0]);
    }

    async fn guesses_that_have_to_wait_are_counted_as_blocked(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            count(settings);
            settings.login_max_failures = 2;
        })
        .await;
        app.sign_up("ada").await;
        let refused = "doorward_guesses_total{outcome=\"refused\"}";
        let stranger = app.anonymous().from("203.0.113.9");
        let work = async {
            for status in [401, 401, 429] {
                let body = json!({"email": "ada@example.com", "password": "not it at all"});
                stranger.post("/auth/login", body).await.expect(status);
            }
        };
        same(growth(&app, [FAILED, BLOCKED, refused], work).await, [2.0, 1.0, 1.0]);
    }

    async fn refresh_tokens_are_counted_by_what_they_were(engine: Engine) {
        let app = counting(engine).await;
        let ada = app.sign_up("ada").await;
        let names = ["rotated", "repeated", "reused", "invalid"];
        let names = names.map(|it| format!("doorward_refreshes_total{{outcome=\"{it}\"}}"));
        settled(&app).await;
        let ended = "doorward_sessions_ended_total{cause=\"refresh_reuse\"}";
        let names = [&names[0], &names[1], &names[2], &names[3], ended];
        let refresh = async |token: &str, status: u16| {
            let body = json!({"refresh_token": token});
            let reply = app.anonymous().post("/auth/refresh", body).await.expect(status);
            reply.json()["refresh_token"].as_str().unwrap_or_default().to_owned()
        };
        let first = ada.refresh_token.clone().expect("a token");
        let work = async {
            let second = refresh(&first, 200).await;
            refresh(&first, 200).await;
            let third = refresh(&second, 200).await;
            refresh(&third, 200).await;
            app.advance(std::time::Duration::from_hours(2));
            refresh(&first, 401).await;
            refresh("dwr_nonsense", 401).await;
        };
        same(growth(&app, names, work).await, [3.0, 1.0, 1.0, 1.0, 1.0]);
    }

    async fn endings_and_calls_to_the_database_are_counted(engine: Engine) {
        let app = counting(engine).await;
        let ada = app.sign_up("ada").await;
        let ended = "doorward_sessions_ended_total{cause=\"owner\"}";
        let lane = if engine == Engine::Postgres { "owned_reads" } else { "reads" };
        let read = format!("doorward_database_call_seconds_count{{lane=\"{lane}\"}}");
        let requests =
            "doorward_http_requests_total{route=\"/api/tasks\",method=\"GET\",status=\"200\"}";
        let seconds = "doorward_http_request_seconds_count{route=\"/api/tasks\",method=\"GET\"}";
        let names = [ended, &read, requests, seconds];
        let list = async { drop(ada.get("/api/tasks").await.expect(200)) };
        let [ends, reads, asked, timed] = growth(&app, names, list).await;
        same([ends, asked, timed], [0.0, 1.0, 1.0]);
        // SQLite's readers serve what a request leaves behind it, too.
        assert!(reads >= 1.0 && (engine == Engine::Sqlite || reads < 2.0), "{reads} reads");
        let logout = async { drop(ada.post("/auth/logout", json!({})).await.expect(204)) };
        same(growth(&app, [ended], logout).await, [1.0]);
        settled(&app).await;
        let samples = Samples::of(&app).await;
        assert!(samples.get("doorward_http_in_flight") >= 1.0, "the scrape itself");
        let idle = samples.sum("doorward_database_calls_active");
        assert!(idle.abs() < 1e-9, "{idle} calls");
        if engine == Engine::Postgres {
            let opened = samples.sum("doorward_database_connections{");
            assert!(opened >= 1.0, "{opened} connections");
        } else {
            assert!(samples.get("doorward_sqlite_wal_bytes") > 0.0);
            assert!(samples.get("doorward_sqlite_group_writes_count") >= 2.0);
        }
    }
}

#[tokio::test]
async fn what_a_limit_refuses_is_counted_by_its_group() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        count(settings);
        settings.rate_limit_login = Some(Quota::per_minute(1));
    })
    .await;
    let counter =
        |it| format!("doorward_limiter_decisions_total{{group=\"login\",outcome=\"{it}\"}}");
    let (allowed, refused) = (counter("allowed"), counter("refused"));
    let work = async {
        for status in [401, 429, 429] {
            let body = json!({"email": "ada@example.com", "password": "not it at all"});
            app.anonymous().post("/auth/login", body).await.expect(status);
        }
    };
    same(growth(&app, [&allowed, &refused], work).await, [1.0, 2.0]);
}

#[tokio::test]
async fn two_servers_count_apart() {
    let app = counting(Engine::Sqlite).await;
    let other = app.replica().await;
    app.sign_up("ada").await;
    let samples = Samples::of(&other).await;
    assert!(samples.get("doorward_sessions_begun_total").abs() < 1e-9);
    assert!(samples.names().any(|name| name == "process_resident_memory_bytes"));
}
