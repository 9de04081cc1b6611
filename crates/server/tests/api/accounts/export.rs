//! `GET /auth/me/export`: everything held about the caller, whatever happens meanwhile.

use std::collections::BTreeSet;

use doorward::audit::Actor;
use doorward::gate::{Gate, Via};
use serde_json::{Value, json};

use crate::both;
use crate::sessions::part;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

/// Makes this number of tasks and returns their ids.
async fn tasks(client: &Client, count: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for n in 0..count {
        let task = client
            .post("/api/tasks", json!({"title": format!("task {n}")}))
            .await
            .expect(201)
            .json();
        ids.insert(task["id"].as_str().expect("an id").to_owned());
    }
    ids
}

fn ids(tasks: &Value) -> Vec<String> {
    let tasks = tasks.as_array().expect("tasks").iter();
    tasks.map(|task| task["id"].as_str().expect("an id").to_owned()).collect()
}

/// What the database checks for this client's token.
fn gate(app: &TestApp, client: &Client) -> Gate {
    let claims = part(client.token.as_deref().expect("a token"), 1);
    Gate {
        user_id: client.id(),
        via: Via::Session,
        session_id: claims["sid"].as_str().expect("a session").parse().expect("a UUID"),
        generation: 0,
        now: app.clock.now(),
        permission: None,
    }
}

both! {
    async fn everything_held_about_me_is_in_one_document(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        tasks(&bob, 2).await;
        ada.patch("/auth/me", json!({"user_metadata": {"a": 1}, "locale": "fr"})).await.expect(200);
        ada.login("ada@example.com", PASSWORD).await.post_empty("/auth/logout").await.expect(204);
        let own = tasks(&ada, 430).await;
        let reply = ada.get("/auth/me/export").await.expect(200);
        assert_eq!(reply.header("content-disposition"), "attachment; filename=\"doorward-2026-11-20.json\"");
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "no-store");
        let document = reply.json();
        assert_eq!(document["complete"], true);
        assert_eq!((&document["format"], &document["version"]), (&json!("doorward-user"), &json!(1)));
        let user = &document["user"];
        assert_eq!((&user["email"], &user["locale"]), (&json!("ada@example.com"), &json!("fr")));
        assert_eq!((&user["user_metadata"], &user["roles"]), (&json!({"a": 1}), &json!(["user"])));
        let sessions = document["sessions"].as_array().expect("sessions");
        let ended = sessions.iter().filter(|session| !session["ended_at"].is_null()).count();
        assert_eq!((sessions.len(), ended), (2, 1));
        let events: BTreeSet<_> = document["audit"].as_array().expect("records").iter()
            .map(|entry| entry["event"].as_str().expect("an event")).collect();
        assert!(events.is_superset(&BTreeSet::from(["account.register", "account.export", "login", "logout"])), "{events:?}");
        let found = ids(&document["tasks"]);
        assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (430, own));
        for nothing in ["$argon2", "bob@", "salt"] {
            assert!(!reply.text().contains(nothing), "{nothing}");
        }
        let task = &document["tasks"][0];
        let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
        assert_eq!(*task, ada.get(&path).await.json());
    }

    async fn without_a_token_nothing_is_exported(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.anonymous().get("/auth/me/export").await.expect_problem(401, "not_authenticated");
    }

    async fn the_operator_exports_the_same_as_the_owner(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        tasks(&ada, 5).await;
        let own = ada.get("/auth/me/export").await.expect(200).json();
        let exports = app.app.exports();
        let (mut sheet, mut text) = exports.begin(&Actor::operator(), ada.id()).await.expect("begun");
        while let Some(piece) = sheet.next().await.expect("a piece") {
            text.push_str(&piece);
        }
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for part in ["user", "identities", "sessions", "tasks", "complete"] {
            assert_eq!(document[part], own[part], "{part}");
        }
        assert_eq!(document["tasks"].as_array().map(Vec::len), Some(5));
    }

    async fn where_an_administrator_acted_from_is_not_told(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        ada.from("203.0.113.77").patch(&bob.at(""), json!({"name": "Robert"})).await.expect(200);
        let reply = bob.from("198.51.100.4").get("/auth/me/export").await.expect(200);
        let text = reply.text();
        assert!(text.contains("account.update") && text.contains("198.51.100.4"), "{text}");
        assert!(!text.contains("203.0.113.77"), "{text}");
    }

    async fn tasks_that_stay_are_exported_once_while_others_come_change_and_go(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let stay = tasks(&ada, 250).await;
        let go: Vec<_> = tasks(&ada, 150).await.into_iter().collect();
        let stay_too = tasks(&ada, 250).await;
        let busy = {
            let (ada, stay) = (ada.clone(), stay.clone());
            tokio::spawn(async move {
                for (gone, changed) in go.iter().zip(&stay) {
                    ada.delete(&format!("/api/tasks/{gone}")).await.expect(204);
                    ada.patch(&format!("/api/tasks/{changed}"), json!({"title": "z"})).await.expect(200);
                    ada.post("/api/tasks", json!({"title": "new"})).await.expect(201);
                }
            })
        };
        let mut whole = 0;
        while !busy.is_finished() {
            let document = ada.get("/auth/me/export").await.expect(200).json();
            let found = ids(&document["tasks"]);
            let each: BTreeSet<_> = found.iter().cloned().collect();
            assert_eq!(each.len(), found.len(), "a task twice");
            assert!(each.is_superset(&stay) && each.is_superset(&stay_too), "a task is missing");
            assert_eq!(document["complete"], true);
            whole += 1;
        }
        busy.await.expect("the changes");
        assert!(whole >= 1, "{whole}");
    }

    async fn an_account_that_is_deleted_meanwhile_leaves_a_document_without_its_end(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        tasks(&ada, 210).await;
        let by = Actor::caller(gate(&app, &ada), doorward::input::Origin::default());
        let (mut sheet, mut text) = app.app.exports().begin(&by, ada.id()).await.expect("begun");
        // Up to the first tasks.
        while !text.contains("task 0") {
            text.push_str(&sheet.next().await.expect("a piece").expect("not the end"));
        }
        ada.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        sheet.next().await.expect_err("the session has ended");
        assert!(!text.contains("\"complete\":true"));
    }

    async fn one_export_at_a_time_for_each_user_and_the_next_when_it_is_dropped(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let by = Actor::caller(gate(&app, &ada), doorward::input::Origin::default());
        let (sheet, _) = app.app.exports().begin(&by, ada.id()).await.expect("begun");
        let refused = ada.get("/auth/me/export").await.expect_problem(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), "10");
        bob.get("/auth/me/export").await.expect(200);
        drop(sheet);
        ada.get("/auth/me/export").await.expect(200);
    }
}
