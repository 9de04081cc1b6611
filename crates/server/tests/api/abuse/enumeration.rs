//! Finding out who has an account: by what sign-in answers, by how long it takes, by registering.

use std::time::{Duration, Instant};

use doorward::config::{HashScheme, Registration};
use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Engine, Reply, TestApp};

const ADA: &str = "ada@example.com";
const NOBODY: &str = "nobody@example.com";

async fn sign_in(app: &TestApp, email: &str) -> Reply {
    let body = json!({"email": email, "password": "not it, not at all"});
    app.anonymous().post("/auth/login", body).await
}

/// Everything a client sees but what differs from any request to the next.
fn seen(reply: &Reply) -> (u16, Vec<String>, Value) {
    let mut headers: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "ratelimit"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    (reply.status, headers, body)
}

both! {
    async fn whoever_fails_to_sign_in_is_told_the_same(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let expected = seen(&sign_in(&app, ADA).await.expect_problem(401, "invalid_credentials"));
        for email in [NOBODY, "ada@example.org", "ada", "", "@", "ada@example.com\0", " ada@example.com"] {
            assert_eq!(seen(&sign_in(&app, email).await), expected, "{email:?}");
        }
    }

    async fn closed_registration_answers_alike_for_taken_and_free_addresses(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let closed = TestApp::over(&app.url, app.clock.clone(), 2, |settings| {
            settings.registration = Registration::Closed;
        })
        .await;
        let mut answers = Vec::new();
        for email in [ADA, NOBODY] {
            let body = json!({"email": email, "password": PASSWORD});
            let reply = closed.anonymous().post("/auth/register", body).await.expect(403);
            answers.push(seen(&reply));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(closed.app.hashing.hashes_computed(), 0);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The medians of signing in as somebody and as nobody, taken in turns.
async fn medians(app: &TestApp) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..18 {
        for (times, email) in times.iter_mut().zip([ADA, NOBODY]) {
            let began = Instant::now();
            sign_in(app, email).await.expect(401);
            if round >= 3 {
                times.push(began.elapsed());
            }
        }
    }
    times.map(median)
}

async fn takes_the_same_time(engine: Engine) {
    let app = TestApp::with(engine, |settings| {
        settings.password_hash = HashScheme::default();
        settings.login_max_failures = 100;
    })
    .await;
    app.sign_up("ada").await;
    let mut last = Default::default();
    // On a busy machine a quiet moment may take a while to come.
    for _ in 0..3 {
        last = medians(&app).await;
        let gap = last[0].abs_diff(last[1]);
        if gap <= Duration::from_millis(6) || gap <= last[0].max(last[1]) / 4 {
            return;
        }
    }
    panic!("somebody {:?}, nobody {:?}", last[0], last[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_account_takes_the_same_time_as_a_wrong_password_on_sqlite() {
    takes_the_same_time(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_account_takes_the_same_time_as_a_wrong_password_on_postgres() {
    takes_the_same_time(Engine::Postgres).await;
}
