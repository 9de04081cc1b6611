//! Every alias of every built-in dialect is the operation that it stands for.

use std::collections::BTreeMap;

use axum::body::Body;
use doorward::app::operations;
use doorward::clock::Clock;
use doorward::dialect;
use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

/// A path with something in the place of each part.
fn concrete(path: &str, user_id: &str) -> String {
    let path = path.replace("{user_id}", user_id).replace("{email}", "a@example.com");
    path.replace("{id}", "0192f0c1-2345-7000-8000-000000000000")
}

/// Registers as any dialect does, whatever the status is.
async fn signed_up(app: &TestApp) -> Client {
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    app.anonymous().post("/auth/register", body).await;
    app.anonymous().login("ada@example.com", PASSWORD).await
}

both! {
    async fn every_alias_has_the_caching_the_limit_and_the_order_of_checks_of_its_operation(engine: Engine) {
        for name in dialect::NAMES {
            let app = TestApp::with(engine, |settings| {
                settings.compat = vec![name.to_owned()];
                settings.rate_limit_api = Some(doorward::config::Quota::per_minute(100_000));
                settings.rate_limit_auth = Some(doorward::config::Quota::per_minute(100_001));
                settings.rate_limit_login = Some(doorward::config::Quota::per_minute(100_002));
                settings.rate_limit_register = Some(doorward::config::Quota::per_minute(100_003));
                settings.rate_limit_refresh = Some(doorward::config::Quota::per_minute(100_004));
            })
            .await;
            let settings = &app.app.settings;
            let all = operations(settings);
            let spoken = dialect::of(settings, &all, Clock::system()).expect("a right dialect");
            let spoken = spoken.expect("a dialect");
            let natives: BTreeMap<&str, _> = all.iter().map(|one| (one.id.as_str(), one)).collect();
            assert!(spoken.aliases().len() > 5, "{name} adds nothing");
            let ada = signed_up(&app).await;
            for (alias, client) in spoken.aliases().iter().flat_map(|alias| [(alias, app.anonymous()), (alias, ada.clone())]) {
                let native = natives[alias.operation.as_str()];
                let large = json!({"title": "x".repeat(300 * 1024)}).to_string();
                let mut seen: Vec<Value> = Vec::new();
                for (method, path) in [
                    (native.method, concrete(&native.path, "me")),
                    (alias.method.as_str(), concrete(&alias.path, "me")),
                ] {
                    let body = if method == "GET" { Body::empty() } else { large.clone().into() };
                    let json = [("content-type", "application/json")];
                    // Signing out ends the session that the other of the two would ask with.
                    let is_end = client.token.is_some() && alias.operation == "sessions.logout";
                    let client = if is_end { client.login("ada@example.com", PASSWORD).await } else { client.clone() };
                    let reply = client.raw(method, &path, &json, body).await;
                    let policy = reply.header("ratelimit-policy").to_owned();
                    // A body that the alias has of its own is not the one that is too large.
                    let is_own = alias.fixes_body && (reply.status != 401 || alias.operation == "sessions.refresh");
                    let status = if is_own { 0 } else { reply.status };
                    seen.push(json!([status, reply.header("cache-control"), policy]));
                }
                assert_eq!(seen[0], seen[1], "{name}: {} {}", alias.method, alias.path);
            }
        }
    }

    async fn another_method_of_an_alias_is_405_and_names_those_that_answer(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.compat = vec!["todo".into()]).await;
        let ada = signed_up(&app).await;
        for (method, path, allow) in [
            ("DELETE", "/auth/signup", "POST"),
            ("POST", "/users/me/tasks/0192f0c1-2345-7000-8000-000000000000", "DELETE,GET,HEAD,PATCH,PUT"),
            ("DELETE", "/tasks/overdue", "GET,HEAD"),
            ("POST", "/auth/me", "DELETE,GET,HEAD,PATCH,PUT"),
        ] {
            for client in [app.anonymous(), ada.clone()] {
                let reply = client.raw(method, path, &[], Body::empty()).await.expect(405);
                assert_eq!(reply.header("allow"), allow, "{method} {path}");
            }
        }
        let reply = app.anonymous().raw("OPTIONS", "/auth/signup", &[], Body::empty()).await.expect(204);
        assert_eq!(reply.header("allow"), "POST");
        app.anonymous().raw("DELETE", "/auth/nothing", &[], Body::empty()).await.expect(404);
    }

    async fn the_document_has_every_alias_with_what_it_answers(engine: Engine) {
        for name in dialect::NAMES {
            let app = TestApp::with(engine, |settings| {
                settings.compat = vec![name.to_owned()];
                settings.registration_signs_in = true;
            })
            .await;
            let settings = &app.app.settings;
            let spoken = dialect::of(settings, &operations(settings), Clock::system());
            let spoken = spoken.expect("a right dialect").expect("a dialect");
            let document = serde_json::to_value(app.app.document()).expect("JSON");
            for alias in spoken.aliases() {
                let path = alias.path.split('?').next().expect("a path");
                let operation = &document["paths"][path][alias.method.to_lowercase()];
                assert!(operation.is_object(), "{name}: {} {}", alias.method, alias.path);
                let responses = operation["responses"].as_object().expect("responses");
                let success = responses.keys().filter(|status| status.starts_with('2'));
                // Deleting an account answers with its receipt where `Prefer` asks for it.
                let id = operation["operationId"].as_str().unwrap_or_default();
                let answers = 1 + usize::from(id.contains("accounts.delete") || id.contains("users.delete"));
                assert_eq!(success.count(), answers, "{name}: {} {}", alias.method, alias.path);
                let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
                let item = &document["paths"][path];
                let lists = [&operation["parameters"], &item["parameters"]];
                let all: Vec<&Value> = lists.into_iter().filter_map(Value::as_array).flatten().collect();
                for part in parts {
                    assert!(all.iter().any(|one| one["name"] == part), "{name}: {path} lacks {part}");
                }
            }
        }
    }

    async fn the_document_says_names_values_envelopes_and_failures_of_the_dialect(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.compat = vec!["todo".into()];
            settings.dialect_options.list = Some("tasks".into());
            settings.registration_signs_in = true;
        })
        .await;
        let document = serde_json::to_value(app.app.document()).expect("JSON");
        let at = |pointer: &str| document.pointer(pointer).cloned().unwrap_or_default();
        let task = at("/components/schemas/Task/properties");
        assert_eq!(task["due_date"], task["due_at"]);
        assert_eq!(task["is_completed"]["type"], "boolean");
        assert!(at("/components/schemas/NewTask/properties")["dueDate"].is_object());
        let list = at("/paths/~1tasks/get/responses/200/content/application~1json/schema/properties");
        assert_eq!(list["tasks"]["type"], "array");
        assert!(list["total"].is_object());
        let deleted = at("/paths/~1tasks~1{id}/delete/responses/200/content/application~1json/schema");
        assert_eq!(deleted["properties"]["message"]["enum"], json!(["Task deleted"]));
        let refused = at("/paths/~1auth~1signin/post/responses/401/content");
        assert!(refused["application/json"].is_object() && refused["application/problem+json"].is_null());
        let toggle = at("/paths/~1tasks~1{id}~1toggle/post");
        assert!(toggle["requestBody"].is_null() && toggle["responses"]["200"].is_object());

        let app = TestApp::with(engine, |settings| settings.compat = vec!["fastapi-users".into()]).await;
        let document = serde_json::to_value(app.app.document()).expect("JSON");
        let refused = document.pointer("/paths/~1auth~1jwt~1login/post/responses/400/content/application~1json");
        let example = &refused.expect("a refusal")["examples"]["invalid_credentials"]["value"];
        assert_eq!(*example, json!({"detail": "LOGIN_BAD_CREDENTIALS"}));
        assert!(document.pointer("/paths/~1auth~1jwt~1login/post/responses/401").is_none());
    }
}
