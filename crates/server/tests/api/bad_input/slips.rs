//! Unknown fields are ignored, unless they are slips of known ones.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Reply, TestApp};
use crate::tasks::{make, make_titled, path};

/// The fields that a 422 names, and what it says of each.
fn named(reply: Reply) -> Vec<(String, String)> {
    let problem = reply.expect_problem(422, "validation").json();
    let errors = problem["errors"].as_array().expect("errors").clone();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    errors.iter().map(|error| (text(&error["loc"][1]), text(&error["msg"]))).collect()
}

fn slip(name: &str, meant: &str) -> Vec<(String, String)> {
    vec![(name.into(), format!("is unknown: did you mean {meant}?"))]
}

both! {
    async fn a_slip_in_a_body_is_refused_and_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        for (field, meant) in [("compleeted", "completed"), ("dueAt", "due_at"), ("meta_data", "metadata")] {
            let mut body = serde_json::Map::new();
            body.insert(field.into(), true.into());
            assert_eq!(named(ada.patch(&task, body.clone().into()).await), slip(field, meant));
            assert_eq!(named(ada.put(&task, body.clone().into()).await), slip(field, meant));
            body.insert("title".into(), "t".into());
            assert_eq!(named(ada.post("/api/tasks", body.into()).await), slip(field, meant));
        }
        let complete = format!("{task}/complete");
        assert_eq!(named(ada.patch(&complete, json!({"complete": true})).await), slip("complete", "completed"));
        assert_eq!(ada.get(&task).await.header("etag"), "\"1\"", "nothing happened");
        let person = app.anonymous();
        let login = named(person.post("/auth/login", json!({"email": "ada@example.com", "pasword": "x"})).await);
        assert!(login.contains(&slip("pasword", "password")[0]), "{login:?}");
        let form = named(person.post_form("/auth/login", &[("user_name", "a"), ("password", "x")]).await);
        assert!(form.contains(&slip("user_name", "username")[0]), "{form:?}");
        assert_eq!(named(ada.patch("/auth/me", json!({"Name": "Ada"})).await), slip("Name", "name"));
    }

    async fn a_slip_in_a_query_is_refused_and_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (field, meant) in
            [("complete", "completed"), ("offest", "offset"), ("dueBefore", "due_before"), ("priorty", "priority")]
        {
            let reply = ada.get(&format!("/api/tasks?{field}=true")).await;
            assert_eq!(named(reply), slip(field, meant));
        }
        let two = named(ada.get("/api/tasks?limits=1&complete=true&sort=x").await);
        assert_eq!(two.len(), 3, "all at once: {two:?}");
    }

    async fn what_is_far_from_every_known_name_or_beside_it_is_ignored(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(&ada, json!({
            "title": "t", "completed": false, "complete": true, "status": "pending", "due_date": "2026-01-05",
            "user_id": 7, "tag": "a", "names": [], "is_completed": true, "dueDate": null,
        })).await;
        assert_eq!((&task["completed"], &task["due_at"], &task["tags"]), (&json!(false), &Value::Null, &json!([])));
        // What was answered may be sent back as it is.
        ada.put(&path(&task), task.clone()).await.expect(200);
        ada.get("/api/tasks?status=all&skip=0&sort_by=title&page=1&size=9&tags=a").await.expect(200);
    }

    async fn many_unknown_fields_cost_little_and_are_ignored(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut body: serde_json::Map<_, _> = (0..9_000).map(|n| (format!("a{n}"), json!(1))).collect();
        body.insert("title".into(), "t".into());
        ada.post("/api/tasks", body.into()).await.expect(201);
    }
}
