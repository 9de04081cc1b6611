//! What a dialect of one's own can say, each habit of the field by itself.

use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

async fn signed_in(engine: Engine, compat: &[&str], own: Option<Value>) -> (TestApp, Client) {
    let app = TestApp::with(engine, |settings| {
        settings.compat = compat.iter().map(|name| (*name).to_owned()).collect();
        settings.dialect = own.map(|own| own.to_string());
        settings.registration_signs_in = true;
    })
    .await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "first_name": "Ada",
        "last_name": "Lovelace"});
    let body = if compat.contains(&"todo") {
        body
    } else {
        json!({"email": "ada@example.com", "password": PASSWORD})
    };
    let reply = app.anonymous().post("/auth/register", body).await.json();
    let token = reply["access_token"].as_str().expect("a token");
    let client = app.anonymous().with_token(token);
    (app, client)
}

both! {
    async fn names_and_values_are_read_and_shown_in_the_words_of_the_client(engine: Engine) {
        let (_app, client) = signed_in(engine, &["todo"], None).await;
        let me = client.get("/auth/profile").await.expect(200).json();
        assert_eq!((&me["name"], &me["full_name"]), (&json!("Ada Lovelace"), &json!("Ada Lovelace")));
        assert_eq!(me["user"]["email"], "ada@example.com");
        let sent = json!({"title": "a", "dueDate": "2031-01-02T00:00:00Z", "status": "completed", "priority": 3});
        let task = client.post("/tasks", sent).await.expect(201).json();
        assert_eq!(task["dueDate"], "2031-01-02T00:00:00Z");
        assert_eq!(task["due_date"], task["due_at"]);
        assert_eq!((&task["status"], &task["is_completed"]), (&json!("completed"), &json!(true)));
        assert_eq!(task["priority"], "high");
        let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
        let open = client.patch(&path, json!({"is_completed": false, "due_date": ""})).await.expect(200).json();
        assert_eq!((&open["status"], &open["due_date"]), (&json!("pending"), &Value::Null));
        let toggled = client.post(&format!("{path}/toggle"), json!({"x": 1})).await.expect(200).json();
        assert_eq!(toggled["completed"], true);
    }

    async fn what_no_dialect_knows_is_refused_in_the_words_of_the_client(engine: Engine) {
        let (_app, client) = signed_in(engine, &["todo"], None).await;
        let sent = json!({"title": "a", "due_date": "soon", "flavour": "sweet"});
        let reply = client.post("/api/tasks", sent).await.expect(422);
        assert_eq!(reply.header("content-type"), "application/json");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("due_date: ") && detail.contains("flavour: "), "{detail}");
        let reply = client.post("/api/tasks", json!({"title": "a", "status": "done", "completed": false}));
        assert!(reply.await.expect(422).text().contains("contradicts"));
        let detail = client.get("/api/tasks?status=lost").await.expect(422).json()["detail"].clone();
        assert!(detail.as_str().unwrap().starts_with("status: "), "{detail}");
    }

    /// What the owner of an account may not write is dropped where they send it; from an administrator it would
    /// be lost.
    async fn what_an_administrator_sends_of_an_account_counts_or_is_refused_by_name(engine: Engine) {
        for compat in ["fastapi-users", "fastapi-template"] {
            let app = TestApp::with(engine, |settings| settings.compat = vec![compat.to_owned()]).await;
            for email in ["root@example.com", "ada@example.com"] {
                app.anonymous().post("/auth/register", json!({"email": email, "password": PASSWORD})).await;
            }
            crate::accounts::grant_admin(&app, "root@example.com").await;
            let root = app.anonymous().login("root@example.com", PASSWORD).await;
            let ada = app.anonymous().login("ada@example.com", PASSWORD).await;
            let me = ada.get("/users/me").await.expect(200).json();
            let path = format!("/users/{}", me["id"].as_str().unwrap());
            for value in [true, false] {
                let reply = root.patch(&path, json!({"is_superuser": value})).await.expect(422).text();
                assert!(reply.contains("is_superuser") && reply.contains("/roles/admin"), "{reply}");
            }
            root.patch(&path, json!({"is_superuser": null, "is_active": true})).await.expect(200);
            let own = ada.patch("/users/me", json!({"is_superuser": true})).await.expect(200).json();
            assert_eq!(own["is_superuser"], false);
            if compat == "fastapi-users" {
                let shown = root.patch(&path, json!({"is_verified": true})).await.expect(200).json();
                assert_eq!((&shown["is_verified"], &shown["email_verified"]), (&json!(true), &json!(true)));
                let own = ada.patch("/users/me", json!({"is_verified": false})).await.expect(200).json();
                assert_eq!(own["is_verified"], true);
            } else {
                let new = json!({"email": "bob@example.com", "password": PASSWORD, "is_superuser": false});
                root.post("/users", new).await.expect(201);
                let new = json!({"email": "eve@example.com", "password": PASSWORD, "is_superuser": true});
                let reply = root.post("/users", new).await.expect(422).text();
                assert!(reply.contains("/roles/admin"), "{reply}");
            }
        }
    }

    async fn queries_are_read_in_the_words_of_the_client(engine: Engine) {
        let (app, client) = signed_in(engine, &["todo"], None).await;
        for (title, done) in [("a", false), ("b", true), ("c", false)] {
            let mut task = json!({"title": title, "completed": done});
            if title == "c" {
                task["due_date"] = "2020-01-05".into();
            }
            client.post("/api/tasks", task).await.expect(201);
            app.advance(std::time::Duration::from_secs(1));
        }
        for (query, wanted) in [
            ("status=pending", "ac"),
            ("status=all&priority=&search=", "abc"),
            ("search=B", "b"),
            ("status=overdue", "c"),
            ("tags=none", ""),
            ("sort_by=title&order=desc", "cba"),
            ("sort=title&sort_order=asc", "abc"),
            ("order=desc&sort=created", "cba"),
        ] {
            let all = client.get(&format!("/users/me/tasks?{query}")).await.expect(200).json();
            let titles: String =
                all.as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap()).collect();
            assert_eq!(titles, wanted, "{query}");
        }
        assert_eq!(client.get("/tasks/completed").await.expect(200).json().as_array().unwrap().len(), 1);
    }

    async fn lists_items_and_failures_are_wrapped_as_an_operator_says(engine: Engine) {
        let own = json!({
            "list": {"rows": "$items", "count": "$total", "more": "$has_more"},
            "item": "data",
            "error_body": {"message": "$detail", "code": "$code"},
            "routes": {"POST /v2/todos/{id}/finish": {"operation": "tasks.complete", "body": {"completed": true}}},
            "fields": {"task": {"text": "title"}},
            "errors": {"sessions.login": {"invalid_credentials": {"status": 400, "detail": "No."}}},
        });
        let (_app, client) = signed_in(engine, &[], Some(own)).await;
        let task = client.post("/api/tasks", json!({"text": "a"})).await.expect(201).json();
        assert_eq!(task["data"]["text"], "a");
        let id = task["data"]["id"].as_str().unwrap();
        let done = client.post(&format!("/v2/todos/{id}/finish"), json!({})).await.expect(200).json();
        assert_eq!(done["data"]["completed"], true);
        let list = client.get("/api/tasks").await.expect(200).json();
        assert_eq!((&list["rows"][0]["text"], &list["count"], &list["more"]), (&json!("a"), &json!(1), &json!(false)));
        let wrong = json!({"email": "ada@example.com", "password": "another one"});
        let reply = client.post("/auth/login", wrong).await.expect(400).json();
        assert_eq!(reply, json!({"message": "No.", "code": "invalid_credentials"}));
    }

    async fn lists_have_the_envelope_that_the_operator_names(engine: Engine) {
        let items = json!({"list": "items"});
        let (app, client) = signed_in(engine, &["todo"], Some(items)).await;
        for title in ["a", "b", "c"] {
            client.post("/api/tasks", json!({"title": title})).await.expect(201);
            app.advance(std::time::Duration::from_secs(1));
        }
        let page = client.get("/api/tasks?skip=1&limit=1").await.expect(200).json();
        assert_eq!(page["items"][0]["title"], "b");
        let rest = json!([page["total"], page["skip"], page["limit"], page["has_more"]]);
        assert_eq!(rest, json!([3, 1, 1, true]));
        let last = client.get("/api/tasks?skip=2&limit=1").await.expect(200).json();
        assert_eq!(last["has_more"], false);

        let both = json!({"list": "data_error", "item": "data_error"});
        let (_app, client) = signed_in(engine, &["todo"], Some(both)).await;
        let made = client.post("/api/tasks", json!({"title": "a"})).await.expect(201).json();
        assert_eq!((&made["data"]["title"], made.get("error")), (&json!("a"), Some(&Value::Null)));
        let all = client.get("/api/tasks").await.expect(200).json();
        assert_eq!((&all["data"][0]["title"], all.get("error")), (&json!("a"), Some(&Value::Null)));
    }

    async fn answers_may_be_in_camel_case(engine: Engine) {
        let own = json!({
            "fields": {
                "task": {"dueDate": "due_at", "createdAt": "created_at", "userId": "user_id"},
                "tokens": {"accessToken": "access_token", "refreshToken": "refresh_token"},
                "user": {"createdAt": "created_at"},
            },
        });
        let (app, client) = signed_in(engine, &[], Some(own)).await;
        let sent = json!({"title": "a", "dueDate": "2031-01-02T00:00:00Z"});
        let task = client.post("/api/tasks", sent).await.expect(201).json();
        assert_eq!(task["dueDate"], "2031-01-02T00:00:00Z");
        assert_eq!((&task["createdAt"], &task["userId"]), (&task["created_at"], &task["user_id"]));
        let all = client.get("/api/tasks").await.expect(200).json();
        assert_eq!(all, json!([task]));
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let tokens = app.anonymous().post("/auth/login", login).await.expect(200).json();
        assert_eq!(tokens["accessToken"], tokens["access_token"]);
        assert_eq!(tokens["user"]["createdAt"], tokens["user"]["created_at"]);
    }

    async fn a_refresh_token_may_come_in_the_query(engine: Engine) {
        let (app, _) = signed_in(engine, &["todo"], None).await;
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let tokens = app.anonymous().post("/auth/login", login).await.expect(200).json();
        let token = tokens["refresh_token"].as_str().expect("a token");
        let path = format!("/auth/refresh?refresh_token={token}");
        let next = app.anonymous().post(&path, json!({})).await.expect(200).json();
        assert!(next["access_token"].is_string() && next["refresh_token"] != tokens["refresh_token"]);
        app.anonymous().post("/auth/refresh", json!({})).await.expect(422);
        app.anonymous().post("/auth/refresh?refresh_token=", json!({})).await.expect(401);
    }

    async fn the_example_of_the_guide_does_what_it_says(engine: Engine) {
        let page = include_str!("../../../../../docs/dialects.md");
        let block = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let example: toml::Value = toml::from_str(block.expect("an example")).expect("TOML");
        let own = serde_json::to_value(&example["dialect"]).expect("JSON");
        let (app, client) = signed_in(engine, &[example["compat"].as_str().unwrap()], Some(own)).await;
        let sent = json!({"text": "a", "importance": 2, "color": "red", "client_version": 3});
        let task = client.post("/v2/todos", sent).await.expect(201).json();
        assert_eq!((&task["text"], &task["color"]), (&json!("a"), &json!("red")));
        assert_eq!(task["priority"], "high");
        let path = format!("/v2/todos/{}", task["id"].as_str().unwrap());
        let done = client.post(&format!("{path}/finish"), json!({})).await.expect(200).json();
        assert_eq!(done["completed"], true);
        let list = client.get("/v2/todos").await.expect(200).json();
        assert_eq!((&list["todos"][0]["text"], &list["count"]), (&json!("a"), &json!(1)));
        assert_eq!(client.get("/v2/todos/late").await.expect(200).json()["todos"], json!([]));
        let wrong = json!({"email": "ada@example.com", "password": "another one"});
        let refused = app.anonymous().post("/v2/session", wrong).await.expect(400).json();
        assert_eq!(refused["detail"], "Wrong e-mail or password");
        let out = client.post("/auth/logout", json!({})).await.expect(200).json();
        assert_eq!(out, json!({"ok": true}));
    }

    async fn another_users_id_in_an_alias_is_refused_and_links_keep_the_path(engine: Engine) {
        let (app, client) = signed_in(engine, &["todo"], None).await;
        let other = "0192f0c1-2345-7000-8000-000000000000";
        client.get(&format!("/users/{other}/tasks")).await.expect(403);
        app.anonymous().get("/users/me/tasks").await.expect(401);
        for title in ["a", "b"] {
            let made = client.post("/users/me/tasks", json!({"title": title})).await.expect(201);
            assert!(made.header("location").starts_with("/users/me/tasks/"));
            assert!(made.header("etag").starts_with('"'));
        }
        let page = client.get("/users/me/tasks?limit=1").await.expect(200);
        let link = page.header("link");
        let next = link.strip_prefix('<').and_then(|rest| rest.split('>').next()).expect("a link");
        assert!(next.starts_with("/users/me/tasks?"), "{next}");
        assert_eq!(client.get(next).await.expect(200).json()[0]["title"], "b");
    }
}

