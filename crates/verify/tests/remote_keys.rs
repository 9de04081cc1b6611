//! When published keys are fetched, and how long they serve.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use doorward_verify::{Algorithm, Rejection};
use support::issuer::{Server, lasting, settled, trusting};
use support::{NOW, Pair};

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_an_unknown_kid_after_the_cool_down() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::EdDsa), Pair::new(Algorithm::Es256));
    server.publishes(&[old.jwk("old")]);
    let issuers = trusting(&server);
    for _ in 0..5 {
        assert!(issuers.verify(&lasting(&old, "old"), NOW).await.is_ok());
    }
    assert_eq!(server.asked(), 1);
    server.publishes(&[old.jwk("old"), new.jwk("new")]);
    let token = lasting(&new, "new");
    assert_eq!(issuers.verify(&token, NOW + 29).await, Err(Rejection::UnknownKey));
    assert!(issuers.verify(&token, NOW + 30).await.is_ok());
    assert_eq!(server.asked(), 2);
    for number in 0..50 {
        let invented = lasting(&new, &format!("invented-{number}"));
        assert_eq!(issuers.verify(&invented, NOW + 31).await, Err(Rejection::UnknownKey));
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn keys_in_use_are_renewed_beside_the_requests_before_they_are_five_minutes_old() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::Rs256), Pair::new(Algorithm::Rs256));
    server.publishes(&[old.jwk("old")]);
    let (issuers, token) = (trusting(&server), lasting(&old, "old"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    server.publishes(&[new.jwk("new")]);
    assert!(issuers.verify(&token, NOW + 239).await.is_ok());
    assert_eq!(server.asked(), 1);
    assert!(issuers.verify(&token, NOW + 240).await.is_ok(), "this one does not wait");
    settled().await;
    assert_eq!(server.asked(), 2);
    assert_eq!(issuers.verify(&token, NOW + 241).await.err(), Some(Rejection::UnknownKey));
}

#[tokio::test]
async fn a_retired_key_opens_nothing_in_a_service_that_slept_for_five_minutes() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::Rs256), Pair::new(Algorithm::Rs256));
    server.publishes(&[old.jwk("old")]);
    let (issuers, token) = (trusting(&server), lasting(&old, "old"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    server.publishes(&[new.jwk("new")]);
    assert_eq!(issuers.verify(&token, NOW + 300).await.err(), Some(Rejection::UnknownKey));
    // The same name with another key: what the old one proved counts no more.
    server.publishes(&[new.jwk("old")]);
    assert_eq!(issuers.verify(&token, NOW + 600).await.err(), Some(Rejection::BadSignature));
}

#[tokio::test]
async fn a_bad_document_changes_nothing() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    for (later, document) in [(300, "<html>"), (600, r#"{"keys": []}"#), (900, "")] {
        *server.answer.lock().unwrap() = Some(document.into());
        assert!(issuers.verify(&token, NOW + later).await.is_ok(), "{document}");
        settled().await;
        assert!(issuers.verify(&token, NOW + later + 1).await.is_ok(), "{document}");
    }
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn many_callers_at_once_fetch_once() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (issuers, token) = (issuers.clone(), token.clone());
        calls.spawn(async move { issuers.verify(&token, NOW).await });
    }
    assert!(calls.join_all().await.into_iter().all(|one| one.is_ok()));
    assert_eq!(server.asked(), 1);
}
