//! Routes that need more than a valid token.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::get;
use doorward_verify::{Auth, AuthLevel, Issuer, KeySet, RequireAcr, RequireFresh, TwoFactors};
use serde_json::{Value, json};
use support::{NOW, Pair, claims};
use tower::ServiceExt;

struct Either;

impl AuthLevel for Either {
    const ACR_VALUES: &'static str = "phr aal2";
}

fn routes() -> Router {
    let keys = KeySet::of_secrets([support::SECRET]).unwrap();
    let auth = Auth::with_clock([Issuer::doorward("doorward", keys)], || NOW);
    Router::new()
        .route("/fresh", get(|who: RequireFresh<600>| async move { who.subject.clone() }))
        .route("/two", get(|who: RequireAcr<TwoFactors>| async move { who.subject.clone() }))
        .route("/either", get(|who: RequireAcr<Either>| async move { who.subject.clone() }))
        .layer(auth.required())
}

/// Status and challenge of a request whose token has these members besides.
async fn call(path: &str, besides: &[(&str, Value)]) -> (u16, String) {
    let mut claims = claims();
    for (name, value) in besides {
        claims[name] = value.clone();
    }
    let token = Pair::Secret
        .token(&Pair::Secret.header(&doorward_verify::key_id(support::SECRET)), &claims);
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let response = routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |it| it.to_str().unwrap()).to_owned();
    (response.status().as_u16(), challenge)
}

#[tokio::test]
async fn a_proof_of_the_last_minutes_passes_and_an_older_one_learns_how_old_it_may_be() {
    for at in [NOW, NOW - 599, NOW + 5] {
        assert_eq!(call("/fresh", &[("auth_time", json!(at))]).await.0, 200, "{at}");
    }
    let refused =
        (401, "Bearer error=\"insufficient_user_authentication\", max_age=600".to_owned());
    assert_eq!(call("/fresh", &[("auth_time", json!(NOW - 600))]).await, refused);
    assert_eq!(call("/fresh", &[("auth_time", json!(i64::MIN))]).await.0, 401);
    // Deny by default: what does not say when, or not as a number, is not fresh.
    assert_eq!(call("/fresh", &[]).await, refused);
}

#[tokio::test]
async fn two_factors_pass_and_one_learns_what_is_required() {
    let acr = |acr: &str| [("acr", json!(acr))];
    assert_eq!(call("/two", &acr("aal2")).await.0, 200);
    let refused =
        (401, "Bearer error=\"insufficient_user_authentication\", acr_values=\"aal2\"".to_owned());
    for weak in ["aal1", "", "aal", "aal22", "phr aal2"] {
        assert_eq!(call("/two", &acr(weak)).await, refused, "{weak:?}");
    }
    assert_eq!(call("/two", &[]).await, refused);
    assert_eq!(call("/either", &acr("phr")).await.0, 200);
    assert_eq!(call("/either", &acr("aal2")).await.0, 200);
    assert_eq!(call("/either", &acr("phr aal2")).await.0, 401);
}

#[tokio::test]
async fn a_caller_without_a_token_learns_nothing_of_it() {
    let request = Request::get("/two").body(Body::empty()).unwrap();
    let response = routes().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
}
