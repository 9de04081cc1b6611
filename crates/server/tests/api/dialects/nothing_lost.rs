//! What a dialect takes counts, and what it has no place for is refused by name.

use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

async fn with(engine: Engine, own: Value) -> (TestApp, Client) {
    let app = TestApp::with(engine, |settings| {
        settings.compat = vec!["todo".into()];
        settings.dialect = Some(own.to_string());
        settings.registration_signs_in = true;
    })
    .await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let reply = app.anonymous().post("/auth/signup", body).await.expect(200).json();
    let client = app.anonymous().with_token(reply["accessToken"].as_str().expect("a token"));
    (app, client)
}

/// What a refusal says, as text and as `message`.
async fn refused(client: &Client, path: &str, body: Value) -> String {
    let reply = client.post(path, body).await.expect(422).json();
    assert_eq!(reply["message"], reply["detail"]);
    reply["detail"].as_str().expect("a sentence").to_owned()
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["title"].as_str().unwrap()).collect()
}

both! {
    async fn a_parameter_that_the_list_does_not_know_is_refused_by_name(engine: Engine) {
        let (_app, ada) = with(engine, json!({})).await;
        let detail = ada.get("/tasks?category=work&limit=5&assignee=eve").await.expect(422).json()["detail"].clone();
        let detail = detail.as_str().unwrap();
        assert!(detail.contains("category: ") && detail.contains("assignee: "), "{detail}");
        assert!(!detail.contains("limit"), "{detail}");
        for fine in ["category=&_=17", "category=all", "sort=newest", "overdue_only=false", "completed=false"] {
            ada.get(&format!("/tasks?{fine}")).await.expect(200);
        }
        // An answer stays behind the door.
        ada.with_token("nonsense").get("/tasks?category=work").await.expect(401);
    }

    async fn a_user_in_the_query_must_be_the_caller(engine: Engine) {
        let (_app, ada) = with(engine, json!({})).await;
        let me = ada.get("/auth/me").await.expect(200).json()["id"].as_str().unwrap().to_owned();
        let task = ada.post(&format!("/api/tasks?user_id={me}"), json!({"title": "a"})).await.expect(201).json();
        let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
        let eve = "0192f0c1-2345-7000-8000-000000000000";
        for (query, status) in [(me.as_str(), 200), ("me", 200), (eve, 403)] {
            ada.get(&format!("/api/tasks?user_id={query}")).await.expect(status);
            ada.get(&format!("{path}?userId={query}")).await.expect(status);
            ada.patch(&format!("{path}/complete?user_id={query}"), json!({"completed": true})).await.expect(status);
            ada.get(&format!("/api/{me}/tasks?user_id={query}")).await.expect(status);
        }
    }

    async fn completion_may_stand_in_the_query_or_in_the_path(engine: Engine) {
        let (_app, ada) = with(engine, json!({})).await;
        let task = ada.post("/api/tasks", json!({"title": "a"})).await.expect(201).json();
        let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
        for (tail, done) in [
            ("complete?completed=true", true),
            ("complete?completed=true", true),
            ("complete?completed=false", false),
            ("complete", true),
            ("uncomplete", false),
            ("incomplete", false),
        ] {
            let task = ada.patch(&format!("{path}/{tail}"), json!({})).await.expect(200).json();
            assert_eq!(task["completed"], done, "{tail}");
        }
        let found = ada.get("/api/tasks/search?q=A").await.expect(200).json();
        assert_eq!(titles(&found), ["a"]);
    }

    async fn a_confirmation_that_differs_is_refused(engine: Engine) {
        let (app, ada) = with(engine, json!({})).await;
        let body = |confirm: &str| {
            json!({"email": "bob@example.com", "password": PASSWORD, "confirmPassword": confirm, "firstName": "Bob",
                "lastName": "Roe"})
        };
        let detail = refused(&app.anonymous(), "/auth/register", body("another kettle 42")).await;
        assert!(detail.contains("contradicts"), "{detail}");
        let bob = app.anonymous().post("/auth/register", body(PASSWORD)).await.expect(200).json();
        assert_eq!(bob["user"]["name"], "Bob Roe");
        let new = json!({"current_password": PASSWORD, "new_password": "copper lantern vine 73",
            "confirm_password": "copper lantern vine 74"});
        assert!(refused(&ada, "/auth/change-password", new).await.contains("contradicts"));
    }

    async fn the_parts_of_a_name_are_text_and_say_what_the_name_says(engine: Engine) {
        let (_app, ada) = with(engine, json!({})).await;
        for (body, named) in [
            (json!({"first_name": 5, "last_name": "Roe"}), "first_name"),
            (json!({"first_name": "Ada", "last_name": "Roe", "name": "Eve"}), "first_name"),
        ] {
            let detail = ada.patch("/auth/me", body).await.expect(422).json()["detail"].clone();
            assert!(detail.as_str().unwrap().contains(named), "{detail}");
        }
        let same = json!({"first_name": "Ada", "last_name": "Roe", "name": "Ada Roe"});
        assert_eq!(ada.patch("/auth/me", same).await.expect(200).json()["name"], "Ada Roe");
    }

    async fn what_is_kept_is_not_lost_beside_metadata_that_is_null(engine: Engine) {
        let (_app, ada) = with(engine, json!({})).await;
        let sent = json!({"title": "a", "metadata": null, "category": "work", "recurrence_rule": "FREQ=DAILY"});
        let task = ada.post("/api/tasks", sent).await.expect(201).json();
        assert_eq!((&task["category"], &task["recurrence_rule"]), (&json!("work"), &json!("FREQ=DAILY")));
        let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
        let both = ada.patch(&path, json!({"metadata": null, "category": "home"})).await.expect(422).text();
        assert!(both.contains("metadata") && both.contains("category"), "{both}");
    }

    async fn an_operator_may_keep_every_field_of_an_app(engine: Engine) {
        let (_app, ada) = with(engine, json!({"keep": ["*"]})).await;
        let sent = json!({"title": "a", "flavour": "sweet", "rating": 4, "metadata": {"title": "other"}});
        let task = ada.post("/api/tasks", sent).await.expect(201).json();
        assert_eq!((&task["flavour"], &task["rating"], &task["title"]), (&json!("sweet"), &json!(4), &json!("a")));
        let list = ada.get("/api/tasks").await.expect(200).json();
        assert_eq!((titles(&list), &list[0]["rating"]), (vec!["a"], &json!(4)));
        assert!(refused(&ada, "/api/tasks", json!({"title": "a", "compleeted": true})).await.contains("compleeted"));
    }

    async fn the_administration_of_the_template_reads_page_by_page(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.compat = vec!["fastapi-template".into()];
            settings.auth_path = "/api/v1/users".into();
            settings.tasks_path = "/api/v1/items".into();
        })
        .await;
        let sign_up = |name: &str| json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        for name in ["root", "ada", "bob"] {
            app.anonymous().post("/api/v1/users/signup", sign_up(name)).await.expect(200);
        }
        crate::accounts::grant_admin(&app, "root@example.com").await;
        let form = [("username", "root@example.com"), ("password", PASSWORD)];
        let reply = app.anonymous().post_form("/api/v1/login/access-token", &form).await.expect(200).json();
        let root = app.anonymous().with_token(reply["access_token"].as_str().unwrap());
        let mut seen = Vec::new();
        for skip in [0, 2, 4] {
            let page = root.get(&format!("/api/v1/users/?skip={skip}&limit=2")).await.expect(200).json();
            assert_eq!(page["count"], 3, "{skip}");
            seen.extend(page["data"].as_array().unwrap().iter().map(|user| user["email"].clone()));
        }
        seen.sort_by_key(Value::to_string);
        assert_eq!(json!(seen), json!(["ada@example.com", "bob@example.com", "root@example.com"]));
    }
}
