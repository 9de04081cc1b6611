//! User names, by setting: choosing one, signing in with it, and what it gives away.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::accounts::sql;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, Reply, TestApp};

async fn named(engine: Engine) -> TestApp {
    TestApp::with(engine, |settings| settings.usernames = true).await
}

async fn register(app: &TestApp, email: &str, username: impl Into<Value>) -> Reply {
    let body = json!({"email": email, "password": PASSWORD, "username": username.into()});
    app.anonymous().post("/auth/register", body).await
}

async fn sign_in(client: &Client, typed: &str, password: &str) -> Reply {
    client.post("/auth/login", json!({"username": typed, "password": password})).await
}

/// Everything a client sees but what differs from any request to the next.
fn seen(reply: &Reply) -> (u16, BTreeSet<String>, Value) {
    let names = reply.headers.keys().filter(|name| *name != "x-request-id");
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    (reply.status, names.map(ToString::to_string).collect(), body)
}

both! {
    async fn while_they_are_off_nobody_looks_at_them(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (number, username) in [json!("Ada"), json!("not a user name"), json!(7), json!(["x"]), json!(null)].into_iter().enumerate() {
            let made = register(&app, &format!("u{number}@example.com"), username).await.expect(201).json();
            assert!(made.get("username").is_none(), "{made}");
        }
        let ada = app.anonymous().login("u0@example.com", PASSWORD).await;
        let same = ada.patch("/auth/me", json!({"username": "!"})).await.expect(200).json();
        assert!(same.get("username").is_none());
        sign_in(&app.anonymous(), "Ada", PASSWORD).await.expect_problem(401, "invalid_credentials");
        assert_eq!(sql::<i64>(&app, "SELECT count(*) FROM users WHERE username_key IS NOT NULL").await, [0]);
        // One that was chosen while they were on opens nothing either.
        sql::<()>(&app, "UPDATE users SET username = 'Ada', username_key = 'ada' WHERE email = 'u0@example.com'").await;
        sign_in(&app.anonymous(), "Ada", PASSWORD).await.expect_problem(401, "invalid_credentials");
    }

    async fn a_user_name_or_the_address_signs_in_whatever_the_case(engine: Engine) {
        let app = named(engine).await;
        let made = register(&app, "ada@example.com", "Ada.Lovelace").await.expect(201).json();
        assert_eq!(made["username"], "Ada.Lovelace", "as typed");
        let client = app.anonymous();
        for typed in ["Ada.Lovelace", "ada.lovelace", "ADA.LOVELACE", " ada.lovelace ", "ada@example.com"] {
            let tokens = sign_in(&client, typed, PASSWORD).await.expect(200).json();
            assert_eq!(tokens["user"], made, "{typed}");
        }
        let form = [("username", "ada.lovelace"), ("password", PASSWORD)];
        let tokens = client.post_form("/auth/login", &form).await.expect(200).json();
        let refreshed = client.post("/auth/refresh", json!({"refresh_token": tokens["refresh_token"]})).await.expect(200);
        assert_eq!(refreshed.json()["user"], made);
        let by_email = json!({"email": "ada.lovelace", "password": PASSWORD});
        client.post("/auth/login", by_email).await.expect(200);
        let ada = client.with_token(tokens["access_token"].as_str().unwrap());
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), made);
    }

    async fn an_account_needs_none_and_always_has_its_address(engine: Engine) {
        let app = named(engine).await;
        let made = register(&app, "ada@example.com", Value::Null).await.expect(201).json();
        assert!(made.get("username").is_none());
        let body = json!({"username": "ada", "password": PASSWORD});
        let problem = app.anonymous().post("/auth/register", body).await.expect_problem(422, "validation");
        assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "email"]));
    }

    async fn what_is_no_user_name_is_422(engine: Engine) {
        let app = named(engine).await;
        for username in [
            json!("ab"), json!("x".repeat(31)), json!("eve@example.com"), json!("@eve"), json!("ada lovelace"), json!(""),
            json!("äda"), json!("аda"), json!("ada\u{200b}"), json!("a\0b"), json!("a/b"), json!(7), json!(["ada"]),
        ] {
            let problem = register(&app, "ada@example.com", username.clone()).await.expect_problem(422, "validation");
            assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "username"]), "{username}");
        }
        assert_eq!(app.app.passwords.hashing.hashes_computed(), 0, "nothing was hashed for nothing");
    }

    async fn one_that_is_taken_in_any_case_is_409_and_nothing_changes(engine: Engine) {
        let app = named(engine).await;
        register(&app, "ada@example.com", "ada").await.expect(201);
        for username in ["ada", "ADA", "Ada"] {
            register(&app, "eve@example.com", username).await.expect_problem(409, "username_taken");
        }
        register(&app, "ada@example.com", "eve").await.expect_problem(409, "email_taken");
        register(&app, "eve@example.com", "eve").await.expect(201);
        let eve = app.anonymous().login("eve", PASSWORD).await;
        let body = json!({"username": "ADA", "name": "Ada"});
        eve.patch("/auth/me", body).await.expect_problem(409, "username_taken");
        let user = eve.get("/auth/me").await.expect(200).json();
        assert_eq!((&user["username"], &user["name"]), (&json!("eve"), &Value::Null));
    }

    async fn of_registrations_of_one_at_once_one_gets_it(engine: Engine) {
        let app = named(engine).await;
        let emails: Vec<String> = (0..12).map(|number| format!("u{number}@example.com")).collect();
        let replies = join_all(emails.iter().map(|email| register(&app, email, "wanted"))).await;
        let taken = replies.iter().filter(|reply| reply.json()["code"] == "username_taken").count();
        assert_eq!((replies.iter().filter(|reply| reply.status == 201).count(), taken), (1, 11));
    }

    async fn one_s_own_is_changed_and_taken_away(engine: Engine) {
        let app = named(engine).await;
        let ada = app.sign_up("ada").await;
        let chosen = ada.patch("/auth/me", json!({"username": "ada"})).await.expect(200).json();
        assert_eq!(chosen["username"], "ada");
        let spelled = ada.patch("/auth/me", json!({"username": "Ada"})).await.expect(200).json();
        assert_eq!(spelled["username"], "Ada");
        assert_eq!(ada.patch("/auth/me", json!({"name": "x"})).await.expect(200).json()["username"], "Ada");
        let other = ada.patch("/auth/me", json!({"username": "countess"})).await.expect(200).json();
        assert_eq!(other["username"], "countess");
        sign_in(&ada, "ada", PASSWORD).await.expect(401);
        sign_in(&ada, "countess", PASSWORD).await.expect(200);
        let none = ada.patch("/auth/me", json!({"username": null})).await.expect(200).json();
        assert!(none.get("username").is_none());
        sign_in(&ada, "countess", PASSWORD).await.expect(401);
        sign_in(&ada, "ada@example.com", PASSWORD).await.expect(200);
        let problem = ada.patch("/auth/me", json!({"username": "a b"})).await.expect_problem(422, "validation");
        assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "username"]));
        let events: Vec<i64> = sql(&app, "SELECT count(*) FROM audit_log WHERE event = 'username.change'").await;
        assert_eq!(events, [4]);
    }

    async fn unknown_names_answer_and_work_like_known_ones(engine: Engine) {
        let app = named(engine).await;
        register(&app, "ada@example.com", "ada").await.expect(201);
        register(&app, "off@example.com", "disabled").await.expect(201);
        crate::accounts::set_active(&app, "off@example.com", false).await;
        let client = app.anonymous();
        let expected = seen(&sign_in(&client, "ada", "not it").await.expect_problem(401, "invalid_credentials"));
        for typed in ["nobody", "disabled", "ada@example.com", "nobody@example.com", "no", "ada\0", "ａda", "ada ada", "@ada", ""] {
            let before = app.app.passwords.hashing.work_done();
            assert_eq!(seen(&sign_in(&client, typed, "not it").await), expected, "{typed:?}");
            let after = app.app.passwords.hashing.work_done();
            assert_eq!((after.hashes - before.hashes, after.argon2_kib - before.argon2_kib), (1, 64), "{typed:?}");
        }
        app.app.audit.flush().await;
        let recorded: Vec<i64> = sql(&app, "SELECT count(*) FROM audit_log WHERE event = 'login' AND outcome = 'failure'").await;
        assert_eq!(recorded, [11]);
    }

    async fn guesses_are_counted_for_the_account_whatever_it_is_called(engine: Engine) {
        let app = named(engine).await;
        register(&app, "ada@example.com", "ada").await.expect(201);
        let eve = app.anonymous().from("198.51.100.1");
        let mut looked_at = 0;
        for round in 0..40 {
            let typed = ["ada", "ada@example.com", "ADA", "Ada@Example.com"][round % 4];
            looked_at += u32::from(sign_in(&eve, typed, "not it").await.status == 401);
        }
        assert_eq!(looked_at, 10, "the limit of one name");
        for typed in ["ada", "ada@example.com"] {
            sign_in(&eve, typed, "not it").await.expect_problem(429, "rate_limited");
        }
        // A name that nobody has is counted too.
        let statuses = join_all((0..30).map(|_| sign_in(&eve, "nobody", "not it"))).await;
        assert_eq!(statuses.iter().filter(|reply| reply.status == 401).count(), 10);
        app.advance(Duration::from_hours(2));
        sign_in(&eve, "ada", PASSWORD).await.expect(200);
        sign_in(&eve, "ada@example.com", "not it").await.expect(401);
    }

    async fn the_own_user_name_is_no_password(engine: Engine) {
        let app = named(engine).await;
        let body = json!({"email": "ada@example.com", "password": "Countess1", "username": "countess"});
        let problem = app.anonymous().post("/auth/register", body).await.expect_problem(422, "validation");
        assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "password"]));
        register(&app, "ada@example.com", "countess").await.expect(201);
        let ada = app.anonymous().login("countess", PASSWORD).await;
        let change = json!({"current_password": PASSWORD, "new_password": "countess"});
        let problem = ada.post("/auth/password", change).await.expect_problem(422, "validation");
        assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "new_password"]));
    }

    async fn administrators_give_and_find_them(engine: Engine) {
        let app = named(engine).await;
        let root = app.admin("root").await;
        for (email, username) in [("ada@example.com", "Ada.L"), ("bob@example.com", "bob_b"), ("eve@example.com", "bobby")] {
            let body = json!({"email": email, "username": username, "password": PASSWORD});
            let made = root.post("/admin/users", body).await.expect(201).json();
            assert_eq!(made["username"], username);
        }
        let taken = json!({"email": "x@example.com", "username": "ADA.l"});
        root.post("/admin/users", taken).await.expect_problem(409, "username_taken");
        let bad = json!({"email": "x@example.com", "username": "a b"});
        root.post("/admin/users", bad).await.expect_problem(422, "validation");
        sign_in(&app.anonymous(), "ada.l", PASSWORD).await.expect(200);
        for (query, found) in [
            ("username=BOB", vec!["bob_b", "bobby"]), ("username=_", vec!["bob_b"]), ("username=.", vec!["Ada.L"]),
            ("username=bob&email=eve@example.com", vec!["bobby"]), ("username=ada&email=eve@example.com", vec![]),
            ("username=bob&role=user", vec!["bob_b", "bobby"]), ("username=bob&role=admin", vec![]),
            ("username=bob&is_active=false", vec![]), ("username=zz", vec![]),
        ] {
            let rows = root.get(&format!("/admin/users?{query}")).await.expect(200).json();
            let names: BTreeSet<&str> = rows.as_array().unwrap().iter().map(|row| row["username"].as_str().unwrap()).collect();
            assert_eq!(names, found.into_iter().collect(), "{query}");
        }
    }
}
