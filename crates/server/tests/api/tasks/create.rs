//! `POST /api/tasks`.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{make, path};
use crate::both;
use crate::support::{Engine, TestApp, postgres};

both! {
    async fn a_task_is_made_with_its_defaults(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.post("/api/tasks", json!({"title": "  Buy milk\n"})).await.expect(201);
        let id = reply.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(reply.header("location"), format!("/api/tasks/{id}"));
        assert_eq!(reply.header("etag"), "\"1\"");
        let user = ada.user["id"].as_str().expect("an id");
        assert_eq!(
            reply.text(),
            format!(
                r#"{{"id":"{id}","user_id":"{user}","title":"Buy milk","description":null,"completed":false,"completed_at":null,"priority":"none","due_at":null,"tags":[],"metadata":{{}},"created_at":"2026-11-20T12:00:00Z","updated_at":"2026-11-20T12:00:00Z"}}"#
            ),
            "the members stand in the contract's order"
        );
        assert_eq!(ada.get(reply.header("location")).await.expect(200).text(), reply.text());
    }

    async fn every_field_is_stored_and_instants_become_utc(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(&ada, json!({
            "title": "Ship",
            "description": " kept\nas sent ",
            "completed": true,
            "priority": "high",
            "due_at": "2027-01-01T01:30:00.1234567+02:00",
        })).await;
        assert_eq!(task["description"], " kept\nas sent ");
        assert_eq!(task["completed"], true);
        assert_eq!(task["completed_at"], "2026-11-20T12:00:00Z");
        assert_eq!(task["priority"], "high");
        assert_eq!(task["due_at"], "2026-12-31T23:30:00.123456Z");
        assert_eq!(ada.get(&path(&task)).await.json(), task);
    }

    async fn dates_and_times_as_date_pickers_send_them_are_taken_as_utc(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (sent, stored) in [
            ("2026-01-05", "2026-01-05T00:00:00Z"),
            ("2026-01-05T10:00", "2026-01-05T10:00:00Z"),
            ("2026-01-05T10:00:30.5", "2026-01-05T10:00:30.5Z"),
            ("2026-01-05T10:00+02:00", "2026-01-05T08:00:00Z"),
        ] {
            let task = make(&ada, json!({"title": "t", "due_at": sent})).await;
            assert_eq!(task["due_at"], stored, "{sent}");
            assert_eq!(ada.get(&path(&task)).await.json(), task);
        }
    }

    async fn priorities_are_taken_in_any_case_and_urgent_sorts_above_high(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for priority in ["High", "URGENT", "none", "urgent", "Medium"] {
            let task = make(&ada, json!({"title": "t", "priority": priority})).await;
            assert_eq!(task["priority"], priority.to_lowercase());
            app.advance(Duration::from_secs(1));
        }
        let order = ["urgent", "urgent", "high", "medium", "none"];
        let mut page = Some("/api/tasks?sort=-priority&limit=1".to_owned());
        let mut found = Vec::new();
        while let Some(path) = page {
            let reply = ada.get(&path).await.expect(200);
            found.push(reply.json()[0]["priority"].as_str().expect("a word").to_owned());
            page = crate::tasks::list::next(&reply);
        }
        assert_eq!(found, order);
    }

    async fn a_body_may_begin_with_a_byte_order_mark(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let json = [("content-type", "application/json")];
        let body = "\u{feff}{\"title\": \"\u{feff}Marked\"}";
        let made = ada.raw("POST", "/api/tasks", &json, body).await.expect(201).json();
        assert_eq!(made["title"], "\u{feff}Marked", "only the body's own mark is ignored");
    }

    async fn control_characters_that_no_text_needs_are_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = path(&make(&ada, json!({"title": "t", "description": "tab\t, line\r\n"})).await);
        for letter in (0..=0x9f_u32).filter_map(char::from_u32).filter(|letter| letter.is_control()) {
            let text = format!("a{letter}b");
            let in_title = json!({"title": text});
            let in_description = json!({"title": "t", "description": text});
            for (field, body) in [("title", in_title), ("description", in_description)] {
                if field == "description" && "\t\n\r".contains(letter) {
                    make(&ada, body).await;
                    continue;
                }
                let whole = ada.put(&task, body.clone()).await;
                let part = ada.patch(&task, json!({field: text})).await;
                for reply in [ada.post("/api/tasks", body).await, whole, part] {
                    let problem = reply.expect_problem(422, "validation").json();
                    let error = &problem["errors"][0];
                    assert_eq!(error["loc"], json!(["body", field]), "{letter:?}");
                    assert!(error["msg"].as_str().is_some_and(|why| why.contains("control characters")), "{error}");
                }
            }
        }
    }

    async fn a_slash_at_the_end_of_the_path_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.post("/api/tasks/", json!({"title": "x"})).await.expect(201);
        let id = reply.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(reply.header("location"), format!("/api/tasks/{id}"));
        ada.get(&format!("/api/tasks/{id}/")).await.expect(200);
        make(&ada, json!({"title": "y"})).await;
        let list = ada.get("/api/tasks/?limit=1").await.expect(200);
        let next = crate::tasks::list::next(&list).expect("a next page");
        assert!(next.starts_with("/api/tasks?limit=1&cursor="), "{next}");
    }

    async fn location_follows_the_mount(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.tasks_path = "/api/{user_id}/tasks".into();
        }).await;
        let ada = app.sign_up("ada").await;
        let mount = format!("/api/{}/tasks", ada.user["id"].as_str().expect("an id"));
        let reply = ada.post(&mount, json!({"title": "x"})).await.expect(201);
        let id = reply.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(reply.header("location"), format!("{mount}/{id}"));
        ada.get(reply.header("location")).await.expect(200);
        ada.patch(&format!("{mount}/{id}/complete"), json!({"completed": true})).await.expect(200);
        assert_eq!(ada.get(&mount).await.expect(200).json().as_array().map(Vec::len), Some(1));
    }

    async fn owner_id_and_times_cannot_be_set_by_the_client(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        let id = "00000000-0000-7000-8000-000000000000";
        let task = make(&ada, json!({
            "title": "mine",
            "id": id,
            "user_id": bob.user["id"],
            "owner_id": bob.user["id"],
            "created_at": "2000-01-01T00:00:00Z",
            "updated_at": "2000-01-01T00:00:00Z",
            "completed_at": "2000-01-01T00:00:00Z",
            "version": 9,
        })).await;
        assert_eq!(task["user_id"], ada.user["id"]);
        assert_ne!(task["id"], id);
        assert_eq!(task["created_at"], "2026-11-20T12:00:00Z");
        assert_eq!(task["updated_at"], "2026-11-20T12:00:00Z");
        assert_eq!(task["completed_at"], Value::Null);
        assert_eq!(bob.get("/api/tasks").await.json(), json!([]));
    }

    async fn limits_are_counted_in_characters(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let longest = json!({"title": "🦀".repeat(200), "description": "é".repeat(10_000)});
        let task = make(&ada, longest.clone()).await;
        assert_eq!(ada.get(&path(&task)).await.json()["title"], longest["title"]);
        assert_eq!(ada.get(&path(&task)).await.json()["description"], longest["description"]);
        for bad in [
            json!({"title": "x".repeat(201)}),
            json!({"title": ""}),
            json!({"title": " \u{a0}\t"}),
            json!({"title": "x", "description": "x".repeat(10_001)}),
        ] {
            ada.post("/api/tasks", bad).await.expect_problem(422, "validation");
        }
        assert_eq!(ada.get("/api/tasks").await.json().as_array().map(Vec::len), Some(1));
    }

    async fn how_long_a_title_may_be_is_a_setting_that_the_contract_says(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.task_title_max = 1000).await;
        let ada = app.sign_up("ada").await;
        let contract = app.anonymous().get("/openapi.json").await.expect(200).json();
        for schema in ["Task", "NewTask", "TaskChanges"] {
            let title = &contract["components"]["schemas"][schema]["properties"]["title"];
            assert_eq!(title["maxLength"], 1000, "{schema}");
        }
        // All different, lest the index should compress them.
        let long: String = (0x1_0000..0x1_0258).filter_map(char::from_u32).collect();
        for title in ["x".repeat(1000), long] {
            let task = make(&ada, json!({"title": title})).await;
            assert_eq!(task["title"], title);
            for sort in ["title", "-title"] {
                let first = ada.get(&format!("/api/tasks?limit=1&sort={sort}")).await.expect(200);
                let rest = crate::tasks::list::next(&first).map(async |rest| ada.get(&rest).await.expect(200));
                if let Some(rest) = rest {
                    assert_eq!(rest.await.json().as_array().map(Vec::len), Some(1));
                }
            }
            for (title, why) in [("x".repeat(1001), "1000 characters"), ("\u{10000}".repeat(601), "2400 bytes")] {
                let made = ada.post("/api/tasks", json!({"title": title})).await;
                let changed = ada.patch(&path(&task), json!({"title": title})).await;
                for reply in [made, changed] {
                    let problem = reply.expect_problem(422, "validation").json();
                    assert_eq!(problem["errors"][0]["msg"], format!("must have at most {why}"));
                }
            }
        }
        let plain = TestApp::start(engine).await;
        let bob = plain.sign_up("bob").await;
        let problem = bob.post("/api/tasks", json!({"title": "x".repeat(201), "priority": 1})).await.expect(422);
        let named: Vec<_> = problem.json()["errors"].as_array().expect("errors").iter()
            .map(|error| error["pointer"].clone()).collect();
        assert_eq!(named, ["#/priority", "#/title"], "with all other problems");
    }

    async fn all_problems_are_named_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.post("/api/tasks", json!({
            "description": 7, "completed": null, "priority": "critical", "due_at": "tomorrow",
        })).await.expect_problem(422, "validation");
        let errors = reply.json()["errors"].as_array().expect("errors").clone();
        let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].clone()).collect();
        assert_eq!(
            pointers,
            ["#/title", "#/description", "#/completed", "#/priority", "#/due_at"]
        );
        assert_eq!(errors[0]["loc"], json!(["body", "title"]));
        assert_eq!(errors[0]["type"], "missing");
    }

    async fn oldest_come_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for title in ["one", "two", "three"] {
            make(&ada, json!({"title": title})).await;
            app.advance(Duration::from_micros(1));
        }
        let titles: Vec<_> = ada.get("/api/tasks").await.json().as_array().expect("an array")
            .iter().map(|task| task["title"].clone()).collect();
        assert_eq!(titles, ["one", "two", "three"]);
    }

    async fn any_task_that_is_accepted_reads_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut runner = TestRunner::deterministic();
        for _ in 0..60 {
            let body = any_task().new_tree(&mut runner).expect("a tree").current();
            let reply = ada.post("/api/tasks", body.clone()).await;
            if reply.status == 422 {
                continue;
            }
            let made = reply.expect(201).json();
            assert_eq!(ada.get(&path(&made)).await.expect(200).json(), made, "{body}");
            assert_eq!(made["title"], body["title"].as_str().expect("text").trim());
            assert_eq!(made["description"], body["description"]);
            assert_eq!(made["priority"], body["priority"]);
            let patched = ada.patch(&path(&made), body.clone()).await.expect(200).json();
            for field in ["title", "description", "completed", "priority", "due_at"] {
                assert_eq!(patched[field], made[field], "{body}");
            }
            let sought = made["title"].as_str().expect("text").to_lowercase();
            let query = url::form_urlencoded::byte_serialize(sought.as_bytes()).collect::<String>();
            let found = ada.get(&format!("/api/tasks?limit=1000&q={query}")).await.expect(200);
            let ids: Vec<_> = found.json().as_array().expect("an array").iter()
                .map(|task| task["id"].clone()).collect();
            assert!(ids.contains(&made["id"]), "{sought:?} does not find {body}");
        }
    }
}

