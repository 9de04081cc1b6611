//! Better Auth's session cookie as a credential (`ACCEPT_COOKIES`): what its holder's own pages may do with
//! it, and what the pages of others may not.

use axum::body::Body;
use doorward::app::operations;
use doorward::config::{AllowedOrigins, Settings};
use serde_json::json;
use uuid::Uuid;

use super::better_auth_session::{TOKEN, shared, signed};
use super::{disable, trusting, users};
use crate::accounts::sql;
use crate::both;
use crate::support::app::SECRET;
use crate::support::{Client, Reply, TestApp};

const NAME: &str = "__Secure-better-auth.session_token";
const PAGE: &str = "https://app.example.test";
const SITE: &str = "sec-fetch-site";

fn accepting(settings: &mut Settings) {
    settings.accept_cookies = true;
    settings.allowed_origins = AllowedOrigins::List(vec![PAGE.into()]);
    settings.public_url = Some("https://api.example.test/behind".into());
}

/// The cookie as Better Auth sets it.
fn cookie() -> String {
    let value = signed(SECRET, TOKEN);
    let value = value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("{NAME}={value}")
}

async fn get(client: &Client, path: &str, cookie: &str) -> Reply {
    client.raw("GET", path, &[("cookie", cookie)], Body::empty()).await
}

