//! Limits per route group and client address. They do not touch the database, so one engine shows
//! them all.

use std::time::Duration;

use doorward::config::{Quota, Settings};
use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, Reply, TestApp};

const OFFICE: &str = "203.0.113.7";

async fn limited(change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_login = Some(Quota::per_minute(5));
        // The account's own delays are not what these tests are about.
        settings.login_max_failures = 1000;
        change(settings);
    })
    .await
}

async fn guess(client: &Client) -> Reply {
    let body = json!({"email": "nobody@example.com", "password": "not it"});
    client.post("/auth/login", body).await
}

/// Uses up the login quota of a client's address.
async fn use_up(client: &Client) {
    for _ in 0..5 {
        guess(client).await.expect(401);
    }
    guess(client).await.expect(429);
}

#[tokio::test]
async fn past_the_limit_the_answer_is_429_and_says_how_long_to_wait() {
    let app = limited(|_| {}).await;
    let client = app.anonymous().from(OFFICE);
    let first = guess(&client).await.expect(401);
    assert_eq!(first.header("ratelimit-policy"), "\"login\";q=5;w=60");
    assert_eq!(first.header("ratelimit"), "\"login\";r=4;t=12");
    for _ in 0..4 {
        guess(&client).await.expect(401);
    }
    let refused = guess(&client).await.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "12");
    assert_eq!(refused.header("ratelimit-policy"), "\"login\";q=5;w=60");
    assert_eq!(refused.header("ratelimit"), "\"login\";r=0;t=12");
    assert_eq!(refused.header("cache-control"), "no-store");
    app.advance(Duration::from_secs(11));
    guess(&client).await.expect(429);
    app.advance(Duration::from_secs(1));
    guess(&client).await.expect(401);
    guess(&client).await.expect(429);
}

#[tokio::test]
async fn other_addresses_are_not_touched_and_a_64_is_one_address() {
    let app = limited(|_| {}).await;
    use_up(&app.anonymous().from(OFFICE)).await;
    guess(&app.anonymous().from("203.0.113.8")).await.expect(401);
    use_up(&app.anonymous().from("2001:db8:1:2::1")).await;
    guess(&app.anonymous().from("2001:db8:1:2:ffff:ffff:ffff:ffff")).await.expect(429);
    guess(&app.anonymous().from("2001:db8:1:3::1")).await.expect(401);
}

#[tokio::test]
async fn forwarding_headers_of_strangers_do_not_help() {
    let app = limited(|_| {}).await;
    let client = app.anonymous().from(OFFICE);
    use_up(&client).await;
    let body = json!({"email": "nobody@example.com", "password": "not it"}).to_string();
    for name in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "x-client-ip",
        "x-originating-ip",
        "x-remote-ip",
        "x-remote-addr",
        "true-client-ip",
        "cf-connecting-ip",
        "x-cluster-client-ip",
        "fastly-client-ip",
    ] {
        let value = if name == "forwarded" { "for=198.51.100.1" } else { "198.51.100.1" };
        let headers = [("content-type", "application/json"), (name, value)];
        let reply = client.raw("POST", "/auth/login", &headers, body.clone()).await;
        assert_eq!(reply.status, 429, "{name}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_right_most_untrusted_hop_counts() {
    let app = limited(|settings| {
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a range")];
    })
    .await;
    let proxy = app.anonymous().from("10.0.0.1");
    let through = async |chain: String| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", chain.as_str())];
        let body = json!({"email": "nobody@example.com", "password": "not it"}).to_string();
        proxy.raw("POST", "/auth/login", &headers, body).await.status
    };
    for number in 0..5 {
        assert_eq!(through(format!("198.51.100.{number}, {OFFICE}")).await, 401);
    }
    assert_eq!(through(format!("198.51.100.77, {OFFICE}, 10.0.0.2")).await, 429);
    assert_eq!(through("203.0.113.99".into()).await, 401);
}

#[tokio::test]
async fn no_spelling_of_the_path_or_body_gains_a_request() {
    let app = limited(|_| {}).await;
    let client = app.anonymous().from(OFFICE);
    use_up(&client).await;
    let body = json!({"email": "nobody@example.com", "password": "not it"}).to_string();
    for path in [
        "/auth/login/",
        "/auth/login//",
        "//auth/login",
        "/auth//login",
        "/AUTH/login",
        "/auth/Login",
        "/auth/./login",
        "/auth/x/../login",
        "/auth/%6cogin",
        "/auth/login?x=1",
        "/auth/login;x",
        "/auth/login%2f",
    ] {
        let headers = [("content-type", "application/json")];
        let status = client.raw("POST", path, &headers, body.clone()).await.status;
        assert!([404, 429].contains(&status), "{path}: {status}");
    }
    let form = [("username", "nobody@example.com"), ("password", "not it")];
    client.post_form("/auth/login", &form).await.expect(429);
}

