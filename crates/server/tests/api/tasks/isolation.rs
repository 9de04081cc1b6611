//! What one user can never do to another's tasks, on every route.

use serde_json::{Value, json};

use super::{conditional, make, path};
use crate::both;
use crate::support::{Client, Engine, Reply, TestApp, postgres};

const MISSING: &str = "/api/tasks/00000000-0000-7000-8000-000000000000";

/// Every way to reach one task.
async fn touch(client: &Client, path: &str) -> Vec<Reply> {
    let complete = format!("{path}/complete");
    let changes = json!({"title": "stolen", "description": "x", "completed": true});
    let mut replies = vec![
        client.get(path).await,
        client.raw("HEAD", path, &[], "").await,
        client.raw("GET", path, &[("if-none-match", "*")], "").await,
        client.put(path, changes.clone()).await,
        client.patch(path, changes.clone()).await,
        client.patch(path, json!({})).await,
        client.patch(&complete, json!({"completed": true})).await,
        client.raw("PATCH", &complete, &[], "").await,
    ];
    for tags in ["\"1\"", "\"2\"", "*"] {
        replies.push(conditional(client, "PUT", path, tags, changes.clone()).await);
        replies.push(conditional(client, "PATCH", &complete, tags, Value::Null).await);
        replies.push(conditional(client, "DELETE", path, tags, Value::Null).await);
    }
    replies.push(client.delete(path).await);
    replies
}

/// The body without the request's id, and the headers without it.
fn comparable(reply: &Reply) -> (u16, Value, Vec<(String, String)>) {
    let mut body = reply.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (reply.status, body, headers)
}

