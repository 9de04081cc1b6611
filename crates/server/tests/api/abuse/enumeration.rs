//! Finding out who has an account: by what sign-in answers, by the work it does, by registering. How
//! long it takes is measured in `tests/timing`, where nothing else runs.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward::config::{HashScheme, Registration};
use doorward::passwords::Work;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::{Value, json};

use crate::accounts::sql;
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

const FORMER: HashScheme = HashScheme::Bcrypt { cost: 4 };
const FORMER_WORK: Work = Work { bcrypt_rounds: 16, ..Work::ONE };
const PRESENT_WORK: Work = Work { argon2_kib: 64, ..Work::ONE };

/// Twenty accounts whose hashes are of a former kind, and twenty more since `PASSWORD_HASH` was changed.
async fn of_two_kinds(engine: Engine) -> TestApp {
    let before = TestApp::with(engine, |settings| settings.password_hash = FORMER).await;
    for number in 0..20 {
        register(&before, &format!("former{number}@example.com")).await;
    }
    let mut app = TestApp::over(&before.url, before.clock.clone(), 2, |_| {}).await;
    app.keep_folder_of(before);
    for number in 0..20 {
        register(&app, &format!("present{number}@example.com")).await;
    }
    count_kinds(&app).await;
    app
}

async fn register(app: &TestApp, email: &str) {
    let body = json!({"email": email, "password": PASSWORD});
    app.anonymous().post("/auth/register", body).await.expect(201);
}

/// As a server does at its start, and at most once an hour.
async fn count_kinds(app: &TestApp) {
    app.app.passwords.count_kinds().expect("a count is due").await.expect("counted");
}

fn strangers() -> impl Iterator<Item = String> {
    (0..200).map(|number| format!("nobody{number}@example.com"))
}

/// The work of refusing a wrong password.
async fn refusal(app: &TestApp, email: &str) -> Work {
    let before = app.app.passwords.hashing.work_done();
    sign_in(app, email).await.expect_problem(401, "invalid_credentials");
    app.app.passwords.hashing.work_done() - before
}

/// How often each kind of work was done.
async fn refusals(app: &TestApp, emails: impl Iterator<Item = String>) -> BTreeMap<Work, usize> {
    let mut counted = BTreeMap::new();
    for email in emails {
        *counted.entry(refusal(app, &email).await).or_default() += 1;
    }
    counted
}

both! {
    async fn unknown_addresses_cost_the_work_of_accounts_in_the_shares_of_their_kinds(engine: Engine) {
        let app = of_two_kinds(engine).await;
        let accounts = (0..20).flat_map(|number| ["former", "present"].map(|kind| format!("{kind}{number}@example.com")));
        assert_eq!(refusals(&app, accounts).await, BTreeMap::from([(FORMER_WORK, 20), (PRESENT_WORK, 20)]));
        let unknown = refusals(&app, strangers()).await;
        assert_eq!(unknown[&FORMER_WORK] + unknown[&PRESENT_WORK], 200, "{unknown:?}");
        assert!((70..=130).contains(&unknown[&FORMER_WORK]), "{unknown:?}");
    }

    async fn an_address_costs_the_work_it_did_before_when_its_account_has_no_readable_hash(engine: Engine) {
        let app = of_two_kinds(engine).await;
        let mut before = Vec::new();
        for email in strangers().take(20) {
            before.push((refusal(&app, &email).await, email));
        }
        for (_, email) in &before {
            register(&app, email).await;
        }
        for text in [
            "UPDATE users SET hashed_password = NULL WHERE email LIKE 'nobody%'",
            "UPDATE users SET hashed_password = '$argon2id$broken' WHERE email LIKE 'nobody%'",
            "UPDATE users SET hashed_password = '$2b$31$broken', is_active = FALSE WHERE email LIKE 'nobody%'",
        ] {
            sql::<()>(&app, text).await;
            for (work, email) in &before {
                assert_eq!(refusal(&app, email).await, *work, "{email}: {text}");
            }
        }
    }

    async fn sign_ins_that_upgrade_accounts_move_unknown_addresses_to_the_present_kind_within_the_hour(engine: Engine) {
        let app = of_two_kinds(engine).await;
        let mut kinds = BTreeMap::new();
        for email in strangers() {
            kinds.insert(email.clone(), refusal(&app, &email).await);
        }
        for round in [0..10, 10..20] {
            for number in round {
                app.anonymous().login(&format!("former{number}@example.com"), PASSWORD).await;
            }
            let before = kinds.clone();
            for (email, kind) in before.iter().take(20) {
                assert_eq!(refusal(&app, email).await, *kind, "{email} moved before a count");
            }
            app.advance(Duration::from_secs(3599));
            assert!(app.app.passwords.count_kinds().is_none(), "at most one count an hour");
            app.advance(Duration::from_secs(1));
            count_kinds(&app).await;
            for (email, kind) in &mut kinds {
                *kind = refusal(&app, email).await;
                assert!(*kind == PRESENT_WORK || before[email] == FORMER_WORK, "{email} moved back");
            }
            assert_ne!(kinds, before);
        }
        assert!(kinds.values().all(|kind| *kind == PRESENT_WORK), "{kinds:?}");
    }

    async fn a_sign_in_counts_the_kinds_when_that_is_due(engine: Engine) {
        let app = of_two_kinds(engine).await;
        app.advance(Duration::from_hours(1));
        sign_in(&app, NOBODY).await.expect(401);
        assert!(app.app.passwords.count_kinds().is_none(), "the sign-in has begun one");
    }

    async fn more_accounts_than_one_statement_looks_at_are_all_counted(engine: Engine) {
        const ADD: Sql = statement!("ADD", "INSERT INTO users (id, email, email_key, hashed_password, created_at, updated_at) \
            VALUES (:id, :email, :email, :hash, :now, :now)");
        let app = TestApp::start(engine).await;
        let (former, now) = (format!("$2b$04${}", ".".repeat(53)), app.clock.now());
        for batch in 0..3 {
            let add = |number: u128| {
                let email = format!("{number}@example.org");
                step!(ADD { id: uuid::Uuid::from_u128(number), email, hash: &former, now })
            };
            app.app.db.write((1..=500).map(|number| add(batch * 500 + number)).collect()).await.expect("added");
        }
        // The newest, which a count that ends early would make the only kind or none.
        sql::<()>(&app, "UPDATE users SET hashed_password = NULL WHERE id <= '00000000-0000-0000-0000-0000000003e8'").await;
        count_kinds(&app).await;
        assert_eq!(refusal(&app, NOBODY).await, FORMER_WORK);
    }

    async fn every_failed_sign_in_gets_the_same_answer(engine: Engine) {
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
            sql::<()>(&app, text).await;
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
