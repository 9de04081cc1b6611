//! How often a call speaks to the server, counted by a proxy in between.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::clock::Clock;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::json;

use crate::postgres::data::{
    ADD_TASK, ALL_TASKS, NOW, ONE, RENAME_USER, database, open, task, user,
};
use crate::postgres::proxy::Proxy;
use crate::support::app::SECRET;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp, postgres};

#[tokio::test]
async fn every_kind_of_call_is_one_round_trip() {
    let (_, url) = database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let db = open(&proxy.before(&url)).await;
    let ada = user(&db).await;
    let insert = |id: u128| {
        let (id, owner) = (uuid::Uuid::from_u128(id), ada.user_id);
        step!(ADD_TASK { id, owner, title: "a task", now: NOW })
    };
    let steps = || {
        vec![
            step!(RENAME_USER { id: ada.user_id, name: "Ada" }),
            step!(RENAME_USER { id: ada.user_id, name: "Ada L." }),
        ]
    };
    // Warm: connections open and statements prepared.
    for id in 0..3 {
        db.query::<i64>(step!(ONE)).await.unwrap();
        db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
        db.write_as::<uuid::Uuid>(ada, insert(id)).await.unwrap();
        db.write(steps()).await.unwrap();
        db.write_all_as(ada, steps()).await.unwrap();
    }
    let before = proxy.round_trips();
    db.query::<i64>(step!(ONE)).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 1, "query");
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2, "read_as");
    db.write_as::<uuid::Uuid>(ada, insert(9)).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 3, "write_as");
    db.write(steps()).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 4, "write");
    db.write_all_as(ada, steps()).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 5, "write_all_as");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_on_tasks_is_one_round_trip() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    let ada = app.sign_up("ada").await;
    use_tasks(&ada, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_for_another_issuers_people() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |settings| {
        settings.accept_shared_secret_tokens = true;
    })
    .await;
    let claims = json!({"sub": "1", "exp": NOW.unix_timestamp() + 60}).to_string();
    let signed = [r#"{"alg":"HS256"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    let ada = app.anonymous().with_token(&format!("{signed}.{tag}"));
    ada.get("/auth/me").await.expect(200);
    // The record of the first sight is written soon after it.
    app.app.audit.flush().await;
    use_tasks(&ada, &proxy).await;
}

/// The first use in a minute is written down beside the request that it is; the clock stands still here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_with_an_api_key() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let clock = Clock::frozen(NOW);
    let app = TestApp::over(&proxy.before(&url), clock.clone(), 1, |_| {}).await;
    let ada = app.sign_up("ada").await;
    let scopes = json!({"name": "a test", "scopes": ["tasks:read", "tasks:write"]});
    let made = ada.post("/auth/keys", scopes).await.expect(201).json();
    let program = ada.with_token(made["key"].as_str().expect("a key"));
    program.get("/api/tasks").await.expect(200);
    use_tasks(&program, &proxy).await;
    clock.advance(std::time::Duration::from_mins(1));
    let before = proxy.round_trips();
    program.get("/api/tasks").await.expect(200);
    assert_eq!(proxy.round_trips() - before, 2, "the use is written");
    // What fits no checksum asks nobody; what does asks once.
    let mut typo = made["key"].as_str().expect("a key").to_owned();
    typo.replace_range(53.., if typo.ends_with('0') { "1" } else { "0" });
    let before = proxy.round_trips();
    ada.with_token(&typo).get("/api/tasks").await.expect(401);
    assert_eq!(proxy.round_trips() - before, 0);
    let (_, unknown) =
        doorward::keys::PresentedKey::mint(&doorward::crypto::Random::seeded(7), ada.id());
    ada.with_token(&unknown).get("/api/tasks").await.expect(401);
    assert_eq!(proxy.round_trips() - before, 1);
}

