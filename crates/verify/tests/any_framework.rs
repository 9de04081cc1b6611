//! What services use beside the plain extractors: callers who may be absent, permissions, claims of their
//! own, errors of their own, preflights, and the check without any framework.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, options};
use axum::{Json, Router};
use doorward_verify::{
    Auth, Issuer, KeySet, Principal, Refusal, Rejection, Require, Requirement, With, key_id,
};
use serde_json::{Value, json};
use support::{NOW, Pair, SECRET, claims};
use tower::ServiceExt;

fn issuer() -> Issuer {
    Issuer::doorward("doorward", KeySet::of_secrets([SECRET]).unwrap())
}

fn auth() -> Auth {
    Auth::with_clock([issuer()], || NOW)
}

fn token_of(claims: &Value) -> String {
    Pair::Secret.token(&Pair::Secret.header(&key_id(SECRET)), claims)
}

fn token() -> String {
    token_of(&claims())
}

async fn call(router: &Router, request: Request<Body>) -> (Response, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 65_536).await.unwrap();
    (Response::from_parts(parts, Body::empty()), String::from_utf8(bytes.into()).unwrap())
}

fn with(token: Option<&str>) -> Request<Body> {
    let request = Request::get("/");
    let request = match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

async fn said(router: &Router, token: Option<&str>) -> (u16, String) {
    let (response, body) = call(router, with(token)).await;
    (response.status().as_u16(), body)
}

#[tokio::test]
async fn an_optional_caller_may_be_absent_but_not_wrong() {
    let who = |who: Option<Principal>| async { who.map_or("nobody".into(), |who| who.subject) };
    let routes = Router::new().route("/", get(who)).layer(auth().layer());
    assert_eq!(said(&routes, None).await, (200, "nobody".into()));
    assert_eq!(said(&routes, Some(&token())).await, (200, "u1".into()));
    assert_eq!(said(&routes, Some("x.y.z")).await.0, 401, "a bad token is nobody's, not absent");
    let basic = Request::get("/").header(header::AUTHORIZATION, "Basic YTpi");
    assert_eq!(call(&routes, basic.body(Body::empty()).unwrap()).await.0.status(), 401);
    let bare = Router::new().route("/", get(who));
    assert_eq!(said(&bare, None).await.0, 500, "without the layer it is a bug, not nobody");
}

struct MayReport;

impl Requirement for MayReport {
    const NAME: &'static str = "the permission reports:read";

    fn is_met_by(principal: &Principal) -> bool {
        principal.has_permission("reports:read")
    }
}

#[tokio::test]
async fn permissions_come_from_the_token_and_from_what_its_roles_are_granted_here() {
    let handler = |who: Require<MayReport>| async move { who.subject.clone() };
    let routes = |issuer: Issuer| {
        let auth = Auth::with_clock([issuer], || NOW);
        Router::new().route("/", get(handler)).layer(auth.layer())
    };
    let (plain, granting) = (
        routes(issuer()),
        routes(issuer().grants("editor", ["reports:read", "x"]).grants("admin", ["*"])),
    );
    let of = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token_of(&claims)
    };
    let (status, body) = said(&plain, Some(&token())).await;
    assert!(status == 403 && body.contains("the permission reports:read"), "{body}");
    for (name, value, by_token, by_grant) in [
        ("permissions", json!(["reports:read"]), 200, 200),
        ("permissions", json!(["*"]), 200, 200),
        ("permissions", json!(["reports:write", "reports:reader"]), 403, 403),
        ("permissions", json!("reports:read"), 403, 403),
        ("roles", json!(["editor"]), 403, 200),
        ("roles", json!(["admin"]), 403, 200),
        ("roles", json!(["Editor", "editors"]), 403, 403),
        ("scope", json!("reports:read"), 403, 403),
    ] {
        let token = of(name, value.clone());
        assert_eq!(said(&plain, Some(&token)).await.0, by_token, "{name} {value}");
        assert_eq!(said(&granting, Some(&token)).await.0, by_grant, "{name} {value}");
    }
}

#[derive(serde::Deserialize)]
struct Tenant {
    tenant: u32,
}

