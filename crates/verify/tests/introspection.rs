//! Asking the issuer whether a token still counts, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use doorward_verify::{
    Auth, Introspection, Issuer, KeySet, Refusal, Rejection, ServiceAccount, key_id,
};
use serde_json::{Value, json};
use support::{NOW, Pair, SECRET, claims};

/// An issuer: what it answers, which bearer it takes, and how often it was asked.
#[derive(Clone)]
struct Server {
    answer: Arc<Mutex<(u16, String)>>,
    bearer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    signed_in: Arc<AtomicUsize>,
    refreshed: Arc<AtomicUsize>,
    url: String,
}

async fn introspect(
    State(server): State<Server>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> (StatusCode, String) {
    if headers["authorization"] != format!("Bearer {}", server.bearer.lock().unwrap()) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    server.asked.fetch_add(1, SeqCst);
    assert_eq!(form[0].0, "token");
    let (status, answer) = server.answer.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), answer.replace("THE TOKEN", &form[0].1))
}

fn tokens(server: &Server, count: usize) -> Json<Value> {
    let token = format!("access-{count}");
    server.bearer.lock().unwrap().clone_from(&token);
    Json(
        json!({"access_token": token, "refresh_token": format!("refresh-{count}"), "expires_in": 400}),
    )
}

async fn login(
    State(server): State<Server>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let count = server.signed_in.fetch_add(1, SeqCst);
    if body == json!({"email": "reports@example.com", "password": "right"}) {
        Ok(tokens(&server, count))
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

async fn refresh(
    State(server): State<Server>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let count = 100 + server.refreshed.fetch_add(1, SeqCst);
    if body["refresh_token"].as_str().unwrap().starts_with("refresh-") {
        Ok(tokens(&server, count))
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            answer: Arc::new(Mutex::new((200, json!({"active": true, "sub": "u1"}).to_string()))),
            bearer: Arc::new(Mutex::new("key".to_owned())),
            asked: Arc::default(),
            signed_in: Arc::default(),
            refreshed: Arc::default(),
            url: format!("http://{}", listener.local_addr().unwrap()),
        };
        let routes = Router::new()
            .route("/introspect", post(introspect))
            .route("/login", post(login))
            .route("/refresh", post(refresh))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        server
    }

    fn answers(&self, status: u16, answer: &Value) {
        *self.answer.lock().unwrap() = (status, answer.to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    fn introspection(&self) -> Introspection {
        Introspection::at(format!("{}/introspect", self.url), "key".to_owned()).unwrap()
    }
}

/// A service that asks, and its clock.
fn service(introspection: Introspection) -> (Auth, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let issuer = Issuer::doorward("doorward", KeySet::of_secrets([SECRET]).unwrap())
        .grants("editor", ["reports:read"])
        .confirmed_by(introspection);
    (Auth::with_clock([issuer], move || clock.load(SeqCst)), now)
}

fn header(exp: i64) -> String {
    let mut claims = claims();
    claims["exp"] = exp.into();
    format!("Bearer {}", Pair::Secret.token(&Pair::Secret.header(&key_id(SECRET)), &claims))
}

fn refused(rejection: Rejection) -> Refusal {
    Refusal::Token(rejection)
}

#[tokio::test]
async fn a_sign_out_holds_once_the_answer_kept_is_old() {
    let server = Server::start().await;
    let (auth, now) = service(server.introspection().keep_for(10));
    let token = header(NOW + 1000);
    for _ in 0..20 {
        assert_eq!(auth.authenticate(Some(&token)).await.unwrap().subject, "u1");
    }
    assert_eq!(server.asked(), 1, "one question for many requests");
    server.answers(200, &json!({"active": false}));
    now.fetch_add(9, SeqCst);
    assert!(auth.authenticate(Some(&token)).await.is_ok());
    now.fetch_add(1, SeqCst);
    for _ in 0..20 {
        let refusal = auth.authenticate(Some(&token)).await.unwrap_err();
        assert_eq!(refusal, refused(Rejection::Inactive));
        assert_eq!(refusal.status(), 401);
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn nothing_is_kept_past_the_tokens_end_or_for_more_than_a_minute() {
    let server = Server::start().await;
    server.answers(200, &json!({"active": true, "exp": NOW + 5}));
    let introspection = server.introspection();
    assert!(introspection.ask("t", NOW).await.is_ok());
    assert_eq!(introspection.ask("t", NOW + 5).await.err(), Some(Rejection::Inactive));
    assert_eq!(server.asked(), 2);
    server.answers(200, &json!({"active": true}));
    let introspection = server.introspection().keep_for(255);
    assert!(introspection.ask("u", NOW).await.is_ok());
    server.answers(200, &json!({"active": false}));
    assert!(introspection.ask("u", NOW + 59).await.is_ok());
    assert!(introspection.ask("u", NOW + 60).await.is_err());
    let introspection = server.introspection().keep_for(0);
    server.answers(200, &json!({"active": true}));
    assert!(introspection.ask("v", NOW).await.is_ok());
    server.answers(200, &json!({"active": false}));
    assert!(introspection.ask("v", NOW).await.is_err(), "0 keeps nothing");
}

#[tokio::test]
async fn roles_permissions_and_scope_are_those_of_now() {
    let server = Server::start().await;
    server.answers(
        200,
        &json!({"active": true, "sub": "u1", "iss": "doorward", "token_type": "Bearer",
            "roles": ["editor"], "permissions": ["users:read"], "scope": "a b"}),
    );
    let (auth, _) = service(server.introspection());
    let who = auth.authenticate(Some(&header(NOW + 10))).await.unwrap();
    assert!(who.has_role("editor") && !who.has_role("user") && who.has_scope("b"));
    assert_eq!(who.permissions, ["users:read", "reports:read"]);
}

#[tokio::test]
async fn what_is_not_plainly_an_active_access_token_of_the_same_user_opens_nothing() {
    let server = Server::start().await;
    for answer in [
        json!({"active": false, "sub": "u1"}),
        json!({"active": "true", "sub": "u1"}),
        json!({"active": 1}),
        json!({"sub": "u1"}),
        json!({}),
        json!({"active": true, "sub": "u2"}),
        json!({"active": true, "iss": "else"}),
        json!({"active": true, "token_type": "refresh_token"}),
        json!({"active": true, "token_type": "DPoP"}),
        json!({"active": true, "token_type": null}),
        json!({"active": true, "exp": NOW}),
        json!({"active": true, "exp": "soon"}),
    ] {
        server.answers(200, &answer);
        let (auth, _) = service(server.introspection());
        let refusal = auth.authenticate(Some(&header(NOW + 10))).await.unwrap_err();
        assert_eq!(refusal, refused(Rejection::Inactive), "{answer}");
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_lets_nobody_in_and_is_left_alone_for_a_second() {
    let server = Server::start().await;
    let away = refused(Rejection::IssuerUnavailable { retry_after: 1 });
    for (status, answer) in [
        (500, json!({"active": true})),
        (302, json!({"active": true})),
        (403, json!({"active": true})),
        (200, json!([true])),
        (200, json!("x".repeat(70_000))),
    ] {
        server.answers(status, &answer);
        let (auth, now) = service(server.introspection());
        let asked = server.asked();
        for _ in 0..5 {
            let refusal = auth.authenticate(Some(&header(NOW + 10))).await.unwrap_err();
            assert_eq!(refusal, away, "{status} {answer}");
            assert_eq!(refusal.status(), 503);
        }
        assert_eq!(server.asked(), asked + 1);
        server.answers(200, &json!({"active": true}));
        now.fetch_add(1, SeqCst);
        assert!(auth.authenticate(Some(&header(NOW + 10))).await.is_ok());
    }
    let nobody = Introspection::at("http://127.0.0.1:1/introspect", "key".to_owned()).unwrap();
    let (auth, _) = service(nobody);
    assert_eq!(auth.authenticate(Some(&header(NOW + 10))).await.unwrap_err(), away);
}

#[tokio::test]
async fn a_token_without_a_good_signature_is_not_asked_about() {
    let server = Server::start().await;
    let (auth, _) = service(server.introspection());
    let good = header(NOW + 10);
    for bad in ["Bearer x.y.z", "Bearer opaque", &good[..good.len() - 4], &header(NOW)] {
        assert!(auth.authenticate(Some(bad)).await.is_err());
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_token_of_any_form_reaches_the_issuer_as_it_is() {
    let server = Server::start().await;
    server.answers(200, &json!({"active": true, "echo": "THE TOKEN"}));
    for token in ["a&active=x", "a b+c%20=", "späß", ""] {
        let said = server.introspection().ask(token, NOW).await.unwrap();
        assert_eq!(said["echo"], token);
    }
}

#[tokio::test]
async fn a_service_account_signs_in_once_refreshes_and_recovers_from_a_lost_session() {
    let server = Server::start().await;
    let account = ServiceAccount::at(&server.url, "reports@example.com", "right").unwrap();
    assert!(!format!("{account:?}").contains("right"));
    let url = format!("{}/introspect", server.url);
    let introspection = Introspection::at(url, account).unwrap().keep_for(0);
    let counts = || (server.signed_in.load(SeqCst), server.refreshed.load(SeqCst));
    for second in 0..5 {
        assert!(introspection.ask("t", NOW + second).await.is_ok());
    }
    assert_eq!(counts(), (1, 0));
    assert!(introspection.ask("t", NOW + 300).await.is_ok());
    assert_eq!(counts(), (1, 1), "before its token runs out");
    *server.bearer.lock().unwrap() = "ended".to_owned();
    assert!(introspection.ask("t", NOW + 310).await.is_ok());
    assert_eq!(counts(), (1, 2));
}

#[tokio::test]
async fn a_service_account_with_a_wrong_password_does_not_try_it_again_and_again() {
    let server = Server::start().await;
    let account = ServiceAccount::at(&server.url, "reports@example.com", "wrong").unwrap();
    let introspection = Introspection::at(format!("{}/introspect", server.url), account).unwrap();
    for second in 0..30 {
        let left = u16::try_from(30 - second).unwrap();
        let away = Rejection::IssuerUnavailable { retry_after: left };
        assert_eq!(introspection.ask("t", NOW + second).await.err(), Some(away));
    }
    assert_eq!(server.signed_in.load(SeqCst), 1);
    assert!(introspection.ask("t", NOW + 30).await.is_err());
    assert_eq!(server.signed_in.load(SeqCst), 2);
}
