//! `GET /api/tasks?q=`: which letters match, and what a search may cost others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::make;
use crate::both;
use crate::support::{Client, TestApp};

async fn found(client: &Client, q: &str) -> Vec<String> {
    let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let list = client.get(&format!("/api/tasks?q={q}")).await.expect(200).json();
    let title = |task: &Value| task["title"].as_str().expect("a title").to_owned();
    list.as_array().expect("an array").iter().map(title).collect()
}

both! {
    async fn composed_and_decomposed_letters_match_each_other(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (title, description) in [
            ("Caf\u{e9} Ji\u{159}\u{ed}", "composed"),
            ("CAFE\u{301} JIR\u{30c}I\u{301}", "decomposed"),
            ("\u{1ed9} marks in one order", "o\u{323}\u{302}"),
            ("marks in the other order", "o\u{302}\u{323}"),
        ] {
            make(&ada, json!({"title": title, "description": description})).await;
            app.advance(Duration::from_secs(1));
        }
        for (q, count) in [
            ("caf\u{e9} ji\u{159}", 2),
            ("cafe\u{301} jir\u{30c}", 2),
            ("\u{c9}", 2),
            ("o\u{302}\u{323}", 2),
            ("\u{1ed8}", 2),
            ("caf", 2),
            ("***=", 0),
        ] {
            assert_eq!(found(&ada, q).await.len(), count, "{q}");
        }
    }

    async fn while_one_user_searches_the_worst_text_others_are_answered_quickly(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (eve, ada) = (app.sign_up("eve").await, app.sign_up("ada").await);
        make(&ada, json!({"title": "find me"})).await;
        let text = "a".repeat(10_000);
        for _ in 0..30 {
            let fifty = (0..50).map(|_| make(&eve, json!({"title": "a", "description": text})));
            join_all(fifty).await;
        }
        let over = AtomicBool::new(false);
        let attack = async {
            for q in [format!("{}b", "a".repeat(199)), format!("b{}", "a".repeat(199))] {
                let path = format!("/api/tasks?q={q}");
                let searches = (0..6).map(|_| eve.get(&path));
                for reply in join_all(searches).await {
                    assert!([200, 503].contains(&reply.status), "{}", reply.text());
                }
            }
            over.store(true, Ordering::SeqCst);
        };
        let others = async {
            let mut slowest = Duration::ZERO;
            while !over.load(Ordering::SeqCst) {
                let began = Instant::now();
                ada.get("/auth/me").await.expect(200);
                ada.get("/api/tasks").await.expect(200);
                slowest = slowest.max(began.elapsed());
                assert_eq!(found(&ada, "find").await, ["find me"]);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            slowest
        };
        let ((), slowest) = tokio::join!(attack, others);
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    }

    async fn a_user_who_searches_far_too_often_at_once_is_refused_and_nobody_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (eve, ada) = (app.sign_up("eve").await, app.sign_up("ada").await);
        make(&ada, json!({"title": "find me"})).await;
        let flood = join_all((0..100).map(|_| eve.get("/api/tasks?q=x")));
        let (flood, others) = tokio::join!(flood, join_all((0..5).map(|_| found(&ada, "me"))));
        assert!(flood.iter().any(|reply| reply.status == 503), "none was refused");
        assert!(flood.iter().any(|reply| reply.status == 200), "all were refused");
        let refused = flood.iter().filter(|reply| reply.status != 200);
        for reply in refused {
            assert!(!reply.header("retry-after").is_empty());
        }
        assert!(others.iter().all(|titles| titles == &["find me"]), "{others:?}");
        assert!(found(&eve, "x").await.is_empty(), "it is over when it is over");
    }
}
