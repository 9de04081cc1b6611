//! A key that counts from some networks alone.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_key_counts_from_its_networks_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let networks = json!(["203.0.113.0/24", "2001:db8:1::/48", "10.0.0.7"]);
        let made = ada.makes_key(json!({"scopes": ["tasks:read", "tasks:write"], "networks": networks})).await;
        let program = ada.with_token(made["key"].as_str().unwrap());
        for inside in ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.9", "2001:db8:1::", "2001:db8:1:ffff::9", "10.0.0.7"] {
            program.from(inside).get("/api/tasks").await.expect(200);
            program.from(inside).post("/api/tasks", json!({"title": "x"})).await.expect(201);
        }
        for outside in ["203.0.112.255", "203.0.114.0", "2001:db8:2::", "2001:db8::", "10.0.0.8", "0.0.0.0", "::"] {
            let program = program.from(outside);
            program.get("/api/tasks").await.expect_problem(403, "network_not_allowed");
            program.post("/api/tasks", json!({"title": "x"})).await.expect_problem(403, "network_not_allowed");
            program.post("/api/tasks", json!({})).await.expect_problem(403, "network_not_allowed");
            program.get("/auth/me").await.expect_problem(403, "network_not_allowed");
        }
        // No address is known of who calls the router itself.
        program.get("/api/tasks").await.expect_problem(403, "network_not_allowed");
        let root = app.admin("root").await;
        let events = app.audited(&root, "api_key.refuse").await;
        assert!(events.iter().any(|event| event["detail"] == "refused: key_network"), "{events:?}");
    }

    async fn what_a_client_says_of_its_address_counts_behind_a_trusted_proxy_alone(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
        })
        .await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read"], "networks": ["203.0.113.0/24"]})).await;
        let program = ada.with_token(made["key"].as_str().unwrap());
        let read = async |peer: &str, said: &str| {
            program.from(peer).raw("GET", "/api/tasks", &[("x-forwarded-for", said)], "").await.status
        };
        assert_eq!(read("192.0.2.1", "203.0.113.9").await, 200);
        assert_eq!(read("192.0.2.1", "203.0.113.9, 198.51.100.1").await, 403);
        assert_eq!(read("198.51.100.1", "203.0.113.9").await, 403, "a made-up header");
        assert_eq!(read("203.0.113.9", "198.51.100.1").await, 200);
        assert_eq!(read("192.0.2.1", "nonsense").await, 403);
    }
}