/// On SQLite one writer comes after the other; here the task waits for the deletion to be decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_made_while_its_owner_is_being_deleted_is_401() {
    let app = TestApp::start(Engine::Postgres).await;
    let ada = app.sign_up("ada").await;
    let database = app.url.rsplit('/').next().expect("a name");
    let superuser = postgres::shared().connect(database).await;
    superuser
        .batch_execute("BEGIN; DELETE FROM users WHERE name = 'ada'")
        .await
        .expect("a deletion");
    let task = tokio::spawn(async move { ada.post("/api/tasks", json!({"title": "x"})).await });
    let watch = postgres::shared().connect(database).await;
    let waits = "SELECT 1 FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watch.query(waits, &[]).await.expect("rows").is_empty() {
        assert!(!task.is_finished(), "the task did not wait for the deletion");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    superuser.batch_execute("COMMIT").await.expect("deleted");
    task.await.expect("no panic").expect_problem(401, "invalid_token");
}

/// Mostly acceptable: any text, any instant.
fn any_task() -> impl Strategy<Value = Value> {
    let title = prop_oneof![".{1,40}", "[ -~]{1,200}", "\\PC{1,20}"];
    let description = prop_oneof![Just(Value::Null), any::<String>().prop_map(Value::from)];
    let due = (1u16..=9999, 1u8..=12, 1u8..=28, 0u8..24, 0u8..60, 0u32..1_000_000, -23i8..=23);
    let due = due.prop_map(|(year, month, day, hour, minute, micros, offset)| {
        json!(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:59.{micros:06}{}{:02}:30",
            if offset < 0 { '-' } else { '+' },
            offset.abs()
        ))
    });
    let due = prop_oneof![Just(Value::Null), due];
    let priority =
        prop_oneof![Just("none"), Just("low"), Just("medium"), Just("high"), Just("urgent")];
    (title, description, due, priority, any::<bool>()).prop_map(
        |(title, description, due_at, priority, completed)| {
            json!({
                "title": title,
                "description": description,
                "due_at": due_at,
                "priority": priority,
                "completed": completed,
            })
        },
    )
}
