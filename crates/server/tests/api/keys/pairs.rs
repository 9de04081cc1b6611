//! Signing with key pairs: published first, then signing, then verifying only; across replicas and
//! without a restart.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::audit::Actor;
use doorward::config::Secret;
use doorward_verify::{Algorithm, KeySet, Verifier};
use serde_json::{Value, json};

use crate::accounts::sql;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

pub(super) const PAIRS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];

pub(super) async fn signing_with(engine: Engine, algorithm: Algorithm) -> TestApp {
    let app = TestApp::with(engine, |settings| {
        settings.token_algorithm = algorithm;
        settings.access_token_ttl = Duration::from_mins(15);
    })
    .await;
    app.app.signing_keys().create(&Actor::operator(), algorithm).await.expect("a key");
    app
}

fn header(client: &Client) -> Value {
    let token = client.token.as_deref().expect("a token");
    let header = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON")
}

pub(super) async fn published(app: &TestApp) -> Vec<Value> {
    let reply = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    reply.json()["keys"].as_array().expect("keys").clone()
}

async fn again(app: &TestApp, client: &Client) -> Client {
    let email = client.user["email"].as_str().expect("an address").to_owned();
    app.anonymous().login(&email, PASSWORD).await
}

both! {
    async fn tokens_of_every_algorithm_verify_here_and_by_the_published_set(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let ada = app.sign_up("ada").await;
            assert_eq!(header(&ada)["alg"], algorithm.name());
            ada.get("/auth/me").await.expect(200);
            let set = app.anonymous().get("/auth/jwks").await.expect(200);
            let keys = KeySet::from_jwks(&set.bytes).expect("a set");
            let verifier = Verifier::new(keys, "doorward", None);
            let now = app.clock.now().unix_timestamp();
            let claims = verifier.verify(ada.token.as_deref().expect("a token"), now);
            assert_eq!(claims.expect("valid").sub, ada.user["id"].as_str().expect("an id"));
        }
    }

    async fn a_new_key_is_published_one_cache_life_before_it_signs(engine: Engine) {
        let app = signing_with(engine, Algorithm::EdDsa).await;
        let ada = app.sign_up("ada").await;
        let old = header(&ada)["kid"].clone();
        app.advance(Duration::from_secs(1000));
        let new = app.app.signing_keys().rotate(&Actor::operator(), Algorithm::EdDsa).await;
        let new = new.expect("a key").kid;
        app.advance(Duration::from_secs(5));
        assert!(published(&app).await.iter().any(|key| key["kid"] == new.as_str()));
        app.advance(Duration::from_secs(299));
        assert_eq!(header(&again(&app, &ada).await)["kid"], old);
        app.advance(Duration::from_secs(1));
        let ada = again(&app, &ada).await;
        assert_eq!(header(&ada)["kid"], new.as_str());
        ada.get("/auth/me").await.expect(200);
    }

    async fn old_tokens_verify_until_they_expire_and_then_their_key_is_gone(engine: Engine) {
        let app = signing_with(engine, Algorithm::Es256).await;
        let ada = app.sign_up("ada").await;
        let old = header(&ada)["kid"].clone();
        app.advance(Duration::from_secs(1000));
        app.app.signing_keys().rotate(&Actor::operator(), Algorithm::Es256).await.expect("a key");
        app.advance(Duration::from_secs(304));
        let late = again(&app, &ada).await;
        assert_eq!(header(&late)["kid"], old, "signed at the last moment");
        app.advance(Duration::from_secs(15 * 60 - 1));
        late.get("/auth/me").await.expect(200);
        assert_eq!(published(&app).await.len(), 2);
        app.advance(Duration::from_mins(2));
        let keys = published(&app).await;
        assert!(keys.len() == 1 && keys[0]["kid"] != old);
        let refused = late.get("/auth/me").await.expect(401).json();
        assert_eq!(refused["code"], "invalid_token", "an unknown key, before its expiry is read");
    }

    async fn a_key_retired_at_once_fails_on_running_servers_within_a_minute(engine: Engine) {
        let app = signing_with(engine, Algorithm::EdDsa).await;
        let ada = app.sign_up("ada").await;
        let kid = header(&ada)["kid"].as_str().expect("a kid").to_owned();
        let keys = app.app.signing_keys();
        let needed = keys.retire(&Actor::operator(), &kid, true).await.expect("an answer");
        assert!(needed.is_err(), "the only key");
        keys.rotate(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        keys.retire(&Actor::operator(), &kid, true).await.expect("an answer").expect("retired");
        app.advance(Duration::from_mins(1));
        ada.get("/auth/me").await.expect(401);
        let ada = again(&app, &ada).await;
        assert_ne!(header(&ada)["kid"], kid.as_str());
        ada.get("/auth/me").await.expect(200);
        let unknown = keys.retire(&Actor::operator(), &kid, true).await.expect("an answer");
        assert!(unknown.is_err());
    }

    async fn a_key_retired_at_once_signs_nothing_after_five_seconds(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let ada = app.sign_up("ada").await;
            let leaked = header(&ada)["kid"].as_str().expect("a kid").to_owned();
            let keys = app.app.signing_keys();
            keys.rotate(&Actor::operator(), algorithm).await.expect("a key");
            // Every server has looked a moment ago, and trusts what it saw.
            let mut earlier = again(&app, &ada).await;
            assert_eq!(header(&earlier)["kid"], leaked.as_str());
            keys.retire(&Actor::operator(), &leaked, true).await.expect("an answer").expect("retired");
            app.advance(Duration::from_secs(5));
            let later = again(&app, &ada).await;
            assert_ne!(header(&later)["kid"], leaked.as_str(), "a sign-in");
            later.get("/auth/me").await.expect(200);
            let refresh = json!({ "refresh_token": earlier.refresh_token });
            let reply = app.anonymous().post("/auth/refresh", refresh).await.expect(200).json();
            earlier.token = reply["access_token"].as_str().map(Into::into);
            assert_ne!(header(&earlier)["kid"], leaked.as_str(), "a refresh");
            earlier.get("/auth/me").await.expect(200);
        }
    }

    async fn a_key_that_verifies_nothing_is_deleted_by_the_next_change_of_one(engine: Engine) {
        for command in ["create", "rotate", "retire"] {
            let app = signing_with(engine, Algorithm::EdDsa).await;
            let (keys, operator) = (app.app.signing_keys(), Actor::operator());
            let old = keys.list().await.expect("keys")[0].0.kid.clone();
            let spare = keys.create(&operator, Algorithm::Es256).await.expect("a key").kid;
            let new = keys.rotate(&operator, Algorithm::EdDsa).await.expect("a key").kid;
            let change = async || match command {
                "create" => drop(keys.create(&operator, Algorithm::Rs256).await.expect("a key")),
                "rotate" => drop(keys.rotate(&operator, Algorithm::Rs256).await.expect("a key")),
                _ => drop(keys.retire(&operator, &spare, false).await.expect("an answer").expect("retired")),
            };
            let stored = async || -> Vec<String> {
                sql(&app, "SELECT kid FROM signing_keys").await
            };
            // It signs for 305 s more, and the last token lives for 15 min and the lag of a minute.
            app.advance(Duration::from_secs(305 + 900 + 60) - Duration::from_micros(1));
            change().await;
            assert!(stored().await.contains(&old), "{command}: not a moment early");
            app.advance(Duration::from_micros(1));
            change().await;
            let left = stored().await;
            assert!(!left.contains(&old) && left.contains(&new), "{command}: {left:?}");
        }
    }

    async fn a_replica_that_never_saw_the_key_reads_it_when_a_token_names_it(engine: Engine) {
        let app = signing_with(engine, Algorithm::EdDsa).await;
        let replica = app.replica().await;
        replica.anonymous().get("/.well-known/jwks.json").await.expect(200);
        app.advance(Duration::from_secs(400));
        app.app.signing_keys().rotate(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        app.advance(Duration::from_secs(310));
        let ada = app.sign_up("ada").await;
        let mut there = replica.anonymous();
        there.token = ada.token.clone();
        there.get("/auth/me").await.expect(200);
    }

    async fn tokens_of_the_shared_secret_stay_valid_beside_a_pair(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let settings = (*app.app.settings).clone();
        let other = TestApp::over(&app.url, app.clock.clone(), 3, |new| {
            *new = settings;
            new.token_algorithm = Algorithm::EdDsa;
        })
        .await;
        other.app.signing_keys().create(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        let mut there = other.anonymous();
        there.token = ada.token.clone();
        there.get("/auth/me").await.expect(200);
        let mut here = app.anonymous();
        here.token = again(&other, &ada).await.token;
        here.get("/auth/me").await.expect(200);
    }

    async fn a_changed_secret_makes_signing_unavailable_and_says_why_before_start(engine: Engine) {
        let app = signing_with(engine, Algorithm::EdDsa).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(app.app.signing_keys().trouble().await.expect("an answer"), None);
        let settings = (*app.app.settings).clone();
        let old = settings.secret.clone();
        let changed = async |seed: u64, previous: Vec<Secret>| {
            TestApp::over(&app.url, app.clock.clone(), seed, |new| {
                *new = settings.clone();
                new.secret = Secret::new("another secret of more than thirty-two bytes");
                new.previous_secrets = previous;
            })
            .await
        };
        let lost = changed(3, Vec::new()).await;
        let trouble = lost.app.signing_keys().trouble().await.expect("an answer").expect("trouble");
        assert!(trouble.contains("encrypted") && trouble.contains("PREVIOUS_SECRETS"), "{trouble}");
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        lost.anonymous().post("/auth/login", body).await.expect(503);
        let mut there = lost.anonymous();
        there.token = ada.token.clone();
        there.get("/auth/me").await.expect(200);
        let kept = changed(4, vec![old]).await;
        assert_eq!(kept.app.signing_keys().trouble().await.expect("an answer"), None);
        again(&kept, &ada).await.get("/auth/me").await.expect(200);
    }
}
