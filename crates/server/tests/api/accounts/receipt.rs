//! The receipt of `DELETE /auth/me`, `POST /auth/me/delete` and `DELETE /admin/users/{id}`: what was
//! removed, what remains, and that it is proven.

use axum::body::Body;
use doorward::accounts::ErasureReceipt;
use doorward::config::{DatabaseUrl, Secret, Settings};
use doorward::email::Email;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{grant_admin, sql};
use crate::both;
use crate::support::TestApp;
use crate::support::client::{Client, PASSWORD, Reply};

async fn asks(client: &Client, method: &str, path: &str, body: Option<Value>) -> Reply {
    let headers =
        [("prefer", "respond-async, return=representation"), ("content-type", "application/json")];
    let (headers, body) = match body {
        Some(body) => (&headers[..], Body::from(body.to_string())),
        None => (&headers[..1], Body::empty()),
    };
    client.raw(method, path, headers, body).await
}

fn parsed(reply: &Reply) -> ErasureReceipt {
    serde_json::from_slice(&reply.bytes).expect("a receipt")
}

/// Puts tasks into the table.
async fn make_tasks(app: &TestApp, prefix: usize, owner: Uuid, count: i64) {
    const MAKE: Sql = statement!(
        "MAKE",
        "INSERT INTO tasks (id, user_id, title, due_sort, title_search, created_at, updated_at) \
         VALUES (:id, :owner, 'T', :now, 't', :now, :now)"
    );
    let now = time::OffsetDateTime::UNIX_EPOCH;
    let step = |n: i64| {
        let id = Uuid::from_u64_pair(u64::try_from(prefix).unwrap(), u64::try_from(n).unwrap());
        step!(MAKE { id, owner, now })
    };
    app.app.db.write((0..count).map(step).collect()).await.expect("tasks");
}

