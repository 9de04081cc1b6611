//! The same for administrators, whose routes refuse everybody else before they read anything.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{JSON, bodies::not_json, refused};
use crate::both;
use crate::roles::admin_operations;
use crate::support::{Client, Reply, TestApp};

/// Texts that some layer might take amiss.
const ODD: [&str; 22] = [
    "%00",
    "a%00b",
    "%FF",
    "%C0%AF",
    "%ED%A0%80",
    "%25",
    "_",
    "%5C",
    "%27%3B--",
    "%27%20OR%20%271%27=%271",
    "*",
    "%E2%80%AE",
    "%F4%8F%BF%BF",
    "x",
    "9223372036854775808",
    "-1",
    "1e400",
    "infinity",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "10000-01-01T00:00:00Z",
    "0001-01-01T00:00:00%2B14:00",
];

/// Values of every JSON type, and texts at the edges.
fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_223_372_036_854_775_807_i64),
        json!(1e300),
        json!([]),
        json!({}),
        json!([null]),
        json!([["users:read"]]),
        json!(""),
        json!(" "),
        json!("\0"),
        json!("a\0b"),
        json!("\u{feff}"),
        json!("\u{10ffff}"),
        json!("x".repeat(60_000)),
        json!("admin"),
        json!("*"),
        json!(["*"]),
        json!("0001-01-01T00:00:00Z"),
        json!("0000-12-31T23:59:59Z"),
        json!("9999-12-31T23:59:59.999999Z"),
        json!("9999-12-31T23:59:59-01:00"),
        json!("10000-01-01T00:00:00Z"),
        json!("infinity"),
        json!("-infinity"),
    ]
}

#[track_caller]
fn is_sound(reply: &Reply, what: &str) {
    assert!(reply.status < 500, "{what:.200}: {} {}", reply.status, reply.text());
    if reply.status >= 400 {
        refused(reply, what);
    }
}

/// Every operation but the one that signs everybody out, with made-up ids.
fn operations() -> Vec<(String, String)> {
    let all = admin_operations().into_iter().map(|(method, path, _)| (method, path));
    all.filter(|(_, path)| path != "/admin/sessions").collect()
}

async fn still_works(root: &Client) {
    let users = root.get("/admin/users").await.expect(200).json();
    assert!(users.as_array().is_some_and(|users| users.len() >= 2), "{users}");
}

both! {
    async fn rubbish_in_bodies_ids_and_queries_of_administration_is_never_a_5xx(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let bob = app.sign_up("bob").await;
        for (method, path) in operations() {
            for body in not_json() {
                let reply = root.raw(&method, &path, &[JSON], body.clone()).await;
                is_sound(&reply, &format!("{method} {path} {}", String::from_utf8_lossy(&body)));
            }
            for odd in ODD {
                for path in [
                    path.replace("00000000-0000-7000-8000-000000000000", odd),
                    path.replace("/user", &format!("/{odd}")),
                    format!("{path}/{odd}"),
                ] {
                    if path.parse::<axum::http::Uri>().is_ok() {
                        let reply = root.raw(&method, &path, &[JSON], "{}").await;
                        is_sound(&reply, &format!("{method} {path}"));
                    }
                }
            }
        }
        for path in ["/admin/users", "/admin/audit", "/admin/roles", &bob.at("/sessions")] {
            for name in [
                "email", "role", "is_active", "limit", "cursor", "event", "outcome", "actor", "user", "ip",
                "request_id", "since", "until",
            ] {
                for odd in ODD {
                    let path = format!("{path}?{name}={odd}");
                    is_sound(&root.get(&path).await, &path);
                }
            }
        }
        still_works(&root).await;
    }

    async fn fields_of_any_type_are_422_or_read_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let bob = app.sign_up("bob").await;
        let user = bob.at("");
        let requests = [
            ("POST", "/admin/users", json!({"email": "new@example.com"}),
                &["email", "password", "name", "is_active", "email_verified"][..]),
            ("PATCH", &user, json!({}), &["name", "is_active", "email_verified", "banned_until", "ban_reason"]),
            ("POST", "/admin/roles", json!({"name": "made"}), &["name", "description", "permissions"]),
            ("PUT", "/admin/roles/made", json!({}), &["description", "permissions"]),
        ];
        for (method, path, sound, fields) in &requests {
            for field in *fields {
                for value in values() {
                    let mut body = sound.clone();
                    body[*field] = value;
                    let reply = root.raw(method, path, &[JSON], body.to_string()).await;
                    is_sound(&reply, &format!("{method} {path} {body}"));
                    if reply.status == 201 {
                        let made = reply.header("location").to_owned();
                        if *path == "/admin/users" {
                            assert_eq!(root.get(&made).await.expect(200).json(), reply.json());
                            root.delete(&made).await.expect(204);
                        }
                    } else if reply.status == 200 && *path == user {
                        assert_eq!(root.get(&user).await.expect(200).json(), reply.json());
                    }
                }
            }
        }
        still_works(&root).await;
    }

    async fn random_json_and_random_queries_of_administration_are_never_a_5xx(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let bob = app.sign_up("bob").await;
        let name = prop_oneof![
            Just("email"), Just("password"), Just("name"), Just("is_active"), Just("banned_until"),
            Just("ban_reason"), Just("description"), Just("permissions"), Just("email_verified"),
        ];
        let value = prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            prop::collection::vec("[a-z:*]{0,12}", 0..4).prop_map(Value::from),
        ];
        let body = prop::collection::btree_map(name, value, 0..5);
        let strategy = (body, "[a-z_]{1,10}=[ -~]{0,20}", any::<prop::sample::Index>());
        let mut runner = TestRunner::deterministic();
        let mut paths = operations();
        paths.extend([("PATCH".into(), bob.at("")), ("PUT".into(), bob.at("/roles/user"))]);
        for _ in 0..150 {
            let (body, query, place) = strategy.new_tree(&mut runner).expect("a tree").current();
            let query: String =
                url::form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>().replace("%3D", "=");
            let (method, path) = &paths[place.index(paths.len())];
            let (path, body) = (format!("{path}?{query}"), json!(body).to_string());
            let reply = root.raw(method, &path, &[JSON], body.clone()).await;
            is_sound(&reply, &format!("{method} {path} {body}"));
        }
        still_works(&root).await;
    }
}
