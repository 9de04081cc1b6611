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

/// Lets what runs beside the test come to its end.
async fn settled() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn unavailable(retry_after: u16) -> Rejection {
    Rejection::KeysUnavailable { retry_after }
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
        settled().await;
    }
    assert_eq!(server.asked(), 4, "at most once per cool-down");
    assert_eq!(issuers.verify(&token, NOW + 86_429).await.unwrap_err(), unavailable(5));
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, NOW + 86_434).await.is_ok());
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
async fn an_issuer_that_comes_back_is_noticed_within_seconds() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    let mut now = NOW;
    // What `Retry-After` says is true: then, and not before, it is asked again.
    for (asked, pause) in [(1, 1), (2, 2), (3, 4), (4, 5), (5, 5)] {
        assert_eq!(issuers.verify(&token, now).await.unwrap_err(), unavailable(pause));
        assert_eq!(server.asked(), asked);
        for second in 1..i64::from(pause) {
            let left = pause - u16::try_from(second).unwrap();
            assert_eq!(issuers.verify(&token, now + second).await.unwrap_err(), unavailable(left));
        }
        assert_eq!(server.asked(), asked);
        now += i64::from(pause);
    }
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, now).await.is_ok());
}

#[tokio::test]
async fn a_new_key_of_an_issuer_that_is_away_is_no_bad_token() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::EdDsa), Pair::new(Algorithm::EdDsa));
    server.publishes(&[old.jwk("old")]);
    let issuers = trusting(&server);
    assert!(issuers.verify(&lasting(&old, "old"), NOW).await.is_ok());
    server.is_away();
    let token = lasting(&new, "new");
    assert_eq!(issuers.verify(&token, NOW + 60).await.unwrap_err(), unavailable(30));
    assert_eq!(issuers.verify(&token, NOW + 70).await.unwrap_err(), unavailable(20));
    server.publishes(&[new.jwk("new")]);
    assert!(issuers.verify(&token, NOW + 90).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn prefetched_keys_are_there_before_the_first_request() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let issuers = trusting(&server);
    assert_eq!(issuers.prefetch(NOW).await, Ok(()));
    assert_eq!(issuers.prefetch(NOW).await, Ok(()));
    assert!(issuers.verify(&lasting(&pair, "k"), NOW).await.is_ok());
    assert_eq!(server.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_prefetch_that_fails_says_why_and_goes_on_trying_until_there_are_keys() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    let issuers = trusting(&server);
    let told = issuers.prefetch(NOW).await.unwrap_err().to_string();
    assert_eq!(told, "cannot get the keys at https://auth.example/jwks.json: away");
    assert!(issuers.prefetch(NOW).await.is_err(), "and starts no second series");
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert!((5..10).contains(&server.asked()), "{}", server.asked());
    server.publishes(&[pair.jwk("k")]);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let asked = server.asked();
    assert!(issuers.verify(&lasting(&pair, "k"), NOW + 26).await.is_ok());
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(server.asked(), asked, "no request, no traffic");
}

/// A server that answers once, and from then on lets its callers wait for 5 s, as the HTTP client does.
#[derive(Clone)]
struct Hanging {
    first: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Hanging {
    fn publishing(keys: &[Value]) -> Self {
        let first = Arc::new(Mutex::new(Some(published(keys))));
        Self { first, asked: Arc::default() }
    }
}

impl Fetch for Hanging {
    fn fetch<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async {
            self.asked.fetch_add(1, SeqCst);
            let first = self.first.lock().unwrap().take();
            if let Some(first) = first {
                return Ok(first);
            }
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            Err("no answer".into())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_issuer_keeps_nobody_waiting_while_there_are_keys() {
    let pair = Pair::new(Algorithm::EdDsa);
    let server = Hanging::publishing(&[pair.jwk("k")]);
    let keys = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    let issuers = Issuers::new([Issuer::doorward_at("doorward", keys)]);
    let token = lasting(&pair, "k");
    let start = tokio::time::Instant::now();
    for second in (0..4000).step_by(20) {
        assert!(issuers.verify(&token, NOW + second).await.is_ok(), "{second}");
        settled().await;
        assert_eq!(start.elapsed().as_secs(), (second / 20 * 6).unsigned_abs(), "{second}");
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    }
    assert!(server.asked.load(SeqCst) > 90, "it was asked again and again");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_slept_waits_for_a_hanging_issuer_once_and_for_a_second() {
    let pair = Pair::new(Algorithm::EdDsa);
    let keys =
        RemoteKeys::new("https://auth.example/jwks.json", Hanging::publishing(&[pair.jwk("k")]));
    let issuers = Issuers::new([Issuer::doorward_at("doorward", keys)]);
    let token = lasting(&pair, "k");
    assert!(issuers.verify(&token, NOW).await.is_ok());
    let start = tokio::time::Instant::now();
    assert!(issuers.verify(&token, NOW + 4000).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 1);
    for second in 4001..4500 {
        assert!(issuers.verify(&token, NOW + second).await.is_ok());
        assert_eq!(start.elapsed().as_secs(), 1);
    }
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
