//! `/`, `/openapi.json` and `/docs`.

use crate::support::{Engine, TestApp};

#[tokio::test]
async fn the_docs_page_loads_nothing_from_elsewhere() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let page = client.get("/docs").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert!(!policy.contains("http") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text().contains("://"), "{}", page.text());
    let links = page.text();
    let links = links.split(['"']).filter(|part| part.starts_with("/docs/"));
    let mut found = 0;
    for link in links {
        let file = client.get(link).await.expect(200);
        assert!(!file.bytes.is_empty());
        found += 1;
    }
    assert_eq!(found, 4);
}

#[tokio::test]
async fn the_bare_address_says_where_to_go() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let entrance = client.get("/").await.expect(200).json();
    let places = ["documentation", "contract", "health"];
    for place in places.map(|name| entrance[name].as_str().unwrap_or_default().to_owned()) {
        client.get(&place).await.expect(200);
    }
}

#[tokio::test]
async fn the_large_files_are_gzipped_and_may_be_kept() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    for (file, kind) in [
        ("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
    ] {
        let reply = client.get(file).await.expect(200);
        assert_eq!(reply.header("content-type"), kind);
        assert_eq!(reply.header("content-encoding"), "gzip");
        assert_eq!(&reply.bytes[..2], b"\x1f\x8b");
        assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    }
}

#[tokio::test]
async fn the_contract_is_served_as_it_is_checked_in() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let served = client.get("/openapi.json").await.expect(200);
    assert_eq!(served.header("content-type"), "application/json");
    let same = served.text() == include_str!("../../../../../openapi.json");
    assert!(same, "UPDATE_OPENAPI=1 cargo test --test guards");
}