#[tokio::test]
async fn claims_of_ones_own_are_read_as_a_type() {
    let handler = |it: With<Tenant>| async move {
        assert_eq!(it.principal.claims_as::<Tenant>().unwrap().tenant, it.claims.tenant);
        Json(json!([it.principal.subject, it.claims.tenant]))
    };
    let routes = Router::new().route("/", get(handler)).layer(auth().layer());
    let mut own = claims();
    own["tenant"] = 7.into();
    assert_eq!(said(&routes, Some(&token_of(&own))).await, (200, r#"["u1",7]"#.into()));
    own["tenant"] = "7".into();
    for token in [token_of(&own), token()] {
        let (status, body) = said(&routes, Some(&token)).await;
        assert!(status == 401 && body.contains("invalid_token"), "{body}");
    }
    assert_eq!(said(&routes, None).await.0, 401);
}

#[tokio::test]
async fn errors_of_ones_own_keep_the_challenge_and_the_headers() {
    let answer = |refusal: &Refusal| {
        let status = StatusCode::from_u16(refusal.status()).unwrap();
        (status, [("x-own", "yes")], Json(json!({"error": refusal.code()})))
    };
    let handler = |_: Require<MayReport>| async { "never" };
    for layer in [auth().layer().answering(answer), auth().required().answering(answer)] {
        let routes = Router::new().route("/", get(handler)).layer(layer);
        for (token, status, code) in [
            (None, 401, "not_authenticated"),
            (Some("x.y.z".to_owned()), 401, "invalid_token"),
            (Some(token()), 403, "insufficient_scope"),
        ] {
            let (response, body) = call(&routes, with(token.as_deref())).await;
            assert_eq!(response.status(), status);
            assert_eq!(body, json!({"error": code}).to_string());
            let headers = response.headers();
            assert!(headers["x-own"] == "yes" && headers["cache-control"] == "no-store");
            assert!(headers[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
        }
    }
}

#[tokio::test]
async fn preflights_pass_the_required_layer_and_nothing_else_does_without_a_token() {
    let handlers = get(|_: Principal| async { "in" }).merge(options(|| async { "may ask" }));
    let routes = Router::new().route("/", handlers).layer(auth().required());
    let request = |method: Method, names: &[header::HeaderName]| {
        let mut request = Request::builder().method(method).uri("/");
        for name in names {
            request = request.header(name, "GET");
        }
        request.body(Body::empty()).unwrap()
    };
    let both = [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD];
    assert_eq!(call(&routes, request(Method::OPTIONS, &both)).await.1, "may ask");
    for (method, names) in [
        (Method::OPTIONS, &[][..]),
        (Method::OPTIONS, &both[..1]),
        (Method::OPTIONS, &both[1..]),
        (Method::GET, &both[..]),
        (Method::HEAD, &both[..]),
    ] {
        let refused = call(&routes, request(method.clone(), names)).await.0;
        assert_eq!(refused.status(), 401, "{method} {names:?}");
    }
}

#[tokio::test]
async fn who_passed_an_outer_layer_must_pass_an_inner_one_too() {
    let stranger = Issuer::doorward("else", KeySet::of_secrets(["s".repeat(32)]).unwrap());
    let inner = Auth::with_clock([stranger], || NOW).layer();
    let routes = Router::new().route("/", get(|_: Principal| async { "in" }));
    let routes = routes.layer(inner).layer(auth().required());
    assert_eq!(said(&routes, Some(&token())).await.0, 401);
}

#[tokio::test]
async fn any_framework_can_ask_by_the_header_alone() {
    let auth = auth();
    let good = format!("bearer  {} ", token());
    assert_eq!(auth.authenticate(Some(&good)).await.unwrap().subject, "u1");
    for header in [None, Some(""), Some("Bearer"), Some("Basic YTpi"), Some("Bearer\tx")] {
        let refusal = auth.authenticate(header).await.unwrap_err();
        assert_eq!(refusal, Refusal::NotAuthenticated, "{header:?}");
        assert_eq!((refusal.status(), refusal.challenge().as_deref()), (401, Some("Bearer")));
    }
    let refusal = auth.authenticate(Some("Bearer x.y.z")).await.unwrap_err();
    assert_eq!(refusal, Refusal::Token(Rejection::Malformed));
    let problem: Value = serde_json::from_str(&refusal.problem()).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(401), &json!("invalid_token")));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, good.parse().unwrap());
    assert!(auth.authenticate_headers(&headers).await.is_ok());
    headers.append(header::AUTHORIZATION, good.parse().unwrap());
    assert_eq!(auth.authenticate_headers(&headers).await, Err(Refusal::NotAuthenticated), "two");
}
