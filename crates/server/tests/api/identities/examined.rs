//! What `doorward token inspect` finds out about other issuers' tokens: whose they are, which key proves
//! them, the check that fails; and that a request comes to the same end.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::config::{Secret, Settings};
use doorward::keys::Examined;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::{Value, json};
use uuid::Uuid;

use super::better_auth_session::{TOKEN, shared, signed};
use super::published_keys::Issuer;
use super::{bearer, disable, hs256, lasting, minted, sharing, trusting, unsigned, users};
use crate::accounts::{run, sql};
use crate::both;
use crate::support::TestApp;
use crate::support::app::SECRET;

const OLD: &str = "the secret of last year and longer than thirty-two bytes";

/// What is found out, and that a request is judged alike.
async fn examined(app: &TestApp, token: &str) -> Examined {
    let before = users(app).await;
    let examined = app.app.sessions().examine(token).await;
    assert_eq!(users(app).await, before, "looking makes nobody");
    let status = bearer(app, token).get("/auth/me").await.status;
    assert_eq!(status == 200, examined.failing.is_none(), "{status} and {examined:?}");
    examined
}

/// The check that fails.
async fn failing(app: &TestApp, token: &str) -> String {
    examined(app, token).await.failing.expect("a check that fails")
}

/// A user who is there, as an operator finds them by the token.
async fn user(app: &TestApp, token: &str) -> Uuid {
    examined(app, token).await.user.expect("a user")
}

async fn ban(app: &TestApp, id: Uuid, left: Duration) {
    const BAN: Sql = statement!("BAN", "UPDATE users SET banned_until = :until WHERE id = :id");
    let until = app.clock.now() + left;
    run::<()>(app, step!(BAN { id, until })).await;
}

/// Disables, bans and deletes the user; what is said of the token each time.
async fn shut_out(app: &TestApp, token: &str) {
    let id = user(app, token).await;
    ban(app, id, Duration::from_secs(30)).await;
    let banned = failing(app, token).await;
    assert_eq!(banned, "user: the account is banned until 2026-11-20T12:00:30Z");
    app.advance(Duration::from_secs(30));
    assert_eq!(examined(app, token).await.failing, None);
    disable(app, id).await;
    assert_eq!(failing(app, token).await, "user: the account is disabled");
    sql::<()>(app, "DELETE FROM users").await;
    let gone = app.app.sessions().examine(token).await;
    assert_eq!((gone.failing, gone.user), (None, None));
    assert!(gone.notes[0].contains("creates one"), "{:?}", gone.notes);
}

