//! Tags of tasks, and the list of those that have one.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, TestApp};
use crate::tasks::{make, make_titled, path};

/// The titles of the tasks with this tag.
async fn tagged(client: &Client, tag: &str) -> Vec<String> {
    let tag: String = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect();
    let list = client.get(&format!("/api/tasks?tag={tag}")).await.expect(200).json();
    let titles = list.as_array().expect("an array").iter();
    titles.map(|task| task["title"].as_str().expect("text").to_owned()).collect()
}

both! {
    async fn tags_are_stored_in_their_order_and_replaced_by_a_change(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(&ada, json!({"title": "t", "tags": [" home ", "Work", "a, \"b\""]})).await;
        assert_eq!(task["tags"], json!(["home", "Work", "a, \"b\""]));
        assert_eq!(ada.get(&path(&task)).await.expect(200).json(), task);
        for (change, tags) in [
            (json!({"title": "u"}), json!(["home", "Work", "a, \"b\""])),
            (json!({"tags": ["one"]}), json!(["one"])),
            (json!({"tags": []}), json!([])),
            (json!({"tags": ["one", "two"]}), json!(["one", "two"])),
            (json!({"tags": null}), json!([])),
        ] {
            let changed = ada.patch(&path(&task), change).await.expect(200).json();
            assert_eq!(changed["tags"], tags);
            let list = ada.get("/api/tasks").await.expect(200).json();
            assert_eq!(list, json!([changed]));
        }
    }

    async fn a_tag_is_found_exactly_and_among_ones_own_tasks_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        for (title, tags) in [
            ("none", json!([])),
            ("one", json!(["work"])),
            ("two", json!(["work", "at home", "50%"])),
            ("three", json!(["homework", "Work", "a\",\"b"])),
        ] {
            make(&ada, json!({"title": title, "tags": tags})).await;
            app.advance(std::time::Duration::from_secs(1));
        }
        for (tag, expected) in [
            ("work", vec!["one", "two"]),
            (" work ", vec!["one", "two"]),
            ("Work", vec!["three"]),
            ("wor", vec![]),
            ("home", vec![]),
            ("at home", vec!["two"]),
            ("50%", vec!["two"]),
            ("%", vec![]),
            (".*", vec![]),
            ("b", vec![]),
            ("a\",\"b", vec!["three"]),
        ] {
            assert_eq!(tagged(&ada, tag).await, expected, "{tag}");
        }
        assert_eq!(tagged(&bob, "work").await, Vec::<String>::new());
        let both = ada.get("/api/tasks?tag=work&q=two&limit=1").await.expect(200);
        assert_eq!(both.json().as_array().map(Vec::len), Some(1));
    }

    async fn what_is_no_tag_is_refused_with_its_place(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        for (tags, why) in [
            (json!("work"), "must be a list of strings"),
            (json!(["a", 1]), "item 2 must be a string"),
            (json!(["a", " "]), "item 2 must not be blank"),
            (json!(["a", "b", "a "]), "item 3 is a duplicate"),
            (json!(["a\u{0}b"]), "item 1 must not contain control characters"),
            (json!(vec!["x".repeat(51)]), "item 1 must have at most 50 characters"),
            (Value::from((0..21).map(|n| n.to_string()).collect::<Vec<_>>()), "must have at most 20 items"),
        ] {
            let made = ada.post("/api/tasks", json!({"title": "t", "tags": tags})).await;
            let changed = ada.patch(&task, json!({"tags": tags})).await;
            for reply in [made, changed] {
                let problem = reply.expect_problem(422, "validation").json();
                assert_eq!(problem["errors"][0]["pointer"], "#/tags");
                assert_eq!(problem["errors"][0]["msg"], why);
            }
        }
        for query in ["tag=", "tag=%00", "tag=a%0Ab", "tag=a&tag=b"] {
            ada.get(&format!("/api/tasks?{query}")).await.expect_problem(422, "validation");
        }
        assert_eq!(ada.get(&task).await.header("etag"), "\"1\"");
    }
}