#[test]
fn a_wrong_dialect_is_an_error_that_says_where() {
    let problems = |own: Value| {
        let database = doorward::config::DatabaseUrl::parse("sqlite:x.db").unwrap();
        let secret = doorward::config::Secret::new(crate::support::app::SECRET);
        let mut settings = doorward::config::Settings::new(database, secret);
        settings.dialect = Some(own.to_string());
        let operations = doorward::app::operations(&settings);
        let found = doorward::dialect::of(&settings, &operations, doorward::clock::Clock::system());
        found.err().unwrap_or_default().join(" ")
    };
    assert!(problems(json!({"routes": {"GET /x": "tasks.lisst"}})).contains("tasks.lisst"));
    assert!(problems(json!({"routes": {"/x": "tasks.list"}})).contains("METHOD /path"));
    assert!(problems(json!({"routes": {"GET /x": "tasks.show"}})).contains("lacks {id}"));
    assert!(problems(json!({"list": "heap"})).contains("heap"));
    assert!(problems(json!({"list": {"a": "$itms"}})).contains("$itms"));
    assert!(problems(json!({"fields": {"taks": {}}})).contains("taks"));
    assert!(problems(json!({"nonsense": 1})).contains("nonsense"));
    assert_eq!(problems(json!({"routes": {"GET /x": "tasks.list"}})), "");
}
