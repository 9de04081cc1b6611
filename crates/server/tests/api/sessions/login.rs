//! `POST /auth/login`.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward::config::HashScheme;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{part, rotate};
use crate::accounts::{set_active, set_hash, sql, stored_hash};
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Reply, TestApp};

const WRONG: &str = "the wrong password";

async fn login(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous().post("/auth/login", json!({"email": email, "password": password})).await
}

async fn form(app: &TestApp, fields: &[(&str, &str)]) -> Reply {
    app.anonymous().post_form("/auth/login", fields).await
}

/// All that a client can tell two answers apart by.
fn visible(reply: &Reply) -> (u16, Value, BTreeMap<String, String>) {
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (reply.status, body, headers)
}

both! {
    async fn a_sign_in_returns_the_tokens_of_a_new_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_micros(999_999));
        let reply = login(&app, "ADA@example.com", PASSWORD).await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        let tokens = reply.json();
        assert_eq!(tokens["token_type"], "bearer");
        assert_eq!(tokens["expires_in"], 24 * 60 * 60);
        assert_eq!(tokens["refresh_expires_in"], 30 * 24 * 60 * 60);
        let members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
        let expected = ["access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type", "user"];
        assert_eq!(members, expected);
        assert_eq!(tokens["user"], ada.user, "as registering and /auth/me show it");
        let token = tokens["access_token"].as_str().unwrap();
        let header = part(token, 0);
        assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("JWT")));
        assert!(header["kid"].is_string());
        let claims = part(token, 1);
        let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
        let expected = [
            "acr", "amr", "auth_time", "exp", "gen", "iat", "iss", "jti", "roles", "sid", "sub", "user_id",
        ];
        assert_eq!(names, expected, "no personal data, no aud");
        assert_eq!(claims["sub"], ada.user["id"]);
        assert_eq!(claims["user_id"], ada.user["id"]);
        assert_eq!(claims["iss"], "doorward");
        assert_eq!(claims["gen"], 0);
        assert_eq!(claims["iat"], 1_795_176_000, "floored");
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd"]), &json!("aal1")));
        assert_eq!(claims["auth_time"], claims["iat"]);
        assert_eq!(claims["roles"], json!(["user"]));
        assert_ne!(claims["sid"], part(ada.token.as_ref().unwrap(), 1)["sid"]);
        assert_ne!(claims["jti"], part(ada.token.as_ref().unwrap(), 1)["jti"]);
        ada.with_token(token).get("/auth/me").await.expect(200);
    }

    async fn an_audience_is_named_where_one_is_configured(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.token_audience = Some("app".into())).await;
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().unwrap();
        assert_eq!((&part(&token, 0)["typ"], &part(&token, 1)["aud"]), (&json!("at+jwt"), &json!("app")));
        ada.get("/auth/me").await.expect(200);
    }

    async fn an_access_token_never_outlives_its_session(engine: Engine) {
        let hour = Duration::from_hours(1);
        let app = TestApp::with(engine, |settings| settings.session_max_ttl = hour).await;
        let ada = app.sign_up("ada").await;
        let tokens = login(&app, "ada@example.com", PASSWORD).await.json();
        assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(3600), &json!(3600)));
        app.advance(Duration::from_mins(30));
        let (_, access) = rotate(&ada, ada.refresh_token.as_ref().unwrap()).await;
        let claims = part(&access, 1);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 1800);
    }

    async fn username_is_an_alias_of_email(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let body = json!({"username": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", body).await.expect(200);
    }

    async fn a_form_signs_in_as_swagger_sends_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let fields = [
            ("grant_type", "password"), ("username", "ada@example.com"), ("password", PASSWORD),
            ("scope", ""), ("client_id", "x"), ("client_secret", "y"),
        ];
        form(&app, &fields).await.expect(200);
        form(&app, &fields[1..3]).await.expect(200);
        let body = "username=ada%40example.com&password=correct+horse%20battery+staple";
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("authorization", "Basic eDp5"),
        ];
        app.anonymous().raw("POST", "/auth/login", &headers, body).await.expect(200);
        let body = format!("--B\r\ncontent-disposition: form-data; name=\"username\"\r\n\r\nada@example.com\r\n\
            --B\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n{PASSWORD}\r\n--B--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=B")];
        app.anonymous().raw("POST", "/auth/login", &headers, body).await.expect(200);
    }

    async fn failed_forms_speak_oauth_too_and_json_does_not(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let wrong = [("username", "ada@example.com"), ("password", WRONG)];
        let reply = form(&app, &wrong).await.expect_problem(401, "invalid_credentials");
        assert_eq!(reply.json()["error"], "invalid_grant");
        assert_eq!(reply.json()["error_description"], reply.json()["detail"]);
        let other = [("username", "a"), ("password", "b"), ("grant_type", "client_credentials")];
        let reply = form(&app, &other).await.expect_problem(422, "validation");
        assert_eq!(reply.json()["error"], "unsupported_grant_type");
        let reply = form(&app, &[("username", "a")]).await.expect_problem(422, "validation");
        assert_eq!(reply.json()["error"], "invalid_request");
        let reply = login(&app, "ada@example.com", WRONG).await.expect(401);
        assert_eq!(reply.json()["error"], Value::Null);
    }

    async fn malformed_forms_are_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let twice = [("username", "ada@example.com"), ("password", WRONG), ("password", PASSWORD)];
        form(&app, &twice).await.expect_problem(400, "bad_request");
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        for body in [&b"username=a&password=%ff%fe"[..], b"username=a&password=\xff\xfe"] {
            let reply = app.anonymous().raw("POST", "/auth/login", &kind, body.to_vec()).await;
            reply.expect_problem(400, "bad_request");
        }
        for kind in ["multipart/form-data", "multipart/form-data; boundary=B", "text/plain", "", "application/x-www"] {
            let reply = app.anonymous().raw("POST", "/auth/login", &[("content-type", kind)], "--X").await;
            assert!(matches!(reply.status, 400 | 415), "{kind}: {}", reply.status);
        }
    }

    async fn an_unknown_account_and_a_wrong_password_are_answered_alike(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        app.sign_up("passwordless").await;
        set_hash(&app, "passwordless@example.com", None).await;
        let wrong = login(&app, "ada@example.com", WRONG).await.expect_problem(401, "invalid_credentials");
        assert_eq!(wrong.header("www-authenticate"), "Bearer");
        for email in ["bob@example.com", "passwordless@example.com", "no address", "", "a\0b", "ä@x.y"] {
            let unknown = login(&app, email, WRONG).await;
            assert_eq!(visible(&unknown), visible(&wrong), "{email:?}");
            let unknown = form(&app, &[("username", email), ("password", WRONG)]).await;
            let wrong = form(&app, &[("username", "ada@example.com"), ("password", WRONG)]).await;
            assert_eq!(visible(&unknown), visible(&wrong), "{email:?} by form");
        }
    }

    async fn every_failed_sign_in_costs_exactly_one_hash(engine: Engine) {
        for scheme in [HashScheme::Argon2id { m: 64, t: 1, p: 1 }, HashScheme::Bcrypt { cost: 4 }] {
            let app = TestApp::with(engine, |settings| settings.password_hash = scheme).await;
            for name in ["ada", "passwordless", "disabled", "broken"] {
                app.sign_up(name).await;
            }
            set_hash(&app, "passwordless@example.com", None).await;
            set_hash(&app, "broken@example.com", Some("!not a hash")).await;
            set_active(&app, "disabled@example.com", false).await;
            for email in [
                "ada@example.com", "passwordless@example.com", "disabled@example.com", "broken@example.com",
                "unknown@example.com", "no address",
            ] {
                let before = app.app.passwords.hashing.hashes_computed();
                login(&app, email, WRONG).await.expect_problem(401, "invalid_credentials");
                assert_eq!(app.app.passwords.hashing.hashes_computed() - before, 1, "{email}");
            }
        }
    }

    async fn a_disabled_account_says_so_to_the_right_password_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        set_active(&app, "ada@example.com", false).await;
        login(&app, "ada@example.com", PASSWORD).await.expect_problem(403, "account_disabled");
        login(&app, "ada@example.com", WRONG).await.expect_problem(401, "invalid_credentials");
        let reply = form(&app, &[("username", "ada@example.com"), ("password", PASSWORD)]).await;
        assert_eq!(reply.expect(403).json()["error"], "invalid_grant");
    }

    async fn only_presence_type_and_size_are_validated(engine: Engine) {
        let app = TestApp::start(engine).await;
        for body in [
            json!({}), json!({"email": "a@b.example"}), json!({"password": "x"}), json!({"email": null, "password": "x"}),
            json!({"email": 1, "password": "x"}), json!({"email": "a@b.example", "password": 12_345_678}),
            json!({"email": "a@b.example", "password": ["x"]}), json!({"email": "a@b.example", "password": null}),
            json!({"email": "x".repeat(255), "password": "x"}), json!({"email": "a", "password": "x".repeat(1025)}),
        ] {
            app.anonymous().post("/auth/login", body).await.expect_problem(422, "validation");
        }
        assert_eq!(app.app.passwords.hashing.hashes_computed(), 0);
        for (email, password) in [("nonsense", "x"), ("", ""), ("a@b", &"x".repeat(1024)), ("admin", "admin")] {
            login(&app, email, password).await.expect_problem(401, "invalid_credentials");
        }
    }

    async fn hashes_of_other_parameters_are_replaced_at_the_next_sign_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let raised = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            settings.password_hash = HashScheme::Argon2id { m: 128, t: 2, p: 1 };
        }).await;
        app.sign_up("ada").await;
        let old = stored_hash(&app, "ada@example.com").await;
        login(&raised, "ada@example.com", WRONG).await.expect(401);
        assert_eq!(stored_hash(&app, "ada@example.com").await, old);
        login(&raised, "ada@example.com", PASSWORD).await.expect(200);
        let new = stored_hash(&app, "ada@example.com").await;
        assert!(new.starts_with("$argon2id$v=19$m=128,t=2,p=1$"), "{new}");
        login(&raised, "ada@example.com", PASSWORD).await.expect(200);
        assert_eq!(stored_hash(&app, "ada@example.com").await, new, "once");
        login(&app, "ada@example.com", PASSWORD).await.expect(200);
    }

    async fn concurrent_sign_ins_that_upgrade_one_hash_all_succeed(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let raised = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            settings.password_hash = HashScheme::Bcrypt { cost: 4 };
        }).await;
        let replies = join_all((0..8).map(|_| login(&raised, "ada@example.com", PASSWORD))).await;
        for reply in replies {
            reply.expect(200);
        }
        assert!(stored_hash(&app, "ada@example.com").await.starts_with("$2b$04$"));
    }

    async fn hashes_made_elsewhere_sign_in_and_are_replaced(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (name, hash) in [
            ("bcrypt", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("php", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ] {
            app.sign_up(name).await;
            let key = format!("{name}@example.com");
            set_hash(&app, &key, Some(hash)).await;
            login(&app, &key, "U*U").await.expect(200);
            assert!(stored_hash(&app, &key).await.starts_with("$argon2id$"), "{name}");
            login(&app, &key, "U*U").await.expect(200);
            login(&app, &key, PASSWORD).await.expect(401);
        }
    }

    async fn a_password_never_grows_old(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for _ in 0..10 {
            app.advance(Duration::from_hours(24 * 366));
            let again = ada.login("ada@example.com", PASSWORD).await;
            assert_eq!(again.get("/auth/me").await.expect(200).json(), ada.user, "nothing is asked for");
        }
    }

    async fn a_new_database_lets_nobody_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        for text in ["SELECT count(*) FROM users", "SELECT count(*) FROM user_roles"] {
            let rows: Vec<i64> = sql(&app, text).await;
            assert_eq!(rows, [0], "{text}");
        }
        for name in ["admin", "root", "administrator", "doorward", "test", "admin@example.com", "admin@localhost"] {
            for password in ["admin", "password", "changeme", "doorward", "root", ""] {
                login(&app, name, password).await.expect_problem(401, "invalid_credentials");
                app.advance(Duration::from_hours(1));
            }
        }
        // Whoever comes first is a user like any other.
        app.sign_up("first").await.get("/admin/users").await.expect_problem(403, "insufficient_scope");
    }

    async fn a_sign_in_makes_new_tokens_and_adopts_none(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let eve = app.sign_up("eve").await;
        let body = json!({
            "email": "ada@example.com", "password": PASSWORD, "refresh_token": eve.refresh_token,
            "access_token": eve.token, "sid": "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5",
        });
        let tokens = eve.post("/auth/login", body).await.expect(200).json();
        for other in [&ada, &eve] {
            assert_ne!(tokens["refresh_token"].as_str(), other.refresh_token.as_deref());
            assert_ne!(tokens["access_token"].as_str(), other.token.as_deref());
        }
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(part(token, 1)["sub"], ada.user["id"]);
        assert_ne!(part(token, 1)["sid"], "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5");
    }

    async fn the_device_is_remembered(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        let agent = "x".repeat(300);
        let headers = [("content-type", "application/json"), ("user-agent", agent.as_str())];
        app.anonymous().from("203.0.113.7").raw("POST", "/auth/login", &headers, body).await.expect(200);
        let find = "SELECT user_agent FROM sessions WHERE ip = '203.0.113.7'";
        let agents: Vec<String> = sql(&app, find).await;
        assert_eq!(agents, ["x".repeat(256)]);
    }

    async fn nothing_stored_signs_anybody_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let salts: Vec<Salt> = sql(&app, "SELECT salt FROM sessions").await;
        assert_eq!(salts[0].0.len(), 32);
        let token = ada.refresh_token.unwrap();
        let secret = token.strip_prefix("dwr_").unwrap();
        assert!(secret.len() * 6 >= 128 + 28 * 8, "at least 128 bits beside the public part");
        let texts = "SELECT coalesce(ip, '') || coalesce(user_agent, '') || coalesce(end_reason, '') FROM sessions";
        let texts: Vec<String> = sql(&app, texts).await;
        assert!(!texts[0].contains("dwr_"));
    }
}

struct Salt(Vec<u8>);

impl doorward::db::FromRow for Salt {
    fn from_row(row: &mut doorward::db::Columns<'_>) -> doorward::sql::Result<Self> {
        row.read().map(Self)
    }
}
