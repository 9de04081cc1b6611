//! Long answers are compressed for clients that ask, and none that could tell about a secret by its length.

use std::io::Read as _;

use axum::body::Body;
use serde_json::json;

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

async fn accepting(client: &Client, path: &str, codings: &str) -> Reply {
    client.raw("GET", path, &[("accept-encoding", codings)], Body::empty()).await.expect(200)
}

fn gunzipped(reply: &Reply) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&reply.bytes[..]).read_to_end(&mut plain).expect("gzip");
    plain
}

both! {
    async fn a_long_page_is_compressed_as_the_client_asks_and_says_the_same(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for n in 0..20 {
            let body = json!({"title": format!("Task {n}"), "description": "quite ordinary ".repeat(9)});
            ada.post("/api/tasks", body).await.expect(201);
        }
        let plain = ada.get("/api/tasks").await.expect(200);
        assert!(plain.bytes.len() > 1024 && plain.header("content-encoding").is_empty());
        assert!(plain.headers.get_all("vary").iter().any(|one| one == "Accept-Encoding"));
        let gzip = accepting(&ada, "/api/tasks", "gzip, deflate, br").await;
        assert_eq!((gzip.header("content-encoding"), gunzipped(&gzip)), ("gzip", plain.bytes.clone()));
        let zstd = accepting(&ada, "/api/tasks", "gzip, deflate, br, zstd").await;
        assert_eq!(zstd.header("content-encoding"), "zstd");
        assert_eq!(zstd::decode_all(&zstd.bytes[..]).expect("zstd"), plain.bytes);
        assert!(zstd.bytes.len() < plain.bytes.len() / 3, "{} bytes", zstd.bytes.len());
        let refused = accepting(&ada, "/api/tasks", "gzip;q=0, identity").await;
        assert_eq!((refused.header("content-encoding"), &refused.bytes), ("", &plain.bytes));
        let short = accepting(&ada, "/api/tasks?limit=1", "gzip").await;
        assert!(short.header("content-encoding").is_empty() && short.bytes.len() < 1024);
    }

    /// What a page longer than a quick one goes through.
    async fn a_page_of_a_megabyte_is_compressed_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for _ in 0..20 {
            let body = json!({"title": "Long", "description": "ordinary ".repeat(1100)});
            ada.post("/api/tasks", body).await.expect(201);
        }
        let plain = ada.get("/api/tasks").await.expect(200);
        assert!(plain.bytes.len() > 150_000, "{} bytes", plain.bytes.len());
        assert_eq!(gunzipped(&accepting(&ada, "/api/tasks", "gzip").await), plain.bytes);
    }

    /// The lengths of answers in which a secret stands beside what an attacker chose tell the secret (BREACH).
    async fn no_answer_about_an_account_is_compressed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let chosen = json!({"user_metadata": {"note": "chosen ".repeat(400)}});
        ada.patch("/auth/me", chosen).await.expect(200);
        for path in ["/auth/me", "/auth/sessions", "/auth/me/export"] {
            let reply = accepting(&ada, path, "gzip, zstd").await;
            assert!(reply.header("content-encoding").is_empty(), "{path}");
        }
        let sign_in = json!({"email": "ada@example.com", "password": PASSWORD});
        let headers = [("content-type", "application/json"), ("accept-encoding", "gzip, zstd")];
        let reply = ada.raw("POST", "/auth/login", &headers, sign_in.to_string()).await.expect(200);
        assert!(reply.bytes.len() > 1024 && reply.header("content-encoding").is_empty());
    }

    async fn a_task_with_its_etag_stays_as_it_is(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let body = json!({"title": "Long", "description": "ordinary ".repeat(500)});
        let made = ada.post("/api/tasks", body).await.expect(201).json();
        let path = format!("/api/tasks/{}", made["id"].as_str().expect("an id"));
        let reply = accepting(&ada, &path, "gzip, zstd").await;
        assert!(!reply.header("etag").is_empty() && reply.header("content-encoding").is_empty());
    }
}
