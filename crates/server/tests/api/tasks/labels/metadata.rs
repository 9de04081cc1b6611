//! The app's own fields on tasks, changed by merge patches.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Engine, TestApp};
use crate::tasks::{conditional, make, make_titled, path};

/// What RFC 7396, section 2, says becomes of `target`.
fn merged(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            merged.remove(name);
        } else {
            let member = merged.get(name).cloned().unwrap_or_default();
            merged.insert(name.clone(), self::merged(&member, value));
        }
    }
    merged.into()
}

fn any_object() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0))
    ];
    let text = any::<String>().prop_map(|text| Value::from(text.replace('\0', "")));
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, text];
    let key = prop_oneof!["[abc]", "[ -~]{0,3}", "[é\u{1f980}\n\u{7f}\u{2028}]{1,2}"];
    let value = leaf.prop_recursive(3, 24, 4, move |inner| {
        let key = prop_oneof!["[abc]", "[\"\\\\/ ]{1,2}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4).prop_map(Value::from_iter),
        ]
    });
    prop::collection::btree_map(key, value, 0..5).prop_map(Value::from_iter)
}

both! {
    async fn metadata_is_kept_and_changed_by_a_merge_patch(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let metadata = json!({"category": "home", "reminder": {"at": "08:00", "by": ["mail"]}, "none": null});
        let task = make(&ada, json!({"title": "t", "metadata": metadata})).await;
        assert_eq!(task["metadata"], metadata);
        assert_eq!(ada.get(&path(&task)).await.expect(200).json(), task);
        for (change, metadata) in [
            (json!({"title": "u"}), metadata),
            (
                json!({"metadata": {"category": "work", "reminder": {"at": null}, "none": null}}),
                json!({"category": "work", "reminder": {"by": ["mail"]}}),
            ),
            (
                json!({"metadata": {"reminder": "never", "new": {"a": null, "b": {}}}}),
                json!({"category": "work", "reminder": "never", "new": {"b": {}}}),
            ),
            (json!({"metadata": {"category": null, "reminder": null, "new": null}}), json!({})),
            (json!({"metadata": {"a": 1}}), json!({"a": 1})),
            (json!({"metadata": null}), json!({})),
        ] {
            let changed = ada.put(&path(&task), change).await.expect(200).json();
            assert_eq!(changed["metadata"], metadata);
            assert_eq!(ada.get(&path(&task)).await.json(), changed);
        }
    }

    async fn any_metadata_merges_as_the_rfc_says(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut runner = TestRunner::deterministic();
        let mut any = || any_object().new_tree(&mut runner).expect("a tree").current();
        for _ in 0..60 {
            let (first, second) = (any(), any());
            let task = make(&ada, json!({"title": "t", "metadata": first})).await;
            assert_eq!(task["metadata"], first);
            let changed = ada.patch(&path(&task), json!({"metadata": second})).await.expect(200).json();
            assert_eq!(changed["metadata"], merged(&first, &second), "{first} {second}");
        }
    }

    async fn metadata_never_grows_beyond_its_bounds(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        // `{"a":"…","b":"…"}` has 15 bytes besides the texts.
        let half = "x".repeat(8_000);
        ada.patch(&task, json!({"metadata": {"a": half}})).await.expect(200);
        let room = 16 * 1024 - 15 - half.len();
        let full = json!({"metadata": {"b": "x".repeat(room)}});
        let over = json!({"title": "u", "metadata": {"b": "x".repeat(room + 1)}});
        let problem = ada.patch(&task, over.clone()).await.expect_problem(422, "validation").json();
        assert_eq!(problem["errors"][0]["pointer"], "#/metadata");
        assert_eq!(problem["errors"][0]["msg"], "would have more than 16 KiB of JSON");
        let kept = ada.get(&task).await;
        assert_eq!((kept.header("etag"), &kept.json()["title"]), ("\"2\"", &json!("t")), "nothing happened");
        conditional(&ada, "PATCH", &task, "\"1\"", over).await.expect_problem(412, "precondition_failed");
        ada.patch(&task, full).await.expect(200);
        for bad in [
            json!([]),
            json!("{}"),
            json!({"a": "x".repeat(16 * 1024)}),
            json!({"a": "\0"}),
            json!({"\0": 1}),
            (0..8).fold(json!({}), |inside, _| json!({"a": inside})),
            (0..257).map(|n| (format!("k{n}"), n)).collect::<Value>(),
        ] {
            let made = ada.post("/api/tasks", json!({"title": "t", "metadata": bad})).await;
            for reply in [made, ada.patch(&task, json!({"metadata": bad})).await] {
                let problem = reply.expect_problem(422, "validation").json();
                assert_eq!(problem["errors"][0]["pointer"], "#/metadata", "{bad}");
            }
        }
    }

    async fn of_concurrent_changes_to_metadata_none_is_lost(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        let writers = (0..12).map(|n| {
            let (ada, task) = (ada.clone(), task.clone());
            tokio::spawn(async move {
                let mut patch = serde_json::Map::new();
                patch.insert(format!("k{n}"), n.into());
                ada.patch(&task, json!({"metadata": patch})).await.expect(200);
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("no panic");
        }
        let all = ada.get(&task).await.json();
        assert_eq!(all["metadata"].as_object().map(serde_json::Map::len), Some(12));
    }
}

/// One statement serves both databases, and what they keep is the same text.
#[tokio::test]
async fn both_databases_keep_the_same_text() {
    let mut texts = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(
            &ada,
            json!({"title": "t", "metadata": {"z": 1.50, "b": [1, {"y": 2, "x": "\u{7f}\n/é"}]}}),
        )
        .await;
        let change = json!({"metadata": {"a": {"d": 1e300, "c": null}, "Z": true, "b": null, "é\"\\": 12_345_678_901_234_567_890_u64}});
        let changed = ada.patch(&path(&task), change).await.expect(200).text();
        let (_, metadata) = changed.split_once("\"metadata\":").expect("metadata");
        texts.push(metadata.split_once(",\"created_at\"").expect("its end").0.to_owned());
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0], r#"{"Z":true,"a":{"d":1e+300},"z":1.5,"é\"\\":12345678901234567890}"#);
}