both! {
    async fn of_a_shared_secret_token_it_names_the_secret_and_the_check(engine: Engine) {
        let both = |settings: &mut Settings| {
            sharing(settings);
            settings.previous_secrets = vec![Secret::new(OLD)];
        };
        let app = TestApp::with(engine, both).await;
        let good = lasting(&app, json!({"sub": "17", "email": "ada@example.com"}));
        let token = hs256(&good);
        let first = examined(&app, &token).await;
        assert_eq!(first.kind, "access token without an issuer");
        assert!(first.issuer.as_deref().is_some_and(|it| it.contains("ACCEPT_SHARED_SECRET_TOKENS")));
        assert_eq!((first.key.as_deref(), first.user), (Some("the current secret"), None));
        assert!(first.notes[0].contains("creates one"), "{first:?}");
        let id = user(&app, &token).await;
        let me = bearer(&app, &token).get("/auth/me").await.expect(200).json();
        assert_eq!(me["id"], id.to_string());
        let header = json!({"alg": "HS256"});
        let old = examined(&app, &minted(OLD, &header, &good)).await;
        assert_eq!(old.key.as_deref(), Some("number 1 of PREVIOUS_SECRETS"));
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            hs256(&claims)
        };
        for (token, expected) in [
            (
                minted("another secret", &header, &good),
                "signature: made with neither the current secret nor one of PREVIOUS_SECRETS",
            ),
            (
                with("iss", json!("https://evil.example")),
                "iss: it is \"https://evil.example\", and the issuer is not trusted",
            ),
            (with("aud", json!("app")), "aud: it is \"app\", and TOKEN_AUDIENCE is not set"),
            (
                with("exp", (app.clock.now().unix_timestamp() - 7200).into()),
                "exp: it expired 2 h ago, at 2026-11-20T10:00:00Z",
            ),
            (
                with("type", json!("refresh")),
                "purpose: not an access token: type \"refresh\"",
            ),
        ] {
            assert_eq!(failing(&app, &token).await, expected);
        }
        shut_out(&app, &token).await;
        let off = TestApp::over(&app.url, app.clock.clone(), 2, |_| {}).await;
        let refused = examined(&off, &token).await;
        assert_eq!(refused.failing.as_deref(), Some("kid: no key is named absent"));
        assert!(refused.notes[0].contains("ACCEPT_SHARED_SECRET_TOKENS is true"), "{refused:?}");
    }

    async fn of_a_cookie_cache_it_names_better_auth(engine: Engine) {
        let app = TestApp::with(engine, trusting).await;
        let cache = json!({"session": {"token": "x"}, "user": {"id": "u1", "name": "Ada"}});
        let token = minted(SECRET, &json!({"alg": "HS256"}), &lasting(&app, cache));
        let found = examined(&app, &token).await;
        assert_eq!(found.kind, "cookie cache of Better Auth");
        assert_eq!(found.issuer.as_deref(), Some("https://app.example.test (BETTER_AUTH_URL)"));
        shut_out(&app, &token).await;
        let off = TestApp::over(&app.url, app.clock.clone(), 2, sharing).await;
        let refused = examined(&off, &token).await;
        assert!(refused.notes[0].contains("is only accepted if BETTER_AUTH_URL is set"), "{refused:?}");
    }

    async fn of_an_issuer_s_token_it_names_the_published_key_and_the_check(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = issuer.trusted(engine).await;
        let good = issuer.claims(&app);
        let token = issuer.token(&good);
        let found = examined(&app, &token).await;
        let keys = format!("{}/api/auth/jwks", issuer.url);
        assert_eq!(found.issuer, Some(format!("{} (BETTER_AUTH_URL)", issuer.url)));
        assert_eq!(found.key, Some(format!("the key O5a29 that {keys} publishes")));
        let header = json!({"alg": "EdDSA", "kid": "O5a29"});
        let eve = Ed25519KeyPair::generate().expect("a pair");
        let forged = unsigned(&header, &good);
        let forged = format!("{forged}.{}", URL_SAFE_NO_PAD.encode(eve.sign(forged.as_bytes())));
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            issuer.token(&claims)
        };
        let asked = format!("this issuer's tokens must have {:?}", issuer.url);
        for (token, expected) in [
            (forged, "signature: mismatch; the token was altered or signed with another key".into()),
            (
                issuer.signed(&json!({"alg": "EdDSA", "kid": "x"}), &good),
                format!("kid: {keys} publishes no key named \"x\""),
            ),
            (
                issuer.signed(&json!({"alg": "RS256", "kid": "O5a29"}), &good),
                "alg: \"RS256\" is not the algorithm of this key".into(),
            ),
            (with("aud", json!("tasks")), format!("aud: it is \"tasks\", and {asked}")),
            (
                with("exp", (app.clock.now().unix_timestamp() - 31).into()),
                "exp: it expired 31 s ago, at 2026-11-20T11:59:29Z".into(),
            ),
            (
                with("sub", json!(7)),
                "claims: a claim is missing, duplicated or of the wrong type".into(),
            ),
        ] {
            assert_eq!(failing(&app, &token).await, expected);
        }
        let stranger = TestApp::over(&app.url, app.clock.clone(), 2, |_| {}).await;
        let refused = examined(&stranger, &token).await;
        assert_eq!(refused.failing.as_deref(), Some("kid: no key is named \"O5a29\""));
        assert!(refused.notes[0].contains("is not a trusted issuer"), "{refused:?}");
        shut_out(&app, &token).await;
    }

    async fn of_a_listed_issuer_it_names_the_section_and_what_cannot_be_fetched(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = TestApp::with(engine, |settings| {
            let keys = format!("{}/api/auth/jwks", issuer.url);
            let listed = json!([
                {"issuer": issuer.url, "audience": "tasks", "jwks_url": keys},
                {"issuer": "http://127.0.0.1:1", "audience": "tasks"},
            ]);
            settings.trusted_issuers = serde_json::from_value(listed).expect("a list");
        }).await;
        let mut claims = issuer.claims(&app);
        claims["aud"] = json!("tasks");
        let token = issuer.token(&claims);
        let found = examined(&app, &token).await;
        assert_eq!(found.issuer, Some(format!("{} (one of [[issuers]])", issuer.url)));
        shut_out(&app, &token).await;
        claims["iss"] = json!("http://127.0.0.1:1");
        let away = failing(&app, &issuer.token(&claims)).await;
        assert_eq!(away, "key: http://127.0.0.1:1/.well-known/jwks.json cannot be fetched");
    }

    async fn of_our_own_token_it_tells_a_user_shut_out_from_an_ended_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (root, ada, bob) =
            (app.admin("root").await, app.sign_up("ada").await, app.sign_up("bob").await);
        let token = ada.token.clone().expect("a token");
        let found = examined(&app, &token).await;
        assert_eq!((found.user, found.issuer.as_deref()), (Some(ada.id()), Some("doorward (TOKEN_ISSUER)")));
        ban(&app, ada.id(), Duration::from_secs(30)).await;
        assert!(failing(&app, &token).await.starts_with("user: the account is banned until"));
        app.advance(Duration::from_secs(30));
        root.patch(&ada.at(""), json!({"is_active": false})).await.expect(200);
        let disabled = examined(&app, &token).await;
        let ended = "session: it ended at 2026-11-20T12:00:30Z (disabled)";
        assert_eq!(disabled.failing.as_deref(), Some(ended));
        assert_eq!(disabled.notes, ["user: the account is disabled"]);
        root.delete(&bob.at("")).await.expect(204);
        let deleted = failing(&app, bob.token.as_deref().expect("a token")).await;
        assert_eq!(deleted, "user: the account was deleted together with its sessions");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_better_auth_session_token_it_names_the_row_and_the_check() {
    let app = shared(|settings| settings.previous_secrets = vec![Secret::new(OLD)]).await;
    let bare = examined(&app, TOKEN).await;
    assert_eq!(bare.kind, "session token of Better Auth");
    assert_eq!(bare.issuer.as_deref(), Some("https://app.example.test (BETTER_AUTH_URL)"));
    assert!(bare.key.as_deref().is_some_and(|it| it.contains("table session")), "{bare:?}");
    let tables = r#"Better Auth's tables here are public.session ("userId", "expiresAt") and public."user" ("emailVerified")"#;
    assert_eq!(bare.notes.last().map(String::as_str), Some(tables));
    let whole = examined(&app, &signed(SECRET, TOKEN)).await;
    assert_eq!(whole.key.as_deref(), Some("the current secret"));
    let old = examined(&app, &signed(OLD, TOKEN)).await;
    assert_eq!(old.key.as_deref(), Some("number 1 of PREVIOUS_SECRETS"));
    let forged = failing(&app, &signed("another secret", TOKEN)).await;
    assert!(forged.starts_with("signature: made with neither the current secret"), "{forged}");
    let unknown = failing(&app, &"x".repeat(32)).await;
    assert_eq!(unknown, "session: Better Auth has no such session, or it has expired");
    shut_out(&app, TOKEN).await;
    app.advance(Duration::from_hours(1));
    assert_eq!(failing(&app, TOKEN).await, unknown);
    let off = TestApp::over(&app.url, app.clock.clone(), 2, |_| {}).await;
    let refused = examined(&off, TOKEN).await;
    assert_eq!(refused.kind, "not a token");
    assert!(refused.notes[0].contains("is only accepted if BETTER_AUTH_URL is set"), "{refused:?}");
}
