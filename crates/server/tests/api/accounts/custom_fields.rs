//! Fields of an app's own on accounts: those of the owner, those of administrators, and the language.

use serde_json::{Value, json};

use crate::both;
use crate::sessions::part;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

async fn patched(client: &Client, change: Value) -> Value {
    client.patch("/auth/me", change).await.expect(200).json()
}

/// What the payload of an access token says of administrators' fields.
fn claimed(token: &str) -> Value {
    part(token, 1)["app_metadata"].clone()
}

both! {
    async fn what_i_say_of_myself_when_i_register_is_shown_wherever_i_am(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD, "locale": "PT-br",
            "user_metadata": {"plan": "free", "n": {"a": [1.50, "x"]}}, "app_metadata": {"plan": "gold"}});
        let made = app.anonymous().post("/auth/register", body).await.expect(201).json();
        let own = json!({"plan": "free", "n": {"a": [1.50, "x"]}});
        assert_eq!((&made["user_metadata"], &made["app_metadata"]), (&own, &json!({})));
        assert_eq!(made["locale"], "pt-BR");
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let tokens = app.anonymous().post("/auth/login", login).await.expect(200).json();
        assert_eq!(tokens["user"], made);
        let refresh = json!({"refresh_token": tokens["refresh_token"]});
        let next = app.anonymous().post("/auth/refresh", refresh).await.expect(200).json();
        assert_eq!(next["user"], made);
        let ada = app.anonymous().with_token(next["access_token"].as_str().expect("a token"));
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), made);
    }

    async fn my_fields_change_by_a_merge_patch_and_null_clears_them(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        assert_eq!((&ada.user["user_metadata"], &ada.user["locale"]), (&json!({}), &Value::Null));
        for (change, fields) in [
            (json!({"user_metadata": {"a": 1, "b": {"c": 2, "d": 3}}}), json!({"a": 1, "b": {"c": 2, "d": 3}})),
            (json!({"name": "Ada"}), json!({"a": 1, "b": {"c": 2, "d": 3}})),
            (json!({"user_metadata": {"b": {"c": null}, "e": "é"}}), json!({"a": 1, "b": {"d": 3}, "e": "é"})),
            (json!({"user_metadata": null}), json!({})),
        ] {
            assert_eq!(patched(&ada, change).await["user_metadata"], fields);
        }
        assert_eq!(patched(&ada, json!({"locale": "zh-hant-tw"})).await["locale"], "zh-Hant-TW");
        assert_eq!(patched(&ada, json!({"name": null})).await["locale"], "zh-Hant-TW");
        let cleared = patched(&ada, json!({"locale": null})).await;
        assert_eq!(cleared["locale"], Value::Null);
        assert_eq!(ada.get("/auth/me").await.json(), cleared);
    }

    async fn what_does_not_fit_is_refused_by_name_and_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let half = json!({"user_metadata": {"a": "x".repeat(9000)}});
        let before = patched(&ada, half).await;
        let deep = (0..9).fold(json!({}), |inside, _| json!({"a": inside}));
        for (field, change) in [
            ("user_metadata", json!({"name": "Eve", "user_metadata": {"b": "x".repeat(9000)}})),
            ("user_metadata", json!({"user_metadata": {"b": "x".repeat(17_000)}})),
            ("user_metadata", json!({"user_metadata": [1]})),
            ("user_metadata", json!({"user_metadata": "{}"})),
            ("user_metadata", json!({"user_metadata": deep})),
            ("user_metadata", json!({"user_metadata": {"a\0": 1}})),
            ("locale", json!({"locale": "deutsch, bitte"})),
            ("locale", json!({"locale": 1})),
        ] {
            let refused = ada.patch("/auth/me", change).await.expect_problem(422, "validation").json();
            assert_eq!(refused["errors"][0]["loc"], json!(["body", field]), "{refused}");
        }
        assert_eq!(ada.get("/auth/me").await.json(), before);
    }

    async fn of_ten_changes_at_once_none_is_lost(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let changes = (0..10).map(|n| {
            let ada = ada.clone();
            tokio::spawn(async move {
                ada.patch("/auth/me", json!({"user_metadata": {format!("k{n}"): n}})).await.expect(200);
            })
        });
        for change in changes.collect::<Vec<_>>() {
            change.await.expect("a change");
        }
        let fields = ada.get("/auth/me").await.json()["user_metadata"].clone();
        assert_eq!(fields, (0..10).map(|n| (format!("k{n}"), json!(n))).collect::<Value>());
    }

    async fn what_administrators_keep_of_me_i_see_and_cannot_change(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let change = json!({"app_metadata": {"plan": "gold", "org": {"id": 7}}, "user_metadata": {"theme": "dark"},
            "locale": "fr"});
        let seen = ada.patch(&bob.at(""), change).await.expect(200).json();
        let fields = json!({"plan": "gold", "org": {"id": 7}});
        assert_eq!((&seen["app_metadata"], &seen["locale"]), (&fields, &json!("fr")));
        let me = patched(&bob, json!({"name": "Bob", "app_metadata": {"plan": "platinum"}})).await;
        assert_eq!((&me["app_metadata"], &me["user_metadata"]), (&fields, &json!({"theme": "dark"})));
        bob.patch(&bob.at(""), json!({"app_metadata": {}})).await.expect_problem(403, "insufficient_scope");
        let change = json!({"app_metadata": {"org": null}});
        let seen = ada.patch(&bob.at(""), change).await.expect(200).json();
        assert_eq!(seen["app_metadata"], json!({"plan": "gold"}));
        let more = json!({"app_metadata": {"a": "x".repeat(16_370)}});
        let refused = ada.patch(&bob.at(""), more).await.expect_problem(422, "validation").json();
        assert_eq!(refused["errors"][0]["loc"], json!(["body", "app_metadata"]), "{refused}");
        let new = json!({"email": "eve@example.com", "app_metadata": {"a": 1}, "user_metadata": {"b": 2}, "locale": "de"});
        let eve = ada.post("/admin/users", new).await.expect(201).json();
        assert_eq!((&eve["app_metadata"], &eve["user_metadata"], &eve["locale"]),
            (&json!({"a": 1}), &json!({"b": 2}), &json!("de")));
    }

    async fn a_page_of_users_with_long_fields_ends_early_and_links_to_the_next(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for n in 0..80 {
            let long = json!({"a": "x".repeat(16_000)});
            let new = json!({"email": format!("u{n}@example.com"), "app_metadata": long, "user_metadata": long});
            ada.post("/admin/users", new).await.expect(201);
        }
        let (mut path, mut seen, mut pages) = ("/admin/users?limit=1000".to_owned(), 0, 0);
        loop {
            let page = ada.get(&path).await.expect(200);
            assert!(page.bytes.len() <= 1024 * 1024 + 40_000, "{}", page.bytes.len());
            seen += page.json().as_array().expect("users").len();
            pages += 1;
            match page.header("link").strip_prefix('<').and_then(|link| link.split_once('>')) {
                Some((next, _)) => next.clone_into(&mut path),
                None => break,
            }
        }
        assert_eq!((seen, pages), (81, 3));
    }

    async fn tokens_carry_the_chosen_fields_of_administrators_and_no_others(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.token_app_metadata = vec!["org".into(), "plan".into()];
        }).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let token = |client: &Client| claimed(client.token.as_deref().expect("a token"));
        assert_eq!(token(&bob), Value::Null);
        let change = json!({"app_metadata": {"plan": "gold", "org": {"id": 7}, "secret": "no"}});
        ada.patch(&bob.at(""), change).await.expect(200);
        let carried = json!({"org": {"id": 7}, "plan": "gold"});
        assert_eq!(token(&bob.login("bob@example.com", PASSWORD).await), carried);
        let refresh = json!({"refresh_token": bob.refresh_token});
        let next = bob.post("/auth/refresh", refresh).await.expect(200).json();
        let next = next["access_token"].as_str().expect("a token");
        assert_eq!(claimed(next), carried);
        bob.with_token(next).get("/auth/me").await.expect(200);
        let long = json!({"app_metadata": {"plan": "x".repeat(255)}});
        let refused = ada.patch(&bob.at(""), long).await.expect_problem(422, "validation").json();
        assert!(refused["detail"].as_str().expect("a text").contains("\"plan\""), "{refused}");
        // Two changes that fit, and do not together: that field is left out, and signing in still works.
        for part in ["a", "b"] {
            let change = json!({"app_metadata": {"org": {part: "x".repeat(200)}}});
            ada.patch(&bob.at(""), change).await.expect(200);
        }
        assert_eq!(token(&bob.login("bob@example.com", PASSWORD).await), json!({"plan": "gold"}));
    }
}
