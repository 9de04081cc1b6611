//! Several issuers, several sources of one, and the rules of each.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use doorward_verify::{Algorithm, Issuer, Issuers, KeySet, Rejection, RemoteKeys};
use serde_json::{Value, json};
use support::issuer::{Server, lasting};
use support::{NOW, Pair, claims};

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

/// A Doorward that moves from the shared secret to key pairs, as a service sees it that trusts both.
#[tokio::test]
async fn a_service_follows_its_issuer_from_the_shared_secret_to_key_pairs() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::Es256));
    server.publishes(&[]);
    let remote = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    let secret = || KeySet::of_secrets([support::SECRET]).unwrap();
    let orders = [
        [Issuer::doorward("doorward", secret()), Issuer::doorward_at("doorward", remote.clone())],
        [Issuer::doorward_at("doorward", remote), Issuer::doorward("doorward", secret())],
    ];
    let by_secret = lasting(&Pair::Secret, &doorward_verify::key_id(support::SECRET));
    let by_pair = lasting(&pair, "k");
    let mut now = NOW;
    for order in orders {
        server.publishes(&[]);
        let issuers = Issuers::new(order);
        let asked = server.asked();
        for _ in 0..10 {
            assert!(issuers.verify(&by_secret, now).await.is_ok());
        }
        assert_eq!(server.asked(), asked, "the secret alone can tell");
        server.publishes(&[pair.jwk("k")]);
        now += 60;
        for token in [&by_pair, &by_secret, &by_pair] {
            assert!(issuers.verify(token, now).await.is_ok());
        }
        let invented = lasting(&pair, "invented");
        assert_eq!(issuers.verify(&invented, now).await.err(), Some(Rejection::UnknownKey));
        let lying = lasting(&pair, &doorward_verify::key_id(support::SECRET));
        assert!(issuers.verify(&lying, now).await.is_err(), "another kind of key than the secret");
        now += 600;
    }
    // The secret is taken out once the last token it signed has expired.
    let keys = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    let issuers = Issuers::new([Issuer::doorward_at("doorward", keys)]);
    assert!(issuers.verify(&by_pair, now).await.is_ok());
    assert_eq!(issuers.verify(&by_secret, now).await.err(), Some(Rejection::UnknownKey));
}

#[tokio::test]
async fn sources_of_one_issuer_keep_their_own_rules() {
    let (strict, loose) = (Pair::new(Algorithm::EdDsa), Pair::new(Algorithm::EdDsa));
    let set = |pair: &Pair, kid: &str| KeySet::new([pair.key(kid)]).unwrap();
    let issuers = Issuers::new([
        Issuer::doorward("doorward", set(&strict, "strict")).audience("tasks"),
        Issuer::doorward("doorward", set(&loose, "loose")),
    ]);
    assert!(issuers.verify(&lasting(&loose, "loose"), NOW).await.is_ok());
    assert!(issuers.verify(&lasting(&strict, "strict"), NOW).await.is_err());
    assert_eq!(
        issuers.verify(&lasting(&loose, "strict"), NOW).await.err(),
        Some(Rejection::Malformed)
    );
}

#[tokio::test]
async fn leeway_counts_for_doorwards_tokens_as_for_others() {
    let pair = Pair::new(Algorithm::EdDsa);
    let token = pair.token(&pair.header("k"), &claims());
    let expires = NOW + 10;
    for (leeway, most) in [(0, 0), (7, 7), (30, 30), (200, 30)] {
        let keys = KeySet::new([pair.key("k")]).unwrap();
        let issuers = Issuers::new([Issuer::doorward("doorward", keys).leeway(leeway)]);
        assert!(issuers.verify(&token, expires + most - 1).await.is_ok(), "{leeway}");
        let late = issuers.verify(&token, expires + most).await;
        assert_eq!(late.err(), Some(Rejection::Expired), "{leeway}");
    }
}