async fn use_tasks(ada: &Client, proxy: &Proxy) {
    let json = [("content-type", "application/json")];
    // The first rounds open connections and prepare statements.
    // Now and then a later one does, too, so of each request the cheapest counts.
    let mut fewest = [usize::MAX; 9];
    for _ in 0..48 {
        let made = ada.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        let path = made.header("location").to_owned();
        let complete = format!("{path}/complete");
        for (fewest, (method, path, body, status)) in fewest.iter_mut().zip([
            ("POST", "/api/tasks", r#"{"title":"y"}"#, 201),
            ("GET", "/api/tasks?limit=1", "", 200),
            ("GET", "/api/tasks?q=x&sort=-title", "", 200),
            ("GET", path.as_str(), "", 200),
            ("PUT", &path, r#"{"title":"z"}"#, 200),
            ("PATCH", &path, "{}", 200),
            ("PATCH", &complete, "", 200),
            ("DELETE", &path, "", 204),
            ("DELETE", &path, "", 404),
        ]) {
            let before = proxy.round_trips();
            ada.raw(method, path, &json, body).await.expect(status);
            *fewest = (*fewest).min(proxy.round_trips() - before);
        }
    }
    // A 404 may be the router's, so the session is asked for once more.
    assert!(fewest[..8].iter().all(|taken| *taken == 1) && fewest[8] <= 2, "{fewest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_administration_is_one_round_trip_its_record_included() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    let ada = app.admin("ada").await;
    let bob = app.sign_up("bob").await;
    let json = [("content-type", "application/json")];
    let (user, role, sessions) = (bob.at(""), bob.at("/roles/r"), bob.at("/sessions"));
    let mut least = std::collections::BTreeMap::new();
    // Connections open and statements are prepared on each in the course of the rounds.
    for _ in 0..40 {
        for (method, path, body, status) in [
            ("GET", "/admin/users?role=user&email=b", "", 200),
            ("GET", user.as_str(), "", 200),
            ("POST", "/admin/roles", r#"{"name":"r","permissions":["users:read"]}"#, 201),
            ("PUT", "/admin/roles/r", r#"{"permissions":["users:read","audit:read"]}"#, 200),
            ("PUT", &role, "", 204),
            ("DELETE", &role, "", 204),
            ("DELETE", "/admin/roles/r", "", 204),
            ("PATCH", &user, r#"{"is_active":false}"#, 200),
            ("PATCH", &user, r#"{"is_active":true}"#, 200),
            ("GET", &sessions, "", 200),
            ("DELETE", &sessions, "", 204),
            ("GET", "/admin/audit?event=login", "", 200),
            ("GET", "/auth/sessions", "", 200),
            ("DELETE", "/auth/sessions", "", 204),
        ] {
            let before = proxy.round_trips();
            ada.raw(method, path, &json, body).await.expect(status);
            let taken = proxy.round_trips() - before;
            let least = least.entry(format!("{method} {path}")).or_insert(taken);
            *least = taken.min(*least);
        }
    }
    assert!(least.values().all(|taken| *taken == 1), "{least:#?}");
}

/// Claiming a guess travels with reading the hash, clearing the count with beginning the session. A
/// refusal is noted in the audit log beside the request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_two_round_trips_and_a_wrong_password_one() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    let ada = app.sign_up("ada").await;
    let cases = [
        ("ada@example.com", PASSWORD, 200, 2),
        ("ada@example.com", "not it", 401, 1 + 1),
        ("nobody@example.com", "not it", 401, 1 + 1),
    ];
    let mut fewest = [usize::MAX; 3];
    // Connections open and statements are prepared on each in the course of the rounds.
    for _ in 0..9 {
        for ((email, password, status, _), fewest) in cases.iter().zip(&mut fewest) {
            let before = proxy.round_trips();
            let body = json!({"email": email, "password": password});
            ada.post("/auth/login", body).await.expect(*status);
            app.app.audit.flush().await;
            *fewest = (*fewest).min(proxy.round_trips() - before);
        }
    }
    assert_eq!(fewest, cases.map(|case| case.3));
}

/// A process that has seen the session proves the token with what never changes of it, and asks only to
/// compare and set; one that has not reads first. A forged token of a known session asks nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_is_one_round_trip_where_the_session_is_known_and_two_where_it_is_not() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let url = proxy.before(&url);
    let known = TestApp::over(&url, Clock::frozen(NOW), 1, |_| {}).await;
    let ada = known.sign_up("ada").await;
    let mut token = ada.refresh_token.clone().unwrap();
    let mut fewest = [usize::MAX; 5];
    // Connections open and statements are prepared on each in the course of the rounds.
    for round in 0..9 {
        let new = TestApp::over(&url, Clock::frozen(NOW), 2 + round, |_| {}).await;
        let mut forged = token.clone();
        // In the middle of the MAC, which comes last.
        let at = token.len() - 20;
        forged.replace_range(at..=at, if &token[at..=at] == "A" { "B" } else { "A" });
        // What opens connections and prepares statements is another session's.
        let warm = new.sign_up(&format!("warm{round}")).await.refresh_token.unwrap();
        let cold = TestApp::over(&url, Clock::frozen(NOW), 20 + round, |_| {}).await;
        let warmed = refreshed(&cold, &warm).await;
        refreshed(&cold, &warmed).await;
        let uses = [(&known, 200), (&known, 401), (&new, 200), (&new, 200), (&cold, 200)];
        for (place, (app, status)) in uses.into_iter().enumerate() {
            let presented = if status == 200 { &token } else { &forged };
            let body = json!({"refresh_token": presented});
            let before = proxy.round_trips();
            let reply = app.anonymous().post("/auth/refresh", body).await.expect(status);
            fewest[place] = fewest[place].min(proxy.round_trips() - before);
            if status == 200 {
                token = reply.json()["refresh_token"].as_str().unwrap().to_owned();
            }
        }
    }
    // The third also opens connections.
    assert_eq!((fewest[0], fewest[1], fewest[3], fewest[4]), (1, 0, 1, 2), "{fewest:?}");
}

async fn refreshed(app: &TestApp, token: &str) -> String {
    let body = json!({"refresh_token": token});
    let reply = app.anonymous().post("/auth/refresh", body).await.expect(200).json();
    reply["refresh_token"].as_str().unwrap().to_owned()
}

/// Every entry of every index would be written anew with each refresh, which costs most of it.
#[tokio::test]
async fn no_index_holds_what_a_refresh_or_a_confirmation_moves() {
    const INDEXED: Sql = statement!(
        "INDEXED",
        "SELECT DISTINCT a.attname::text FROM pg_index i JOIN pg_attribute a \
            ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
            WHERE i.indrelid = 'sessions'::regclass ORDER BY 1"
    );
    let (db, _) = database().await;
    let indexed: Vec<String> = db.query(step!(INDEXED)).await.unwrap();
    let unmoved = ["created_at", "id", "max_expires_at", "network", "program", "user_id"];
    assert_eq!(indexed, unmoved);
}

/// Who makes up names of keys keeps the database no busier than who asks for the
/// published set, and names of another shape do not reach it at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_key_names_ask_the_database_once_in_five_seconds() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let clock = Clock::frozen(NOW);
    let app = TestApp::over(&proxy.before(&url), clock.clone(), 1, |_| {}).await;
    let made_up = async |kid: &str| {
        let header = json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"}).to_string();
        let token = [header.as_str(), "{}", "x"].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let reply = app.anonymous().with_token(&token).get("/auth/me").await;
        reply.expect_problem(401, "invalid_token");
    };
    let pair = |number: u8| URL_SAFE_NO_PAD.encode([number; 32]);
    made_up(&pair(0)).await;
    let mut fewest = [usize::MAX; 2];
    for _ in 0..3 {
        let before = proxy.round_trips();
        for number in 0..60 {
            made_up(&pair(number)).await;
        }
        for kid in [
            "",
            "x",
            "../../etc/passwd",
            "' OR 1=1 --",
            "http://127.0.0.1:1/",
            "hs-0123456789abcdef",
        ] {
            made_up(kid).await;
        }
        fewest[0] = fewest[0].min(proxy.round_trips() - before);
        clock.advance(std::time::Duration::from_secs(5));
        let before = proxy.round_trips();
        made_up(&pair(0)).await;
        fewest[1] = fewest[1].min(proxy.round_trips() - before);
    }
    // Now and then a second connection opens beside it.
    assert_eq!(fewest, [0, 1]);
}

#[tokio::test]
async fn nothing_is_sent_while_nobody_asks() {
    let (_, url) = database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let db = open(&proxy.before(&url)).await;
    let ada = user(&db).await;
    task(&db, ada, "a task").await;
    // Real seconds here and below: what a driver or the kernel would send by itself asks no clock of ours.
    // Connections that were asked for may still be opening.
    let mut sent = 0;
    while std::mem::replace(&mut sent, proxy.bytes()) != sent {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(proxy.bytes(), sent);
    // Nor is a lost connection opened again before somebody asks.
    proxy.cut();
    while proxy.connections() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!((proxy.bytes(), proxy.connections()), (sent, 0));
    assert_eq!(db.find::<i64>(step!(ONE)).await.unwrap(), Some(1));
}
