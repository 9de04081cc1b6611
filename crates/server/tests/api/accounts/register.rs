//! `POST /auth/register`.

use std::collections::HashSet;

use doorward::config::{HashScheme, Registration};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{sql, stored_hash};
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

pub(super) async fn register(client: &Client, email: &str, password: &str) -> Reply {
    client.post("/auth/register", json!({"email": email, "password": password})).await
}

pub(super) async fn count(app: &TestApp) -> i64 {
    sql(app, "SELECT count(*) FROM users").await[0]
}

fn fields(reply: &Reply) -> Vec<String> {
    let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["loc"][1].as_str().unwrap_or_default().to_owned()).collect()
}

both! {
    async fn a_new_account_is_answered_with_its_user_and_where_it_is(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = json!({"email": "Ada@Example.com", "password": PASSWORD, "name": "  Ada  "});
        let reply = app.anonymous().post("/auth/register", body).await.expect(201);
        assert_eq!(reply.header("location"), "/auth/me");
        assert_eq!(reply.header("cache-control"), "no-store");
        let user = reply.json();
        let members: HashSet<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["id", "email", "name", "is_active", "email_verified", "roles", "locale",
            "user_metadata", "app_metadata", "created_at", "updated_at"];
        assert_eq!(members, HashSet::from(expected));
        assert_eq!(user["email"], "Ada@Example.com");
        assert_eq!(user["name"], "Ada");
        assert_eq!(user["is_active"], true);
        assert_eq!(user["email_verified"], false);
        assert_eq!(user["roles"], json!(["user"]));
        assert_eq!(user["created_at"], "2026-11-20T12:00:00Z");
        let ada = app.anonymous().login("ada@example.com", PASSWORD).await;
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), user);
    }

    async fn a_second_registration_of_an_address_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let other = "another good password";
        for email in ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@example.Com"] {
            register(&app.anonymous(), email, other).await.expect_problem(409, "email_taken");
        }
        assert_eq!(count(&app).await, 1);
        app.anonymous().login("ada@example.com", PASSWORD).await;
        let body = json!({"email": "ada@example.com", "password": other});
        app.anonymous().post("/auth/login", body).await.expect(401);
    }

    async fn concurrent_registration_of_one_address_gives_exactly_one_201(engine: Engine) {
        let app = TestApp::start(engine).await;
        let replica = app.replica().await;
        let clients: Vec<Client> =
            (0..16).map(|n| if n % 2 == 0 { app.anonymous() } else { replica.anonymous() }).collect();
        let replies =
            join_all(clients.iter().map(|client| register(client, "ada@example.com", PASSWORD))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        let taken = replies.iter().filter(|reply| reply.status == 409).count();
        assert_eq!((made, taken), (1, 15));
        assert_eq!(count(&app).await, 1);
    }

    async fn spellings_that_look_like_an_address_never_open_its_account(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        register(&client, "mike@example.com", PASSWORD).await.expect(201);
        for email in [
            "mıke@example.com", "mike@exampLe.com\u{200b}", "mike@ｅxample.com", "ｍike@example.com",
            "mike@example。com", "mi\u{212a}e@example.com", "mike@xn--example-.com",
            "mike@exam\u{ad}ple.com", "mike@ex\u{430}mple.com", "mike @example.com", "mike@example.com.",
        ] {
            let status = register(&client, email, "another good password").await.status;
            assert!(status == 422 || status == 201, "{email:?} {status}");
            let body = json!({"email": email, "password": PASSWORD});
            assert_eq!(client.post("/auth/login", body).await.status, 401, "{email:?}");
        }
        assert!(count(&app).await <= 2, "only the Cyrillic domain is a domain of its own");
    }

    async fn dangerous_and_malformed_addresses_are_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        let long = format!("{}@example.com", "x".repeat(243));
        for email in [
            "", "ada", "@", "ada@", "@example.com", "ada@localhost", "a b@example.com", "ada@exa mple.com",
            "ada@example.com\r\nBcc: eve@example.com", "ada\0@example.com", "ada@example.com\0",
            "a\u{200b}da@example.com", "ada\u{202e}@example.com", "\"ada\"@example.com",
            "ada@example.com,eve@example.com", "ada@example.com eve@example.com", "ada(x)@example.com",
            "äda@example.com", &long,
        ] {
            let reply = register(&client, email, PASSWORD).await.expect_problem(422, "validation");
            assert_eq!(fields(&reply), ["email"], "{email:?}");
        }
        for email in [json!(["a@example.com"]), json!({"a": 1}), json!(1), json!(null), json!(true)] {
            let body = json!({"email": email, "password": PASSWORD});
            client.post("/auth/register", body).await.expect_problem(422, "validation");
        }
        assert_eq!(count(&app).await, 0);
        assert_eq!(app.app.passwords.hashing.hashes_computed(), 0, "nothing was hashed for nothing");
    }

    async fn all_problems_are_named_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = json!({"email": "nonsense", "password": "short", "name": "a\u{7}b"});
        let reply = app.anonymous().post("/auth/register", body).await.expect_problem(422, "validation");
        assert_eq!(fields(&reply), ["email", "name", "password"]);
        let reply = app.anonymous().post("/auth/register", json!({})).await.expect(422);
        assert_eq!(fields(&reply), ["email", "password"]);
        assert_eq!(reply.json()["errors"][0]["type"], "missing");
        assert_eq!(reply.json()["errors"][0]["pointer"], "#/email");
    }

    async fn a_password_has_8_to_256_characters_and_no_composition_rule(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        for (n, password) in [
            "a".repeat(7), String::new(), "a".repeat(257), "ä".repeat(600), "ada@example.com".into(),
            "ADA@example.com".into(), "DoorWard".into(),
        ].iter().enumerate() {
            let reply = register(&client, "ada@example.com", password).await;
            let reply = reply.expect_problem(422, "validation");
            assert_eq!(fields(&reply), ["password"], "{n}");
        }
        let local = register(&client, "lovelace@example.com", "Lovelace").await;
        assert_eq!(fields(&local.expect(422)), ["password"]);
        for (n, password) in [
            "abcdefghijklmnopqrst".to_owned(), "98765432109876543210".into(), "        ".into(), "😀".repeat(8),
            "x".repeat(64), "x".repeat(100), "😀".repeat(256),
        ].iter().enumerate() {
            let email = format!("u{n}@example.com");
            register(&client, &email, password).await.expect(201);
            client.login(&email, password).await;
        }
    }

    async fn a_setting_raises_the_minimum_length(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.password_min_length = 15).await;
        let client = app.anonymous();
        register(&client, "ada@example.com", "fourteen chars").await.expect_problem(422, "validation");
        register(&client, "ada@example.com", "fifteen chars!!").await.expect(201);
    }

    async fn a_password_is_taken_exactly_as_sent(engine: Engine) {
        for scheme in [HashScheme::Argon2id { m: 64, t: 1, p: 1 }, HashScheme::Bcrypt { cost: 4 }] {
            let app = TestApp::with(engine, |settings| settings.password_hash = scheme).await;
            let client = app.anonymous();
            for (n, password) in [
                "  Spaces around  ".to_owned(), "nul\0inside".into(), "x".repeat(64), "x".repeat(71),
                "x".repeat(72), "x".repeat(73), "x".repeat(128), "x".repeat(256), "Ünïcödé\u{301}".into(),
            ].iter().enumerate() {
                let email = format!("u{n}@example.com");
                register(&client, &email, password).await.expect(201);
                client.login(&email, password).await;
                let others = [
                    password.trim().to_owned(), password.to_lowercase(), password.to_uppercase(),
                    format!("{password}x"), format!("{password}\0"), format!("{password} "),
                    password.split('\0').next().unwrap().to_owned(),
                    password.chars().take(64).collect(), password.chars().take(72).collect(),
                    password.chars().take(128).collect(),
                ];
                for other in others.iter().filter(|other| *other != password) {
                    let body = json!({"email": email, "password": other});
                    let status = client.post("/auth/login", body).await.status;
                    assert_eq!(status, 401, "{scheme:?}: {other:?} for {password:?}");
                }
            }
        }
    }

    async fn a_password_of_a_megabyte_is_refused_without_being_hashed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        let giant = "x".repeat(1024 * 1024);
        register(&client, "ada@example.com", &giant).await.expect_problem(413, "payload_too_large");
        let body = json!({"email": "ada@example.com", "password": giant});
        client.post("/auth/login", body).await.expect_problem(413, "payload_too_large");
        let form = [("username", "ada@example.com"), ("password", giant.as_str())];
        client.post_form("/auth/login", &form).await.expect_problem(413, "payload_too_large");
        let big = "x".repeat(1025);
        register(&client, "ada@example.com", &big).await.expect_problem(422, "validation");
        let body = json!({"email": "ada@example.com", "password": big});
        client.post("/auth/login", body).await.expect_problem(422, "validation");
        assert_eq!(app.app.passwords.hashing.hashes_computed(), 0);
    }

    async fn passwords_are_stored_as_argon2id_with_a_salt_of_their_own(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.password_hash = HashScheme::default()).await;
        app.sign_up("ada").await;
        app.sign_up("eve").await;
        let (ada, eve) = (stored_hash(&app, "ada@example.com").await, stored_hash(&app, "eve@example.com").await);
        for hash in [&ada, &eve] {
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        }
        let salt = |hash: &str| hash.split('$').nth(4).unwrap().to_owned();
        assert_ne!(salt(&ada), salt(&eve));
        assert_eq!(salt(&ada).len(), 22, "16 bytes");
    }

    async fn privileged_and_unknown_fields_have_no_effect(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = json!({
            "email": "eve@example.com", "password": PASSWORD, "id": "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5",
            "user_id": "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5", "is_admin": true, "role": "admin",
            "roles": ["admin"], "is_active": false, "email_verified": true, "hashed_password": "x",
            "created_at": "2000-01-01T00:00:00Z", "unknown": {"a": [1]},
        });
        let user = app.anonymous().post("/auth/register", body).await.expect(201).json();
        assert_ne!(user["id"], "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5");
        assert_eq!(user["roles"], json!(["user"]));
        assert_eq!((&user["is_active"], &user["email_verified"]), (&json!(true), &json!(false)));
        assert_eq!(user["created_at"], "2026-11-20T12:00:00Z");
        let eve = app.anonymous().login("eve@example.com", PASSWORD).await;
        assert_eq!(eve.get("/auth/me").await.expect(200).json(), user);
    }

    async fn no_response_contains_a_password_or_hash(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        let secret = "s3cr3t-pässwörd-never-echoed";
        let mut replies = vec![register(&client, "ada@example.com", secret).await.expect(201)];
        replies.push(register(&client, "ada@example.com", secret).await.expect(409));
        replies.push(register(&client, secret, secret).await.expect(422));
        let signed_in = client.login("ada@example.com", secret).await;
        replies.push(signed_in.get("/auth/me").await.expect(200));
        for body in [
            json!({"email": "ada@example.com", "password": secret}),
            json!({"email": "eve@example.com", "password": secret}),
            json!({"email": 1, "password": secret}),
            json!({"email": "ada@example.com", "password": [secret]}),
        ] {
            replies.push(client.post("/auth/login", body).await);
        }
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        let common = "password1";
        for body in [
            change(secret, common), change("not it", secret), json!({"current_password": [secret], "new_password": secret}),
            change(secret, &secret.repeat(50)),
        ] {
            replies.push(signed_in.post("/auth/password", body).await);
        }
        replies.push(signed_in.patch("/auth/me", json!({"name": [secret], "password": secret})).await);
        replies.push(signed_in.delete_with("/auth/me", json!({"password": [secret]})).await.expect(422));
        let broken = format!("{{\"password\": \"{secret}\" x");
        let kind = [("content-type", "application/json")];
        replies.push(client.raw("POST", "/auth/login", &kind, broken).await.expect(400));
        let hash = stored_hash(&app, "ada@example.com").await;
        let tag = hash.rsplit('$').next().unwrap().to_owned();
        let salt = hash.split('$').nth(4).unwrap().to_owned();
        for reply in replies {
            let text = format!("{} {:?}", reply.text(), reply.headers);
            for secret in [secret, "hashed_password", "argon2", &tag, &salt] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    async fn closed_registration_refuses_everybody_before_hashing(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.registration = Registration::Closed).await;
        register(&app.anonymous(), "ada@example.com", PASSWORD)
            .await
            .expect_problem(403, "registration_closed");
        assert_eq!((count(&app).await, app.app.passwords.hashing.hashes_computed()), (0, 0));
    }

    async fn only_json_is_read(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        let form = [("email", "ada@example.com"), ("password", PASSWORD)];
        client.post_form("/auth/register", &form).await.expect_problem(415, "unsupported_media_type");
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        for kind in ["text/plain", "", "application/xml"] {
            let reply = client.raw("POST", "/auth/register", &[("content-type", kind)], body.clone()).await;
            reply.expect_problem(415, "unsupported_media_type");
        }
        let json = [("content-type", "application/json; charset=utf-8")];
        for body in ["", "{", "[1", "\u{1}"] {
            client.raw("POST", "/auth/register", &json, body).await.expect_problem(400, "bad_request");
        }
        client.raw("POST", "/auth/register", &json, "[]").await.expect_problem(422, "validation");
        client.raw("POST", "/auth/register", &json, body).await.expect(201);
    }
}

both! {
    async fn a_name_is_optional_and_checked(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.anonymous();
        for (n, (name, kept)) in [
            (json!(null), json!(null)),
            (json!(" \u{a0}Ada\t"), json!("Ada")),
            (json!("é".repeat(100)), json!("é".repeat(100))),
        ].into_iter().enumerate() {
            let body = json!({"email": format!("u{n}@example.com"), "password": PASSWORD, "name": name});
            let user: Value = client.post("/auth/register", body).await.expect(201).json();
            assert_eq!(user["name"], kept);
        }
        for name in [json!(""), json!("  "), json!("é".repeat(101)), json!("a\0b"), json!(1), json!([])] {
            let body = json!({"email": "x@example.com", "password": PASSWORD, "name": name});
            let reply = client.post("/auth/register", body).await.expect_problem(422, "validation");
            assert_eq!(fields(&reply), ["name"]);
        }
    }
}
