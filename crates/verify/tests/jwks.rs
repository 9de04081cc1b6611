//! Published keys: what a set may hold, and when it is fetched.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use doorward_verify::{
    Algorithm, Fetch, Fetched, Issuer, Issuers, Key, KeyError, KeySet, Rejection, RemoteKeys,
};
use serde_json::{Value, json};
use support::{NOW, Pair, claims, published};

#[test]
fn a_jwk_must_fit_its_algorithm_and_be_for_signatures() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let jwk = Pair::new(algorithm).jwk("k");
        assert!(Key::from_jwk(&jwk).is_ok());
        let with = |name: &str, value: Value| {
            let mut other = jwk.clone();
            other[name] = value;
            Key::from_jwk(&other).map(|key| key.algorithm())
        };
        assert_eq!(with("use", "enc".into()), Err(KeyError::NotForSignatures));
        assert_eq!(with("key_ops", json!(["encrypt"])), Err(KeyError::NotForSignatures));
        assert_eq!(with("key_ops", json!(["verify"])), Ok(algorithm));
        assert_eq!(with("d", "AAAA".into()), Err(KeyError::Private));
        assert_eq!(with("alg", "HS256".into()), Err(KeyError::Unsupported));
        assert_eq!(with("alg", "PS256".into()), Err(KeyError::Unsupported));
        assert_eq!(with("alg", json!(["RS256"])), Err(KeyError::Malformed));
        assert_eq!(with("kty", "oct".into()), Err(KeyError::Unsupported));
        assert_eq!(with("crv", "P-384".into()), Err(KeyError::Unsupported));
        assert_eq!(with("kid", json!(1)), Err(KeyError::Malformed));
        assert_eq!(with("kid", "".into()), Err(KeyError::Malformed));
        let mut bare = jwk.clone();
        bare.as_object_mut().unwrap().retain(|name, _| !["alg", "use"].contains(&name.as_str()));
        assert_eq!(Key::from_jwk(&bare).unwrap().algorithm(), algorithm);
    }
    let mut point = Pair::new(Algorithm::Es256).jwk("k");
    point["y"] = point["x"].clone();
    assert_eq!(Key::from_jwk(&point).err(), Some(KeyError::Weak), "off the curve");
    let mut rsa = Pair::new(Algorithm::Rs256).jwk("k");
    rsa["e"] = "AQ".into();
    assert_eq!(Key::from_jwk(&rsa).err(), Some(KeyError::Weak), "an exponent of 1");
    rsa["e"] = "AQAB".into();
    rsa["n"] = support::b64([0xff; 128]).into();
    assert_eq!(Key::from_jwk(&rsa).err(), Some(KeyError::Weak), "1024 bits");
}

#[test]
fn a_set_passes_over_strange_keys_and_refuses_private_and_ambiguous_ones() {
    let (one, two) = (Pair::new(Algorithm::EdDsa).jwk("a"), Pair::new(Algorithm::Es256).jwk("b"));
    let strange = json!({"kty": "EC", "crv": "secp256k1", "kid": "c", "x": "AA", "y": "AA"});
    let nameless = json!({"kty": "OKP", "crv": "Ed25519", "x": one["x"]});
    let set = KeySet::from_jwks(&published(&[one.clone(), strange, two.clone(), nameless]));
    assert_eq!(set.unwrap().keys().len(), 2);
    let mut same = two.clone();
    same["kid"] = "a".into();
    let refused = |keys: &[Value]| KeySet::from_jwks(&published(keys)).err();
    assert_eq!(refused(&[one.clone(), same]), Some(KeyError::DuplicateKid));
    let secret = Pair::Secret.jwk("s");
    assert_eq!(refused(&[one.clone(), secret]), Some(KeyError::Private));
    assert_eq!(refused(&vec![one; 65]), Some(KeyError::Malformed));
    for text in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": 1}"#] {
        assert_eq!(KeySet::from_jwks(text.as_bytes()).err(), Some(KeyError::Malformed), "{text}");
    }
}

/// A server that answers with what it was last given.
#[derive(Clone, Default)]
struct Server {
    answer: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn publishes(&self, keys: &[Value]) {
        *self.answer.lock().unwrap() = Some(published(keys));
    }

