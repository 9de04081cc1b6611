//! Every alias of every built-in dialect is the operation that it stands for.

use std::collections::BTreeMap;

use axum::body::Body;
use doorward::app::operations;
use doorward::clock::Clock;
use doorward::dialect;
use serde_json::{Value, json};

use crate::both;
use crate::support::TestApp;

/// A path with something in the place of each part.
fn concrete(path: &str, user_id: &str) -> String {
    let path = path.replace("{user_id}", user_id).replace("{email}", "a@example.com");
    path.replace("{id}", "0192f0c1-2345-7000-8000-000000000000")
}

both! {
    async fn every_alias_has_the_caching_the_limit_and_the_order_of_checks_of_its_operation(engine: Engine) {
        for name in dialect::NAMES {
            let app = TestApp::with(engine, |settings| {
                settings.compat = vec![name.to_owned()];
                settings.rate_limit_api = Some(doorward::config::Quota::per_minute(100_000));
                settings.rate_limit_auth = Some(doorward::config::Quota::per_minute(100_001));
                settings.rate_limit_login = Some(doorward::config::Quota::per_minute(100_002));
                settings.rate_limit_register = Some(doorward::config::Quota::per_minute(100_003));
                settings.rate_limit_refresh = Some(doorward::config::Quota::per_minute(100_004));
            })
            .await;
            let settings = &app.app.settings;
            let all = operations(settings);
            let spoken = dialect::of(settings, &all, Clock::system()).expect("a right dialect");
            let spoken = spoken.expect("a dialect");
            let natives: BTreeMap<&str, _> = all.iter().map(|one| (one.id.as_str(), one)).collect();
            assert!(spoken.aliases().len() > 5, "{name} adds nothing");
            let client = app.anonymous();
            for alias in spoken.aliases() {
                let native = natives[alias.operation.as_str()];
                let large = json!({"title": "x".repeat(300 * 1024)}).to_string();
                let mut seen: Vec<Value> = Vec::new();
                for (method, path) in [
                    (native.method, concrete(&native.path, "me")),
                    (alias.method.as_str(), concrete(&alias.path, "me")),
                ] {
                    let body = if method == "GET" { Body::empty() } else { large.clone().into() };
                    let json = [("content-type", "application/json")];
                    let reply = client.raw(method, &path, &json, body).await;
                    let policy = reply.header("ratelimit-policy").to_owned();
                    seen.push(json!([reply.status, reply.header("cache-control"), policy]));
                }
                assert_eq!(seen[0], seen[1], "{name}: {} {}", alias.method, alias.path);
            }
        }
    }
}
