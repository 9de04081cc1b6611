//! Pages by `offset`, and how many tasks there are on all of them.

use serde_json::json;

use super::list::next;
use super::make;
use crate::both;
use crate::support::{Client, Reply, TestApp};

async fn page(client: &Client, query: &str) -> Reply {
    client.get(&format!("/api/tasks?{query}")).await.expect(200)
}

fn titles(reply: &Reply) -> Vec<String> {
    let list = reply.json();
    let titles = list.as_array().expect("an array").iter();
    titles.map(|task| task["title"].as_str().expect("text").to_owned()).collect()
}

async fn seven(app: &TestApp, client: &Client) {
    for n in 0..7 {
        make(client, json!({"title": format!("{n}"), "completed": n % 2 == 1, "tags": ["odd"]}))
            .await;
        app.advance(std::time::Duration::from_secs(1));
    }
}

both! {
    async fn an_offset_skips_and_the_link_goes_on_from_there(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        seven(&app, &ada).await;
        let second = page(&ada, "limit=2&offset=2&sort=-title").await;
        assert_eq!(titles(&second), ["4", "3"]);
        let link = next(&second).expect("a next page");
        assert!(!link.contains("offset") && link.contains("limit=2&sort=-title&cursor="), "{link}");
        let third = ada.get(&link).await.expect(200);
        assert_eq!(titles(&third), ["2", "1"]);
        assert_eq!(titles(&page(&ada, "offset=1&completed=false").await), ["2", "4", "6"]);
        for query in ["offset=7", "offset=10000", "offset=4&completed=false"] {
            let beyond = page(&ada, query).await;
            assert_eq!((beyond.text().as_str(), next(&beyond)), ("[]", None), "{query}");
        }
        assert_eq!(titles(&page(&ada, "offset=0").await).len(), 7);
    }

    async fn the_total_counts_what_the_filters_let_through_on_all_pages(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        seven(&app, &ada).await;
        make(&bob, json!({"title": "bob's"})).await;
        for (query, total, shown) in [
            ("total=true", "7", 7),
            ("total=true&limit=2", "7", 2),
            ("total=true&limit=2&offset=6&sort=-due_at", "7", 1),
            ("total=true&offset=7", "7", 0),
            ("total=true&completed=true&limit=1", "3", 1),
            ("total=true&q=3&sort=-priority", "1", 1),
            ("total=true&tag=odd&completed=false&sort=title", "4", 4),
            ("total=true&tag=even", "0", 0),
            ("total=false", "", 7),
            ("limit=2", "", 2),
        ] {
            let reply = page(&ada, query).await;
            assert_eq!((reply.header("x-total-count"), titles(&reply).len()), (total, shown), "{query}");
        }
        let first = page(&ada, "total=true&limit=3").await;
        let second = ada.get(&next(&first).expect("a next page")).await.expect(200);
        assert_eq!(titles(&second), ["3", "4", "5"]);
        assert_eq!(second.header("x-total-count"), "7", "behind a cursor it counts all pages too");
    }

    async fn a_counted_page_is_the_page_in_every_order(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        seven(&app, &ada).await;
        for column in ["created_at", "updated_at", "due_at", "title", "priority"] {
            for way in ["", "-"] {
                let plain = page(&ada, &format!("sort={way}{column}&limit=3")).await;
                let counted = page(&ada, &format!("sort={way}{column}&limit=3&total=true")).await;
                assert_eq!(counted.text(), plain.text(), "{way}{column}");
                let skipped = page(&ada, &format!("sort={way}{column}&limit=3&offset=3")).await;
                let linked = ada.get(&next(&plain).expect("a next page")).await.expect(200);
                assert_eq!(skipped.text(), linked.text(), "{way}{column}");
            }
        }
    }

    async fn a_counted_page_of_long_texts_ends_early_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for n in 0..40 {
            make(&ada, json!({"title": format!("{n}"), "description": "\u{1f980}".repeat(10_000)})).await;
        }
        let reply = page(&ada, "total=true&limit=1000").await;
        assert!(reply.bytes.len() <= (1 << 20) + 2 && titles(&reply).len() < 40);
        assert_eq!(reply.header("x-total-count"), "40");
        assert!(next(&reply).is_some());
    }

    async fn bad_offsets_and_totals_are_422(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        seven(&app, &ada).await;
        let link = next(&page(&ada, "limit=1").await).expect("a next page");
        for bad in [
            "/api/tasks?offset=-1", "/api/tasks?offset=10001", "/api/tasks?offset=", "/api/tasks?offset=x",
            "/api/tasks?offset=1&offset=2", "/api/tasks?total=", "/api/tasks?total=yes",
            &format!("{link}&offset=0"),
        ] {
            let problem = ada.get(bad).await.expect_problem(422, "validation").json();
            assert_eq!(problem["errors"][0]["loc"][0], "query", "{bad}");
        }
    }
}
