//! One word in four places: whoever knows an operation's id finds its tests.

use serde_json::Value;

use crate::architecture::{refuse, root};

/// Every operation of the contract whose test file `has` does not know, as the file's path.
fn without_tests(has: impl Fn(&str) -> bool) -> Vec<String> {
    let contract = std::fs::read(root().join("openapi.json")).expect("openapi.json");
    let document: Value = serde_json::from_slice(&contract).expect("JSON");
    let items = document["paths"].as_object().expect("paths").values();
    let operations = items.flat_map(|item| item.as_object().expect("an item").values());
    let ids: Vec<_> = operations.filter_map(|it| it["operationId"].as_str()).collect();
    assert!(ids.contains(&"sessions.login") && ids.len() > 40, "{ids:?}");
    let file = |id: &str| format!("crates/server/tests/api/{}.rs", id.replace('.', "/"));
    ids.into_iter().map(file).filter(|file| !has(file)).collect()
}

#[test]
fn every_operation_has_a_test_file_of_its_name() {
    assert!(without_tests(|_| false).contains(&"crates/server/tests/api/roles/grant.rs".into()));
    let holds_tests = |file: &str| {
        std::fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains("async fn "))
    };
    refuse(&without_tests(holds_tests), "each operation has a file of tests with its name");
}
