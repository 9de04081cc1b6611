//! `AUTH_PATH` and `TASKS_PATH`: the routes are where an existing front end expects them.

use axum::body::Body;
use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

async fn mounted() -> TestApp {
    TestApp::with(Engine::Sqlite, |settings| {
        settings.auth_path = "/api/v1/auth".into();
        settings.tasks_path = "/api/{user_id}/tasks".into();
    })
    .await
}

async fn sign_up(app: &TestApp, name: &str) -> (Client, String) {
    let client = app.anonymous();
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "password": PASSWORD});
    let user = client.post("/api/v1/auth/register", body.clone()).await.expect(201);
    assert_eq!(user.header("location"), "/api/v1/auth/me");
    let tokens = client.post("/api/v1/auth/login", body).await.expect(200).json();
    let id = user.json()["id"].as_str().expect("an id").to_owned();
    (client.with_token(tokens["access_token"].as_str().expect("a token")), id)
}

#[tokio::test]
async fn the_routes_and_their_links_follow_the_mounts() {
    let app = mounted().await;
    let (ada, id) = sign_up(&app, "ada").await;
    let tasks = format!("/api/{id}/tasks");
    for title in ["a", "b"] {
        let made = ada.post(&tasks, json!({"title": title})).await.expect(201);
        assert!(made.header("location").starts_with(&format!("{tasks}/")));
        ada.get(made.header("location")).await.expect(200);
        app.advance(std::time::Duration::from_secs(1));
    }
    let page = ada.get(&format!("{tasks}?limit=1")).await.expect(200);
    let link = page.header("link");
    let next = link.strip_prefix('<').and_then(|it| it.split_once('>')).expect("a link").0;
    assert_eq!(ada.get(next).await.expect(200).json()[0]["title"], "b");
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert_eq!(ada.get("/api/v1/auth/me").await.header("cache-control"), "no-store");
    ada.get("/auth/me").await.expect_problem(404, "not_found");
    ada.get("/api/tasks").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_path_that_names_another_user_is_403_and_401_without_a_token() {
    let app = mounted().await;
    let (ada, _) = sign_up(&app, "ada").await;
    let (_, bob) = sign_up(&app, "bob").await;
    for path in [format!("/api/{bob}/tasks"), "/api/me/tasks".into(), "/api/%00/tasks".into()] {
        let reply = ada.get(&path).await;
        assert!(reply.status == 403 || reply.status == 422, "{path}: {}", reply.text());
        let reply = ada.post(&path, json!({"title": "mine?"})).await;
        assert!(reply.status == 403 || reply.status == 422, "{path}: {}", reply.text());
        app.anonymous().get(&path).await.expect_problem(401, "not_authenticated");
        let garbage = [("content-type", "application/json")];
        let reply = app.anonymous().raw("POST", &path, &garbage, Body::from("{")).await;
        reply.expect_problem(401, "not_authenticated");
    }
    ada.get(&format!("/api/{bob}/tasks")).await.expect(403);
}

/// `PUBLIC_URL=https://example.com/backend`, and a proxy that strips `/backend`.
#[tokio::test]
async fn whatever_refers_to_the_server_does_so_by_its_public_path() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.public_url = Some("https://example.com/backend".into());
    })
    .await;
    let client = app.anonymous();
    let body = json!({"email": "bob@example.com", "password": PASSWORD});
    let user = client.post("/auth/register", body).await.expect(201);
    assert_eq!(user.header("location"), "/backend/auth/me");
    let ada = app.sign_up("ada").await;
    for title in ["one", "two"] {
        let task = ada.post("/api/tasks", json!({"title": title})).await.expect(201);
        assert!(task.header("location").starts_with("/backend/api/tasks/"));
    }
    let page = ada.get("/api/tasks?limit=1").await.expect(200);
    assert!(page.header("link").starts_with("</backend/api/tasks?"), "{}", page.header("link"));
    let docs = client.get("/docs").await.expect(200).text();
    for part in docs.split('"').filter(|part| part.starts_with('/')) {
        assert!(part.starts_with("/backend/"), "{part}");
    }
    let contract = client.get("/openapi.json").await.expect(200).json();
    assert_eq!(contract["servers"][0]["url"], "/backend");
    let flows = &contract["components"]["securitySchemes"];
    assert!(flows.to_string().contains("/backend/auth/login"), "{flows}");
}