/// A task made by a page whose browser sends these headers and the cookie.
async fn make(client: &Client, headers: &[(&str, &str)]) -> Reply {
    let cookie = cookie();
    let mut all = vec![("cookie", cookie.as_str()), ("content-type", "application/json")];
    all.extend_from_slice(headers);
    client.raw("POST", "/api/tasks", &all, r#"{"title": "made"}"#).await
}

async fn tasks(app: &TestApp) -> i64 {
    sql(app, "SELECT count(*) FROM tasks").await[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_opens_its_user_for_its_own_pages() {
    let app = shared(accepting).await;
    let browser = app.anonymous();
    let user = get(&browser, "/auth/me", &cookie()).await.expect(200).json();
    assert_eq!(user["email"], "ada@example.com");
    let owned = make(&browser, &[("origin", PAGE)]).await.expect(201).json();
    assert_eq!(owned["user_id"], "u1");
    for headers in [
        [("origin", PAGE), (SITE, "cross-site")],
        [("origin", "https://api.example.test"), (SITE, "same-origin")],
        // Behind a front end's own proxy, whose address nobody set here.
        [("origin", "https://front.example"), (SITE, "same-origin")],
    ] {
        make(&browser, &headers).await.expect(201);
    }
    make(&browser, &[("origin", "https://api.example.test")]).await.expect(201);
    make(&browser, &[(SITE, "same-origin")]).await.expect(201);
    let listed = get(&browser, "/api/tasks", &cookie()).await.expect(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(6));
    assert_eq!(users(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_no_cookie_is_read() {
    let app = shared(|settings| {
        accepting(settings);
        settings.accept_cookies = false;
    });
    let browser = app.await.anonymous();
    let reply = get(&browser, "/auth/me", &cookie()).await.expect_problem(401, "not_authenticated");
    assert!(!reply.header("vary").contains("Cookie"));
    make(&browser, &[("origin", PAGE)]).await.expect_problem(401, "not_authenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_changes_nothing() {
    let app = shared(accepting).await;
    let browser = app.anonymous();
    get(&browser, "/auth/me", &cookie()).await.expect(200);
    let evil: [&[(&str, &str)]; 17] = [
        &[("origin", "https://evil.example"), (SITE, "cross-site")],
        &[("origin", "https://evil.example")],
        // A subdomain is same-site, so `SameSite=Lax` does not keep the cookie from it.
        &[("origin", "https://blog.app.example.test"), (SITE, "same-site")],
        &[("origin", "https://app.example.test.evil.example"), (SITE, "cross-site")],
        &[("origin", "http://app.example.test"), (SITE, "cross-site")],
        &[("origin", "https://app.example.test:8443"), (SITE, "same-site")],
        &[("origin", "http://api.example.test"), (SITE, "cross-site")],
        // A sandboxed frame, a file, a redirect of another origin.
        &[("origin", "null"), (SITE, "cross-site")],
        &[("origin", "null")],
        &[("origin", "")],
        &[],
        &[(SITE, "none")],
        &[(SITE, "same-site")],
        &[(SITE, "same-origin, cross-site")],
        &[("origin", "https://evil.example"), ("origin", PAGE), (SITE, "cross-site")],
        &[(SITE, "cross-site"), (SITE, "same-origin")],
        // Only browsers write the two; these anybody may.
        &[
            ("referer", PAGE),
            ("x-forwarded-host", "app.example.test"),
            ("host", "app.example.test"),
        ],
    ];
    for headers in evil {
        make(&browser, headers).await.expect_problem(403, "cross_site");
    }
    // What a form or a script sends without a preflight.
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""] {
        let cookie = cookie();
        let mut headers = vec![("cookie", cookie.as_str()), ("origin", "https://evil.example")];
        headers.extend(Some(("content-type", kind)).filter(|(_, kind)| !kind.is_empty()));
        let reply = browser.raw("POST", "/api/tasks", &headers, r#"{"title": "made"}"#).await;
        let reply = reply.expect_problem(403, "cross_site");
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        assert!(reply.headers.get("access-control-allow-origin").is_none());
    }
    assert_eq!(tasks(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_changes_something_refuses_pages_of_others() {
    let app = shared(accepting).await;
    let (browser, cookie) = (app.anonymous(), cookie());
    let mut judged = 0;
    for operation in operations(&app.app.settings) {
        let path = operation.path.replace(['{', '}'], "");
        if operation.method == "GET" {
            continue;
        }
        // Who is refused without any credential is protected.
        if browser.raw(operation.method, &path, &[], Body::empty()).await.status != 401 {
            continue;
        }
        let headers = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
        let reply = browser.raw(operation.method, &path, &headers, Body::empty()).await;
        reply.expect_problem(403, "cross_site");
        judged += 1;
    }
    assert!(judged > 20, "{judged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_is_never_replaced_by_a_cookie() {
    let app = shared(accepting).await;
    let eve = app.sign_up("eve").await;
    let reply = get(&eve, "/auth/me", &cookie()).await.expect(200).json();
    assert_eq!(reply["email"], "eve@example.com");
    // With a token no origin is asked for.
    let cookie = cookie();
    let both = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    eve.raw("POST", "/api/tasks", &both, r#"{"title": "hers"}"#).await.expect(201);
    for bad in ["Bearer nonsense", "Bearer", "Bearer ", "Basic YTpi", "", "bearer x.y.z"] {
        let headers = [("cookie", cookie.as_str()), ("authorization", bad), ("origin", PAGE)];
        let status = app.anonymous().raw("GET", "/auth/me", &headers, Body::empty()).await.status;
        assert_eq!(status, 401, "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_one_signed_cookie_of_its_name_counts() {
    let app = shared(accepting).await;
    let (eve, browser) = (app.sign_up("eve").await, app.anonymous());
    let cookie = cookie();
    let value = cookie.split_once('=').unwrap().1;
    let access = eve.token.clone().unwrap();
    let other = "x".repeat(32);
    for bad in [
        format!("{NAME}={TOKEN}"),
        format!("{NAME}={access}"),
        format!("{NAME}={}", signed("another secret of more than thirty-two bytes", TOKEN)),
        format!("{NAME}={}", signed(SECRET, &other)),
        format!("{NAME}="),
        format!("{NAME}=\"{value}\""),
        format!("{NAME}={value}x"),
        format!("{cookie}; {cookie}"),
        format!("{NAME}={}; {cookie}", signed(SECRET, &other)),
        format!("{cookie}; {NAME}="),
    ] {
        get(&browser, "/auth/me", &bad).await.expect_problem(401, "invalid_token");
    }
    let large = "y".repeat(200_000);
    for none in [
        format!("better-auth.session_token={value}"),
        format!("__secure-better-auth.session_token={value}"),
        format!("x{cookie}"),
        format!("{NAME}2={value}"),
        format!("{NAME} ={value}"),
        format!("a={cookie}"),
        large.clone(),
    ] {
        get(&browser, "/auth/me", &none).await.expect_problem(401, "not_authenticated");
    }
    // HTTP/2 may send each in a header of its own; a plain one beside it could be planted by anybody.
    let planted = format!("better-auth.session_token={}", signed(SECRET, &other));
    let large = format!("a={large}");
    let headers = [("cookie", planted.as_str()), ("cookie", &large), ("cookie", &cookie)];
    browser.raw("GET", "/auth/me", &headers, Body::empty()).await.expect(200);
    get(&browser, "/auth/me", &format!("theme=dark;{cookie};  lang=de")).await.expect(200);
    let twice = [("cookie", cookie.as_str()), ("cookie", &cookie)];
    let reply = browser.raw("GET", "/auth/me", &twice, Body::empty()).await;
    reply.expect_problem(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_plain_http_the_plain_name_counts_and_a_prefix_can_be_set() {
    let app = shared(|settings| {
        accepting(settings);
        settings.better_auth_url = Some("http://localhost:3000".into());
        settings.better_auth_cookie_prefix = "shop".into();
    })
    .await;
    let value = signed(SECRET, TOKEN);
    get(&app.anonymous(), "/auth/me", &format!("shop.session_token={value}")).await.expect(200);
    for name in ["__Secure-shop", "better-auth", "__Host-shop"] {
        let reply =
            get(&app.anonymous(), "/auth/me", &format!("{name}.session_token={value}")).await;
        reply.expect_problem(401, "not_authenticated");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_dies_with_its_session_and_its_user() {
    let app = shared(accepting).await;
    let browser = app.anonymous();
    let user = get(&browser, "/auth/me", &cookie()).await.expect(200).json();
    disable(&app, user["id"].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap()).await;
    get(&browser, "/api/tasks", &cookie()).await.expect_problem(401, "invalid_token");
    // Also where the body is bad besides: authentication is decided first.
    let cookie = cookie();
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/json"), ("origin", PAGE)];
    let reply = browser.raw("POST", "/api/tasks", &headers, r#"{"title": 7}"#).await;
    reply.expect_problem(401, "invalid_token");
    let reply = get(&browser, "/admin/users", &cookie).await;
    reply.expect_problem(401, "invalid_token");
    sql::<()>(&app, "UPDATE users SET is_active = TRUE").await;
    get(&browser, "/api/tasks", &cookie).await.expect(200);
    get(&browser, "/admin/users", &cookie).await.expect_problem(403, "insufficient_scope");
    sql::<()>(&app, r#"DELETE FROM "session""#).await;
    get(&browser, "/api/tasks", &cookie).await.expect_problem(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_keeps_belongs_to_the_cookie() {
    let app = shared(accepting).await;
    let browser = app.anonymous();
    let listed = get(&browser, "/api/tasks", &cookie()).await.expect(200);
    assert_eq!(listed.header("cache-control"), "private, no-cache");
    let vary = listed.headers.get_all("vary").iter().map(|it| it.to_str().unwrap());
    assert_eq!(vary.collect::<Vec<_>>(), ["Origin", "Cookie"]);
    let me = get(&browser, "/auth/me", &cookie()).await.expect(200);
    assert!(["no-store", "private, no-cache"].contains(&me.header("cache-control")));
    // Everybody's answer stays one.
    let keys = get(&browser, "/.well-known/jwks.json", &cookie()).await.expect(200);
    assert_eq!(keys.headers.get_all("vary").iter().count(), 1);
    let cookie = cookie();
    let headers = [("cookie", cookie.as_str()), ("origin", PAGE)];
    let reply = browser.raw("GET", "/auth/me", &headers, Body::empty()).await.expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), PAGE);
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_names_the_cookie_where_it_counts() {
    let app = shared(accepting).await;
    let contract = app.anonymous().get("/openapi.json").await.expect(200).json();
    let scheme = &contract["components"]["securitySchemes"]["session_cookie"];
    assert_eq!((&scheme["in"], &scheme["name"]), (&json!("cookie"), &json!(NAME)));
    let tasks = &contract["paths"]["/api/tasks"];
    for method in ["get", "post"] {
        let security = tasks[method]["security"].as_array().unwrap();
        assert!(security.contains(&json!({"session_cookie": []})), "{method}");
    }
    assert!(tasks["post"]["responses"]["403"]["content"].is_object());
    assert!(tasks["get"]["responses"]["403"].is_null());
    let login = contract["paths"]["/auth/login"]["post"]["security"].to_string();
    assert!(!login.contains("session_cookie"), "{login}");
}

both! {
    async fn without_its_tables_a_cookie_is_merely_unknown(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            trusting(settings);
            accepting(settings);
        })
        .await;
        get(&app.anonymous(), "/auth/me", &cookie()).await.expect_problem(401, "invalid_token");
        make(&app.anonymous(), &[("origin", "https://evil.example")]).await.expect_problem(403, "cross_site");
        let ada = app.sign_up("ada").await;
        ada.post("/api/tasks", json!({"title": "x"})).await.expect(201);
    }
}
