//! Finding out who has an account: by what sign-in answers, by the work it does, by registering. How
//! long it takes is measured in `tests/timing`, where nothing else runs.

use doorward::config::Registration;
use doorward::sql::{Sql, Step};
use doorward::{statement, step};
use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Reply, TestApp};

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

/// Hashes computed, guesses counted and records appended so far.
async fn work(app: &TestApp) -> [i64; 3] {
    const GUESSES: Sql = statement!("GUESSES", "SELECT failures FROM login_guards");
    const RECORDS: Sql = statement!("RECORDS", "SELECT count(*) FROM audit_log");
    app.app.audit.flush().await;
    let hashes = i64::try_from(app.app.passwords.hashing.hashes_computed()).expect("not that many");
    let guesses = app.app.db.query::<i64>(step!(GUESSES)).await.expect("rows");
    let records = app.app.db.find::<i64>(step!(RECORDS)).await.expect("a row");
    [hashes, guesses.iter().sum(), records.expect("a row")]
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

    async fn whoever_fails_to_sign_in_costs_the_same_work(engine: Engine) {
        let app = TestApp::start(engine).await;
        for name in ["ada", "banned", "disabled", "foreign", "broken"] {
            app.sign_up(name).await;
        }
        for text in [
            "UPDATE users SET banned_until = '9999-12-31T23:59:59.000000Z' WHERE name = 'banned'",
            "UPDATE users SET is_active = FALSE WHERE name = 'disabled'",
            "UPDATE users SET hashed_password = NULL WHERE name = 'foreign'",
            "UPDATE users SET hashed_password = '$argon2id$broken' WHERE name = 'broken'",
        ] {
            app.app.db.execute::<()>(Step::new(Sql::constant("CHANGE", text), Vec::new())).await.expect("changed");
        }
        for account in [ADA, NOBODY, "banned@example.com", "disabled@example.com",
            "foreign@example.com", "broken@example.com", "ada", "", "@", "ada@example.com\0"] {
            let before = work(&app).await;
            sign_in(&app, account).await.expect_problem(401, "invalid_credentials");
            let after = work(&app).await;
            let done: [i64; 3] = std::array::from_fn(|index| after[index] - before[index]);
            assert_eq!(done, [1, 1, 1], "hashes, guesses and records for {account:?}");
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
        assert_eq!(closed.app.passwords.hashing.hashes_computed(), 0);
    }
}