#[tokio::test]
async fn the_limit_is_decided_before_body_and_hash() {
    let app = limited(|_| {}).await;
    let client = app.anonymous().from(OFFICE);
    use_up(&client).await;
    let hashes = app.app.passwords.hashing.hashes_computed();
    guess(&client).await.expect(429);
    client.raw("POST", "/auth/login", &[], "not even JSON").await.expect(429);
    client.raw("POST", "/auth/login", &[], vec![b'x'; 1 << 20]).await.expect(429);
    assert_eq!(app.app.passwords.hashing.hashes_computed(), hashes);
}

#[tokio::test]
async fn registrations_of_one_address_are_limited_taken_addresses_included() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_register = Some(Quota::per_minute(3));
    })
    .await;
    let client = app.anonymous().from(OFFICE);
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    client.post("/auth/register", body.clone()).await.expect(201);
    client.post("/auth/register", body.clone()).await.expect(409);
    client.post("/auth/register", json!({})).await.expect(422);
    let refused = client.post("/auth/register", body).await.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"register\";q=3;w=60");
    guess(&client).await.expect(401);
}

#[tokio::test]
async fn refreshes_of_one_address_are_limited() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_refresh = Some(Quota::per_minute(2));
    })
    .await;
    let client = app.anonymous().from(OFFICE);
    let body = json!({"refresh_token": "dwr_nonsense"});
    client.post("/auth/refresh", body.clone()).await.expect(401);
    client.post("/auth/refresh", body.clone()).await.expect(401);
    client.post("/auth/refresh", body).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn tasks_have_no_limit_unless_one_is_set() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await.from(OFFICE);
    for _ in 0..300 {
        let reply = ada.get("/api/tasks").await.expect(200);
        assert_eq!(reply.header("ratelimit"), "");
    }
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_api = Some(Quota::per_minute(2));
    })
    .await;
    let bob = app.sign_up("bob").await.from(OFFICE);
    bob.get("/api/tasks").await.expect(200);
    bob.get("/auth/me").await.expect(200);
    bob.get("/api/tasks").await.expect_problem(429, "rate_limited");
    bob.get("/livez").await.expect(200);
    bob.post_empty("/auth/logout").await.expect(429);
}

#[tokio::test]
async fn the_defaults_leave_a_shared_office_alone() {
    let defaults = |settings: &mut Settings| {
        let fresh = Settings::new(settings.database.clone(), settings.secret.clone());
        settings.rate_limit_login = fresh.rate_limit_login;
        settings.rate_limit_register = fresh.rate_limit_register;
        settings.rate_limit_refresh = fresh.rate_limit_refresh;
        settings.rate_limit_auth = fresh.rate_limit_auth;
        settings.rate_limit_api = fresh.rate_limit_api;
    };
    let app = TestApp::with(Engine::Sqlite, defaults).await;
    let office = app.anonymous().from(OFFICE);
    for number in 0..20 {
        let email = format!("person{number}@example.com");
        let body = json!({"email": email, "password": PASSWORD});
        office.post("/auth/register", body).await.expect(201);
        let person = office.login(&email, PASSWORD).await;
        for _ in 0..3 {
            person.get("/auth/me").await.expect(200);
            let body = json!({"refresh_token": person.refresh_token});
            person.post("/auth/refresh", body).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_preflight_is_never_limited() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_login = Some(Quota::per_minute(1));
        settings.allowed_origins =
            doorward::config::AllowedOrigins::List(vec!["https://app.example".into()]);
    })
    .await;
    let browser = app.anonymous().from(OFFICE);
    guess(&browser).await.expect(401);
    guess(&browser).await.expect(429);
    let headers = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    for _ in 0..5 {
        browser.raw("OPTIONS", "/auth/login", &headers, "").await.expect(204);
    }
}

/// A site has 65 536 subscriber networks; sixteen times one quota is what they have together.
#[tokio::test]
async fn the_subscriber_networks_of_one_ipv6_site_share_a_wider_quota() {
    let app = limited(|_| {}).await;
    let mut allowed = 0;
    for subscriber in 0..100 {
        let client = app.anonymous().from(&format!("2001:db8:5:{subscriber:x}::1"));
        for _ in 0..5 {
            allowed += u32::from(guess(&client).await.status == 401);
        }
    }
    assert_eq!(allowed, 16 * 5);
    guess(&app.anonymous().from("2001:db8:5:ffff::1")).await.expect_problem(429, "rate_limited");
    guess(&app.anonymous().from("2001:db8:6::1")).await.expect(401);
}

#[tokio::test]
async fn revoking_and_introspecting_have_quotas() {
    let app = limited(|settings| {
        settings.rate_limit_refresh = Some(Quota::per_minute(3));
        settings.rate_limit_introspect = Some(Quota::per_minute(3));
    })
    .await;
    let client = app.anonymous().from(OFFICE);
    for path in ["/auth/revoke", "/auth/introspect"] {
        let mut last = 0;
        for _ in 0..4 {
            last = client.post_form(path, &[("token", "nonsense")]).await.status;
        }
        assert_eq!(last, 429, "{path}");
    }
}
