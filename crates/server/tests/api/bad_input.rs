//! Bad input of every kind: always a clear 4xx on both engines, never a 5xx, and nothing stored.

mod administration;
mod bodies;
mod slips;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use bodies::{any_fields, not_json, wrong_shapes};

use crate::both;
use crate::support::{Client, Reply, TestApp};
use crate::tasks::{make, path};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A refusal: 4xx, a problem document that says the same status, and nothing of the server's insides.
#[track_caller]
fn refused(reply: &Reply, what: &str) {
    let what = what.chars().take(200).collect::<String>();
    assert!((400..500).contains(&reply.status), "{} for {what}: {}", reply.status, reply.text());
    assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
    assert_eq!(reply.json()["status"], reply.status, "{what}");
    let text = reply.text().to_lowercase();
    for inside in
        ["sql", "serde", "panicked", ".rs", "tokio", "constraint", "column \"", "utf8error"]
    {
        assert!(!text.contains(inside), "{what}: {text}");
    }
}

/// Every route that takes a task's fields, with these bytes.
async fn write_everywhere(client: &Client, task: &str, body: &[u8]) -> Vec<Reply> {
    let complete = format!("{task}/complete");
    let mut replies = Vec::new();
    for (method, path) in
        [("POST", "/api/tasks"), ("PUT", task), ("PATCH", task), ("PATCH", &complete)]
    {
        if path == complete && toggles(body) {
            continue;
        }
        replies.push(client.raw(method, path, &[JSON], body.to_vec()).await);
    }
    replies
}

/// Whether completing takes this body as none: it needs none, and reads one field alone.
fn toggles(body: &[u8]) -> bool {
    match serde_json::from_slice(body) {
        Ok(Value::Null) => true,
        Ok(Value::Object(fields)) => !fields.contains_key("completed"),
        _ => false,
    }
}

/// One user with one task, and a check that it is still the only one and unchanged.
struct Bystander {
    client: Client,
    task: String,
    before: Value,
}

impl Bystander {
    async fn new(app: &TestApp) -> Self {
        let client = app.sign_up("ada").await;
        let task = make(&client, json!({"title": "kept", "description": "kept"})).await;
        Self { task: path(&task), client, before: json!([task]) }
    }

    async fn nothing_happened(&self) {
        let list = self.client.get("/api/tasks?limit=1000").await.expect(200);
        assert_eq!(list.json(), self.before);
    }
}