both! {
    async fn a_foreign_task_looks_like_a_missing_one_by_every_method(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        let task = make(&ada, json!({"title": "mine", "description": "secret"})).await;
        let foreign = touch(&bob, &path(&task)).await;
        let missing = touch(&bob, MISSING).await;
        for (foreign, missing) in foreign.iter().zip(&missing) {
            assert_eq!(foreign.status, 404);
            assert_eq!(comparable(foreign), comparable(missing));
        }
        let after = ada.get(&path(&task)).await.expect(200);
        assert_eq!(after.json(), task, "nothing changed");
        assert_eq!(after.header("etag"), "\"1\"");
    }

    async fn no_filter_shows_a_foreign_task(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        make(&ada, json!({
            "title": "secret", "priority": "high", "completed": true, "due_at": "2027-01-01T00:00:00Z",
        })).await;
        let ada_id = ada.user["id"].as_str().expect("an id");
        let mut queries: Vec<String> = [
            "", "completed=true", "priority=high", "q=secret", "q=%25", "q=_",
            "due_before=2030-01-01T00:00:00Z", "due_after=2020-01-01T00:00:00Z", "limit=1000",
            "q=%27%20OR%20%271%27=%271", "q=secret&completed=true&priority=high",
        ].map(Into::into).to_vec();
        queries.extend([format!("user_id={ada_id}"), format!("owner={ada_id}")]);
        for column in ["created_at", "updated_at", "due_at", "title", "priority"] {
            queries.extend([format!("sort={column}"), format!("sort=-{column}&completed=true")]);
        }
        for query in queries {
            let list = ada.get(&format!("/api/tasks?{query}")).await;
            if query != "q=%25" && query != "q=_" && !query.contains("OR") {
                assert_eq!(list.expect(200).json().as_array().map(Vec::len), Some(1), "{query}");
            }
            let list = bob.get(&format!("/api/tasks?{query}")).await.expect(200);
            assert_eq!(list.json(), json!([]), "{query}");
        }
    }

    async fn another_users_cursor_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        for title in ["a", "b"] {
            make(&ada, json!({"title": title})).await;
        }
        let first = ada.get("/api/tasks?limit=1").await.expect(200);
        let next = crate::tasks::list::next(&first).expect("a next page");
        ada.get(&next).await.expect(200);
        bob.get(&next).await.expect_problem(422, "validation");
    }

    async fn every_route_is_401_without_a_token_before_it_reads_the_body(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = path(&make(&ada, json!({"title": "mine"})).await);
        let complete = format!("{task}/complete");
        let huge = "x".repeat(300 * 1024);
        for (method, path) in [
            ("GET", "/api/tasks"),
            ("GET", "/api/tasks?limit=0"),
            ("POST", "/api/tasks"),
            ("GET", &task),
            ("PUT", &task),
            ("PATCH", &task),
            ("DELETE", &task),
            ("PATCH", &complete),
        ] {
            for body in ["", "not json", "{\"title\":1}", huge.as_str()] {
                let nobody = app.anonymous();
                let reply = nobody.raw(method, path, &[("if-match", "bad")], body.to_owned()).await;
                let reply = reply.expect_problem(401, "not_authenticated");
                assert_eq!(reply.header("www-authenticate"), "Bearer");
            }
        }
        ada.get(&task).await.expect(200);
    }

    async fn tokens_are_read_from_the_authorization_header_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().expect("a token");
        let nobody = app.anonymous();
        for name in ["access_token", "token", "jwt"] {
            nobody.get(&format!("/api/tasks?{name}={token}")).await.expect(401);
            let cookie = format!("{name}={token}");
            nobody.raw("GET", "/api/tasks", &[("cookie", &cookie)], "").await.expect(401);
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!("access_token={token}&title=x");
        nobody.raw("POST", "/api/tasks", &form, body).await.expect(401);
    }

    async fn a_path_that_names_another_user_is_403(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.tasks_path = "/api/{user_id}/tasks".into();
        }).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        let mount = format!("/api/{}/tasks", ada.user["id"].as_str().expect("an id"));
        let task = ada.post(&mount, json!({"title": "x"})).await.expect(201).json();
        let task = format!("{mount}/{}", task["id"].as_str().expect("an id"));
        for (method, path) in [
            ("GET", mount.as_str()),
            ("POST", &mount),
            ("GET", &task),
            ("PUT", &task),
            ("DELETE", &task),
            ("GET", "/api/me/tasks"),
            ("GET", "/api/%ff/tasks"),
        ] {
            let reply = bob.raw(method, path, &[("content-type", "application/json")], "{}").await;
            assert!([403, 422].contains(&reply.status), "{method} {path}: {}", reply.text());
            app.anonymous().raw(method, path, &[], "").await.expect(401);
        }
        bob.get(&mount).await.expect_problem(403, "insufficient_scope");
        ada.get(&task).await.expect(200);
    }

    async fn a_token_whose_session_ended_reaches_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(&ada, json!({"title": "kept"})).await;
        let path = path(&task);
        ada.post_empty("/auth/logout").await.expect(204);
        for reply in touch(&ada, &path).await {
            assert_eq!(reply.status, 401, "{}", reply.text());
        }
        ada.get("/api/tasks").await.expect_problem(401, "invalid_token");
        ada.post("/api/tasks", json!({"title": "x"})).await.expect_problem(401, "invalid_token");
        let again = ada.login("ada@example.com", crate::support::client::PASSWORD).await;
        assert_eq!(again.get("/api/tasks").await.expect(200).json(), json!([task]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_level_security_repeats_the_rule_below_the_code() {
    let app = TestApp::start(Engine::Postgres).await;
    let ada = app.sign_up("ada").await;
    let bob = app.sign_up("bob").await;
    make(&ada, json!({"title": "mine"})).await;
    let database = app.url.rsplit('/').next().expect("a name");
    let superuser = postgres::shared().connect(database).await;
    for (user, expected) in [
        ("", 0),
        (bob.user["id"].as_str().expect("an id"), 0),
        (ada.user["id"].as_str().expect("an id"), 1),
    ] {
        let setting = "SELECT set_config('doorward.user_id', $1, false)";
        superuser.execute(setting, &[&user]).await.expect("set");
        let rows = superuser.query("SELECT id FROM own_tasks", &[]).await.expect("rows");
        assert_eq!(rows.len(), expected, "as {user:?}");
        let changed =
            superuser.execute("UPDATE own_tasks SET title = 'x'", &[]).await.expect("update");
        assert_eq!(changed, expected as u64, "as {user:?}");
    }
    let setting = "SELECT set_config('doorward.user_id', $1, false)";
    superuser.execute(setting, &[&bob.user["id"].as_str().expect("an id")]).await.expect("set");
    let move_in = "INSERT INTO own_tasks (id, user_id, title, due_sort, title_search, created_at, \
        updated_at) SELECT gen_random_uuid(), id, 'x', now(), 'x', now(), now() FROM users \
        WHERE name = 'ada'";
    let refused = superuser.execute(move_in, &[]).await.expect_err("a policy violation");
    assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
}