both! {
    async fn a_receipt_says_what_was_removed_and_what_remains(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        ada.login("ada@example.com", PASSWORD).await;
        for title in ["one", "two", "three"] {
            ada.post("/api/tasks", json!({"title": title})).await.expect(201);
        }
        let eve = app.sign_up("eve").await;
        eve.post("/api/tasks", json!({"title": "another's"})).await.expect(201);
        let reply = asks(&ada, "DELETE", "/auth/me", Some(json!({"password": PASSWORD}))).await.expect(200);
        assert_eq!(reply.header("preference-applied"), "return=representation");
        let body = reply.json();
        assert_eq!(body["user_id"], ada.user["id"]);
        assert_eq!(body["erased_at"], "2026-11-20T12:00:00Z");
        for (name, rows) in [("accounts", 1), ("tasks", 3), ("sessions", 2), ("roles", 1), ("mails", 1)] {
            assert_eq!(body["removed"][name], rows, "{name}: {body}");
        }
        let audit = &body["remains"][0];
        assert_eq!((&audit["place"], &audit["until"]), (&json!("audit_log"), &json!("2027-11-20T12:00:00Z")));
        assert!(audit["records"].as_i64().unwrap() >= 3 && audit["why"].is_string(), "{audit}");
        assert!(!body.to_string().contains("ada@example.com"), "no address: {body}");
        ada.get("/auth/me").await.expect(401);
        eve.get("/auth/me").await.expect(200);
    }

    /// Thousands of tasks go in pieces, so that nobody's writes wait for all of them; none goes where the
    /// account may not.
    async fn an_account_of_many_tasks_is_deleted_whole_or_keeps_them_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve, root) = (app.sign_up("ada").await, app.sign_up("eve").await, app.sign_up("root").await);
        grant_admin(&app, "root@example.com").await;
        for (of, client) in [&ada, &eve, &root].into_iter().enumerate() {
            let owner = Uuid::parse_str(client.user["id"].as_str().unwrap()).unwrap();
            make_tasks(&app, of, owner, 4500).await;
        }
        let own = json!({"password": PASSWORD});
        root.delete_with("/auth/me", own.clone()).await.expect_problem(409, "last_admin");
        eve.delete_with("/auth/me", json!({"password": "wrong password"})).await.expect_problem(403, "wrong_password");
        let path = format!("/admin/users/{}", eve.user["id"].as_str().unwrap());
        ada.delete(&path).await.expect(403);
        assert_eq!(sql::<i64>(&app, "SELECT count(*) FROM tasks").await, [3 * 4500]);
        let reply = asks(&ada, "DELETE", "/auth/me", Some(own)).await.expect(200);
        assert_eq!(reply.json()["removed"]["tasks"], 4500);
        assert_eq!(sql::<i64>(&app, "SELECT count(*) FROM tasks").await, [2 * 4500]);
        let reply = asks(&root, "DELETE", &path, None).await.expect(200);
        assert_eq!(reply.json()["removed"]["tasks"], 4500);
        assert_eq!(sql::<i64>(&app, "SELECT count(*) FROM tasks").await, [4500]);
    }

    async fn without_the_preference_there_is_no_receipt(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let reply = ada.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        assert!(reply.bytes.is_empty());
        let headers = [("prefer", "return=minimal"), ("content-type", "application/json")];
        let body = json!({"password": PASSWORD}).to_string();
        bob.raw("POST", "/auth/me/delete", &headers, body).await.expect(204);
    }

    async fn administrators_and_clients_without_bodies_get_one_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        for owner in [&ada, &bob] {
            owner.post("/api/tasks", json!({"title": "one"})).await.expect(201);
        }
        let by_admin = parsed(&asks(&root, "DELETE", &ada.at(""), None).await.expect(200));
        let by_post = asks(&bob, "POST", "/auth/me/delete", Some(json!({"password": PASSWORD}))).await;
        let by_post = parsed(&by_post.expect(200));
        for receipt in [by_admin, by_post] {
            assert_eq!(receipt.removed["tasks"], 1, "{receipt:?}");
            assert!(receipt.is_genuine(&app.app.settings));
        }
        asks(&root, "DELETE", &ada.at(""), None).await.expect_problem(404, "not_found");
        root.get("/api/tasks").await.expect(200);
    }

    async fn a_receipt_is_proven_by_the_secret_and_only_as_it_was_made(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let receipt = parsed(&asks(&ada, "DELETE", "/auth/me", Some(json!({"password": PASSWORD}))).await.expect(200));
        let settings = &app.app.settings;
        assert!(receipt.is_genuine(settings));
        assert!(receipt.had(settings, &Email::parse("ADA@example.com").unwrap()));
        assert!(!receipt.had(settings, &Email::parse("eve@example.com").unwrap()));
        let mut rotated = (**settings).clone();
        rotated.previous_secrets = vec![std::mem::replace(&mut rotated.secret, Secret::new("another secret of thirty-two bytes"))];
        assert!(receipt.is_genuine(&rotated), "after a rotation");
        let other = Settings::new(DatabaseUrl::Sqlite("x".into()), Secret::new("another secret of thirty-two bytes"));
        assert!(!receipt.is_genuine(&other));
        let mut changed = vec![receipt.clone(); 5];
        changed[0].removed.insert("tasks".into(), 9);
        changed[1].erased_at = "2020-01-01T00:00:00Z".into();
        changed[2].user_id = uuid::Uuid::nil();
        changed[3].remains.pop();
        changed[4].email_hash = None;
        assert!(changed.iter().all(|one| !one.is_genuine(settings)));
        assert!(!receipt.unproven().is_genuine(settings));
    }
}

#[test]
fn every_table_that_goes_with_an_account_is_counted() {
    let root = env!("CARGO_MANIFEST_DIR");
    let source = std::fs::read_to_string(format!("{root}/src/accounts/receipt.rs")).unwrap();
    let mut tables = 0;
    for file in std::fs::read_dir(format!("{root}/migrations")).unwrap().flatten() {
        if !file.file_name().to_string_lossy().ends_with(".up.sql") {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).unwrap();
        for table in text.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(' ').unwrap();
            let body = rest.split(");").next().unwrap();
            if body.contains("REFERENCES users (id) ON DELETE CASCADE") && name != "tasks" {
                tables += 1;
                let counted = source.contains(&format!("rows_of_user!(\"{name}\""));
                assert!(
                    counted,
                    "{name} goes with an account: count it in src/accounts/receipt.rs"
                );
            }
        }
    }
    assert!(tables >= 5, "{tables}");
}