both! {
    async fn bodies_that_are_not_json_are_refused_on_every_route(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        for body in not_json() {
            let what = String::from_utf8_lossy(&body).into_owned();
            for reply in write_everywhere(&ada.client, &ada.task, &body).await {
                refused(&reply, &what);
                assert_eq!(reply.json()["code"], "bad_request", "{what:.100}");
            }
        }
        for empty in ["POST", "PUT", "PATCH"] {
            let path = if empty == "POST" { "/api/tasks" } else { &ada.task };
            ada.client.raw(empty, path, &[JSON], "").await.expect_problem(400, "bad_request");
        }
        ada.nothing_happened().await;
    }

    async fn values_of_wrong_shape_are_422_on_every_route(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        for body in wrong_shapes() {
            let text = body.to_string();
            for reply in write_everywhere(&ada.client, &ada.task, text.as_bytes()).await {
                refused(&reply, &text);
                assert_eq!(reply.json()["code"], "validation", "{text}");
                assert!(!reply.json()["errors"].as_array().expect("errors").is_empty(), "{text}");
            }
        }
        ada.nothing_happened().await;
    }

    async fn other_content_types_are_415(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        let body = r#"{"title":"x","completed":true}"#;
        let complete = format!("{}/complete", ada.task);
        for kind in [
            "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data",
            "application/jsonx", "json", "", ";", "application/json, text/plain", "application/xml",
            "application/json; charset=utf-16", "application/json;charset=\"ISO-8859-1\"", "*/*",
        ] {
            for (method, path) in [("POST", "/api/tasks"), ("PUT", &ada.task), ("PATCH", &complete)] {
                let reply = ada.client.raw(method, path, &[("content-type", kind)], body).await;
                reply.expect_problem(415, "unsupported_media_type");
            }
        }
        for headers in [
            &[][..],
            &[JSON, ("content-encoding", "gzip")],
            &[JSON, ("content-type", "text/plain")],
            &[JSON, JSON],
        ] {
            let reply = ada.client.raw("POST", "/api/tasks", headers, body).await;
            reply.expect_problem(415, "unsupported_media_type");
        }
        ada.nothing_happened().await;
        for kind in [
            "application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"", "application/merge-patch+json", "application/vnd.api+json",
            "application/json; profile=x",
        ] {
            ada.client.raw("POST", "/api/tasks", &[("content-type", kind)], body).await.expect(201);
        }
    }

    async fn bodies_over_the_limit_are_413_and_at_the_limit_are_read(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        let padded = |size: usize| {
            let frame = r#"{"title":"x","completed":true,"ignored":""}"#;
            frame.replace("\"\"}", &format!("\"{}\"}}", "y".repeat(size - frame.len())))
        };
        for size in [256 * 1024 + 1, 1024 * 1024, 5 * 1024 * 1024] {
            for reply in write_everywhere(&ada.client, &ada.task, padded(size).as_bytes()).await {
                reply.expect_problem(413, "payload_too_large");
            }
        }
        ada.nothing_happened().await;
        let reply = ada.client.raw("POST", "/api/tasks", &[JSON], padded(256 * 1024)).await;
        reply.expect(201);
    }

    async fn rubbish_in_the_query_is_never_a_5xx(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        let long = "%F0%9F%A6%80".repeat(201);
        for query in [
            "q=%00", "q=%FF%FE", "q=%C0%AF", "q=%ED%A0%80", &format!("q={long}"), "sort=%00",
            "limit=%00", "limit=9223372036854775808", "limit=-9223372036854775808", "limit=1e400",
            "limit=%EF%BC%91", "due_before=%00", "due_after=10000-01-01T00:00:00Z",
            "due_after=0000-12-31T23:59:59Z", "due_before=2016-12-31T23:59:60Z",
            "due_before=2027-01-01T00:00:00+00:00", "cursor=%FF", "cursor=AAAA", "cursor[]=a&cursor=%00",
            "priority=%00", "completed=%00", "%00=%FF", "Q=x&SORT=y",
        ] {
            refused(&ada.client.get(&format!("/api/tasks?{query}")).await, query);
        }
        for query in [
            "", "&&&", "=", "=x", "%", "%zz=%zz", "q=%", "q=%zz", "a=1&a=2", "q=%27%3B--", "q=%5C",
            "q=%25%5F%5C%21", "q=%F4%8F%BF%BF", "q=%E2%80%AE", "limit%5B%5D=1", "%00=x",
        ] {
            ada.client.get(&format!("/api/tasks?{query}")).await.expect(200);
        }
        let long = ada.client.get(&format!("/api/tasks?x={}", "y".repeat(9000))).await;
        refused(&long, "a query of 9000 characters");
        ada.nothing_happened().await;
    }

    async fn random_bytes_and_random_json_are_never_a_5xx(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        let mut runner = TestRunner::deterministic();
        for _ in 0..40 {
            let bytes = prop::collection::vec(any::<u8>(), 1..200);
            let bytes = bytes.new_tree(&mut runner).expect("a tree").current();
            for reply in write_everywhere(&ada.client, &ada.task, &bytes).await {
                refused(&reply, &format!("{bytes:?}"));
            }
        }
        ada.nothing_happened().await;
        let bob = app.sign_up("bob").await;
        let task = path(&make(&bob, json!({"title": "t"})).await);
        for _ in 0..100 {
            let body = any_fields().new_tree(&mut runner).expect("a tree").current();
            for reply in write_everywhere(&bob, &task, body.to_string().as_bytes()).await {
                if reply.status >= 300 {
                    refused(&reply, &body.to_string());
                } else {
                    let made = reply.json();
                    assert_eq!(bob.get(&path(&made)).await.expect(200).json()["title"], made["title"]);
                }
            }
        }
        ada.nothing_happened().await;
    }

    async fn random_paths_queries_and_conditions_are_never_a_5xx(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = Bystander::new(&app).await;
        let mut runner = TestRunner::deterministic();
        let path = "(/api/tasks)?(/[a-z0-9%.:;=@!$&'()*+,-]{0,40}){0,3}(\\?[a-z0-9%=&+._-]{0,60})?";
        let strategy = (path, "[ -~]{0,30}", "[ -~]{0,30}");
        for _ in 0..300 {
            let (path, if_match, if_none) = strategy.new_tree(&mut runner).expect("a tree").current();
            if !path.starts_with('/') || path.parse::<axum::http::Uri>().is_err() {
                continue;
            }
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
                let headers = [JSON, ("if-match", if_match.as_str()), ("if-none-match", &if_none)];
                let reply = ada.client.raw(method, &path, &headers, "[]").await;
                assert!(reply.status < 500, "{method} {path}: {}", reply.text());
            }
        }
        for if_match in ["\"", "W/", "\u{e9}", "\"1\" \"2\"", "*,*", "\"\u{e9}\""] {
            let headers = [JSON, ("if-match", if_match)];
            let reply = ada.client.raw("PATCH", &ada.task, &headers, r#"{"title":"x"}"#).await;
            refused(&reply, if_match);
        }
        ada.nothing_happened().await;
    }

    async fn every_documented_operation_refuses_bad_bodies_and_ids(engine: Engine) {
        let app = TestApp::start(engine).await;
        let document = serde_json::to_value(app.app.document()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths").clone();
        let mut seen = 0;
        for (n, (template, operations)) in paths.iter().enumerate() {
            for method in operations.as_object().expect("operations").keys() {
                if !["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                seen += 1;
                app.advance(std::time::Duration::from_mins(5));
                let client = app.sign_up(&format!("user{n}{method}")).await;
                for id in ["%00", "%FF", "x", "00000000-0000-7000-8000-000000000000", &"9".repeat(300)] {
                    let path: String = template.split('/').map(|part| {
                        if part.starts_with('{') { format!("/{id}") } else { format!("/{part}") }
                    }).skip(1).collect();
                    for body in [&b"\xff"[..], b"[]", b"{\"a\":1,\"a\":2}", b"{}", b"", b"\"\\ud800\""] {
                        let method = method.to_uppercase();
                        let reply = client.raw(&method, &path, &[JSON], body.to_vec()).await;
                        assert!(reply.status < 500, "{method} {path}: {}", reply.text());
                        if reply.status >= 400 {
                            refused(&reply, &format!("{method} {path} {}", String::from_utf8_lossy(body)));
                        }
                    }
                }
            }
        }
        assert!(seen > 10, "only {seen} operations are documented");
    }

    async fn credentials_of_wrong_shape_are_refused_without_being_stored(engine: Engine) {
        let app = TestApp::start(engine).await;
        let nobody = app.anonymous();
        app.sign_up("ada").await;
        for path in ["/auth/register", "/auth/login", "/auth/refresh"] {
            for body in not_json() {
                app.advance(std::time::Duration::from_mins(5));
                let what = format!("{path} {}", String::from_utf8_lossy(&body));
                refused(&nobody.raw("POST", path, &[JSON], body).await, &what);
            }
        }
        let password = "a long enough one";
        for (path, sound, field) in [
            ("/auth/register", json!({"email": "eve@example.com", "password": password}), "email"),
            ("/auth/register", json!({"email": "eve@example.com", "password": password}), "password"),
            ("/auth/register", json!({"email": "eve@example.com", "password": password}), "name"),
            ("/auth/login", json!({"password": password}), "email"),
            ("/auth/login", json!({"password": password}), "username"),
            ("/auth/login", json!({"email": "ada@example.com"}), "password"),
            ("/auth/refresh", json!({}), "refresh_token"),
        ] {
            for value in [
                json!(7), json!([]), json!({}), json!(["a@b.c"]), json!(true), json!("\0"),
                json!("a\0@example.com"), json!("x".repeat(60_000)), json!(""),
            ] {
                if (field, &value) == ("password", &json!("a\0@example.com")) {
                    // Passwords are taken exactly as sent, NUL included.
                    continue;
                }
                app.advance(std::time::Duration::from_mins(5));
                let mut body = sound.clone();
                body[field] = value;
                refused(&nobody.post(path, body.clone()).await, &format!("{path} {body}"));
            }
        }
        app.advance(std::time::Duration::from_hours(1));
        let eve = json!({"email": "eve@example.com", "password": password});
        refused(&nobody.post("/auth/login", eve).await, "eve was never registered");
        nobody.login("ada@example.com", crate::support::client::PASSWORD).await;
    }
}
