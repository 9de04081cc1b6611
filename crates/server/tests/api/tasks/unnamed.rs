//! Behind a pooler that keeps no prepared statements, parameters travel with types of their own: every
//! statement on tasks must mean the same then.

use serde_json::{Value, json};

use super::{conditional, make, path};
use crate::support::{Engine, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_on_tasks_runs_unnamed() {
    let direct = TestApp::start(Engine::Postgres).await;
    let url = format!("{}?pgbouncer=true", direct.url);
    let app = TestApp::over(&url, direct.clock.clone(), 3, |_| {}).await;
    let ada = app.sign_up("ada").await;
    let full = json!({
        "title": "a", "description": "d", "priority": "high", "completed": true,
        "due_at": "2027-01-01T00:00:00Z",
    });
    let task = path(&make(&ada, full.clone()).await);
    make(&ada, json!({"title": "b"})).await;
    for changes in [
        full.clone(),
        json!({"title": "a2"}),
        json!({"description": null}),
        json!({"due_at": null}),
        json!({"priority": "low", "completed": false}),
        full,
    ] {
        let changed = ada.patch(&task, changes.clone()).await.expect(200).json();
        assert_eq!(ada.get(&task).await.expect(200).json(), changed);
        for (field, value) in changes.as_object().expect("an object") {
            assert_eq!(&changed[field], value);
        }
    }
    for column in ["created_at", "updated_at", "due_at", "title", "priority"] {
        for sort in [column.to_owned(), format!("-{column}")] {
            for filter in [
                "",
                "&completed=true",
                "&priority=high",
                "&q=a",
                "&due_before=2030-01-01T00:00:00Z",
                "&due_after=2020-01-01T00:00:00Z",
            ] {
                let first =
                    ada.get(&format!("/api/tasks?limit=1&sort={sort}{filter}")).await.expect(200);
                assert_eq!(first.json().as_array().map(Vec::len), Some(1), "{sort}{filter}");
                let next = super::list::next(&first);
                assert_eq!(next.is_some(), filter.is_empty(), "{sort}{filter}");
                if let Some(next) = next {
                    let second = ada.get(&next).await.expect(200);
                    assert_eq!(second.json().as_array().map(Vec::len), Some(1), "{sort}");
                }
            }
        }
    }
    let complete = format!("{task}/complete");
    ada.raw("PATCH", &complete, &[], "").await.expect(200);
    ada.patch(&complete, json!({"completed": false})).await.expect(200);
    conditional(&ada, "PUT", &task, "\"1\"", json!({"title": "x"})).await.expect(412);
    conditional(&ada, "DELETE", &task, "\"1\"", Value::Null).await.expect(412);
    ada.delete(&task).await.expect(204);
}
