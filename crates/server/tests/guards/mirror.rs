//! One word in four places: whoever knows an operation's id finds its tests.

use serde_json::Value;

use crate::architecture::{refuse, root, rust_files};

/// Every operation of the contract for which none of these files has tests.
fn without_tests(files: &[(String, String)]) -> Vec<String> {
    let contract = std::fs::read(root().join("openapi.json")).expect("openapi.json");
    let document: Value = serde_json::from_slice(&contract).expect("JSON");
    let items = document["paths"].as_object().expect("paths").values();
    let operations = items.flat_map(|item| item.as_object().expect("an item").values());
    let ids: Vec<_> = operations.filter_map(|it| it["operationId"].as_str()).collect();
    assert!(ids.contains(&"sessions.login") && ids.len() > 40, "{ids:?}");
    let tested = |id: &&str| {
        let (feature, operation) = id.split_once('.').expect("feature.operation");
        let folder = format!("crates/server/tests/api/{feature}/");
        let file = format!("/{operation}.rs");
        files.iter().any(|(name, text)| {
            name.starts_with(&folder) && name.ends_with(&file) && text.contains("async fn ")
        })
    };
    ids.into_iter().filter(|id| !tested(id)).map(str::to_owned).collect()
}

#[test]
fn every_operation_has_a_test_file_of_its_name() {
    assert!(without_tests(&[]).contains(&"roles.grant".to_owned()));
    let files = rust_files("crates/server/tests/api");
    refuse(&without_tests(&files), "each operation has a file of tests with its name");
}