    fn is_away(&self) {
        *self.answer.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl Fetch for Server {
    fn fetch<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async {
            self.asked.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
            self.answer.lock().unwrap().clone().ok_or_else(|| "away".to_owned())
        })
    }
}

fn trusting(server: &Server) -> Issuers {
    let keys = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    Issuers::new([Issuer::doorward_at("doorward", keys)])
}

fn lasting(pair: &Pair, kid: &str) -> String {
    let mut claims = claims();
    claims["exp"] = (NOW + 1_000_000).into();
    pair.token(&pair.header(kid), &claims)
}

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
async fn stale_keys_serve_while_the_issuer_is_away_for_a_day() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    server.is_away();
    for later in [299, 300, 301, 10_000, 86_399] {
        assert!(issuers.verify(&token, NOW + later).await.is_ok(), "{later}");
    }
    assert_eq!(server.asked(), 4, "at most once per cool-down");
    assert_eq!(issuers.verify(&token, NOW + 86_429).await, Err(Rejection::KeysUnavailable));
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, NOW + 86_459).await.is_ok());
}

#[tokio::test]
async fn a_retired_key_fails_once_the_set_was_fetched_again() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::Rs256), Pair::new(Algorithm::Rs256));
    server.publishes(&[old.jwk("old")]);
    let (issuers, token) = (trusting(&server), lasting(&old, "old"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    server.publishes(&[new.jwk("new")]);
    assert!(issuers.verify(&token, NOW + 299).await.is_ok());
    assert_eq!(issuers.verify(&token, NOW + 300).await, Err(Rejection::UnknownKey));
    // The same name with another key: what the old one proved counts no more.
    server.publishes(&[new.jwk("old")]);
    assert_eq!(issuers.verify(&token, NOW + 600).await, Err(Rejection::BadSignature));
}

#[tokio::test]
async fn an_issuer_that_never_answered_is_unavailable_and_a_bad_document_changes_nothing() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    assert_eq!(issuers.verify(&token, NOW).await, Err(Rejection::KeysUnavailable));
    assert_eq!(issuers.verify(&token, NOW + 1).await, Err(Rejection::KeysUnavailable));
    assert_eq!(server.asked(), 1);
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, NOW + 30).await.is_ok());
    *server.answer.lock().unwrap() = Some(b"<html>".to_vec());
    assert!(issuers.verify(&token, NOW + 400).await.is_ok());
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

#[tokio::test]
async fn each_issuer_answers_for_its_own_tokens_only() {
    let (ours, theirs) = (Pair::new(Algorithm::EdDsa), Pair::new(Algorithm::Es256));
    let set = |pair: &Pair| KeySet::new([pair.key("k")]).unwrap();
    let issuers = Issuers::new([
        Issuer::doorward("doorward", set(&ours)),
        Issuer::other("https://else.example", set(&theirs)).audience("app").leeway(200),
    ]);
    let foreign =
        json!({"iss": "https://else.example", "sub": "7", "aud": ["x", "app"], "exp": NOW});
    let verify = async |pair: &Pair, claims: &Value| {
        let token = pair.token(&json!({"alg": pair.algorithm().name(), "kid": "k"}), claims);
        issuers.verify(&token, NOW + 29).await.map(|principal| principal.subject)
    };
    assert_eq!(verify(&theirs, &foreign).await, Ok("7".into()));
    let mut other = foreign.clone();
    other["exp"] = (NOW - 1).into();
    assert_eq!(verify(&theirs, &other).await, Err(Rejection::Expired), "30 s at most");
    other = foreign.clone();
    other["aud"] = "else".into();
    assert_eq!(verify(&theirs, &other).await, Err(Rejection::WrongAudience));
    other = foreign.clone();
    other["iss"] = "doorward".into();
    assert!(verify(&theirs, &other).await.is_err(), "in the name of another issuer");
    assert!(verify(&ours, &foreign).await.is_err());
    other["iss"] = "nobody".into();
    assert_eq!(verify(&theirs, &other).await, Err(Rejection::WrongIssuer));
    other.as_object_mut().unwrap().remove("iss");
    assert_eq!(verify(&theirs, &other).await, Err(Rejection::WrongIssuer));
}
