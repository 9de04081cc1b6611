//! `doorward token` and `doorward key`: what a token says and the exact check that fails; key pairs
//! made, rotated and retired while a server runs.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::clock::Clock;
use doorward::config::Secret;
use doorward_verify::Algorithm;
use serde_json::{Value, json};

use crate::program::{Program, SECRET};
use crate::support::{Client, TestApp, app};

const OLD: &str = "the secret of last year and longer than thirty-two bytes";

/// Somebody who signed in to a server with this secret, on the program's own database.
async fn signed_in(program: &Program, seed: u64, secret: &str) -> (TestApp, Client) {
    let url = url(program);
    app::migrate(&url).await;
    let there = TestApp::over(&url, Clock::system(), seed, |settings| {
        settings.secret = Secret::new(secret);
        settings.access_token_ttl = Duration::from_mins(15);
    })
    .await;
    let client = there.sign_up(&format!("ada{seed}")).await;
    (there, client)
}

fn url(program: &Program) -> String {
    format!("sqlite:{}", program.folder().join("doorward.db").display())
}

fn inspect(program: &Program, token: &str) -> Value {
    program.fed(&["token", "inspect", "-", "--json"], token).expect(0).json()
}

fn failing(program: &Program, token: &str) -> String {
    inspect(program, token)["failing"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_says_which_key_matched_and_which_check_fails() {
    let program = Program::ready().env("PREVIOUS_SECRETS", OLD);
    let (_, ada) = signed_in(&program, 1, SECRET).await;
    let token = ada.token.clone().expect("a token");
    let message = inspect(&program, &format!("Authorization: Bearer {token}\n"));
    assert_eq!((&message["valid"], &message["kind"]), (&json!(true), &json!("access token")));
    assert_eq!(message["claims"]["sub"], ada.user["id"]);
    assert!(message["key"].as_str().expect("a key").starts_with("the current secret"));

    let (_, old) = signed_in(&program, 2, OLD).await;
    let message = inspect(&program, old.token.as_deref().expect("a token"));
    assert!(message["key"].as_str().expect("a key").starts_with("number 1 of PREVIOUS_SECRETS"));
    let stranger = Program::ready();
    let lost = failing(&stranger, old.token.as_deref().expect("a token"));
    assert!(lost.starts_with("kid: no key is named"), "{lost}");

    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = failing(&program, &format!("{signed}.{first}{}", &signature[1..]));
    assert!(forged.starts_with("signature"), "{forged}");
    let other = Program::ready().env("TOKEN_ISSUER", "else");
    assert_eq!(failing(&other, &token), "iss: it is \"doorward\", and TOKEN_ISSUER is \"else\"");
    assert!(failing(&program, "hello").contains("three base64url parts"));

    let refresh = ada.refresh_token.clone().expect("a token");
    assert_eq!(inspect(&program, &refresh)["kind"], "refresh token");
    ada.post_empty("/auth/logout").await.expect(204);
    for token in [&token, &refresh] {
        let ended = failing(&program, token);
        assert!(
            ended.starts_with("session: it ended at") && ended.ends_with("(logout)"),
            "{ended}"
        );
    }
    let ended = program.fed(&["token", "verify", "-"], &token).expect(1);
    assert!(ended.errors()[0].starts_with("session: it ended at"), "{ended:?}");
    assert!(ended.stdout.contains("Verdict  refused"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_another_audience_says_which_it_is_for() {
    let program = Program::ready();
    app::migrate(&url(&program)).await;
    let made_for = async |seed: u64, audience: Option<&str>| {
        let there = TestApp::over(&url(&program), Clock::system(), seed, |settings| {
            settings.secret = Secret::new(SECRET);
            settings.token_audience = audience.map(Into::into);
        })
        .await;
        there.sign_up(&format!("ada{seed}")).await.token.expect("a token")
    };
    let (tasks, plain) = (made_for(1, Some("tasks")).await, made_for(2, None).await);
    let asking = |audience: &str| {
        Program::ready().env("TOKEN_AUDIENCE", audience).env("DATABASE_URL", &url(&program))
    };
    assert_eq!(inspect(&asking("tasks"), &tasks)["valid"], true);
    assert_eq!(inspect(&program, &plain)["valid"], true);
    for (program, token, why) in [
        (&asking("mail"), &tasks, r#"aud: it is "tasks", and TOKEN_AUDIENCE is "mail""#),
        (
            &asking("tasks"),
            &plain,
            r#"typ: it is "JWT", as without an audience (aud: absent), and TOKEN_AUDIENCE is "tasks""#,
        ),
        (
            &program,
            &tasks,
            r#"typ: it is "at+jwt", as with an audience (aud: "tasks"), and TOKEN_AUDIENCE is not set"#,
        ),
    ] {
        assert_eq!(failing(program, token), why);
        let ended = program.fed(&["token", "verify", "-"], token).expect(1);
        assert_eq!(ended.errors(), [why]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_header_names_another_algorithm_fails_by_alg() {
    let program = Program::ready().env("TOKEN_ALGORITHM", "EdDSA");
    app::migrate(&url(&program)).await;
    program.run(&["key", "create", "--algorithm", "EdDSA"]).expect(0);
    let (_, by_secret) = signed_in(&program, 1, SECRET).await;
    let there = TestApp::over(&url(&program), Clock::system(), 2, |settings| {
        settings.secret = Secret::new(SECRET);
        settings.token_algorithm = Algorithm::EdDsa;
    })
    .await;
    let by_pair = there.sign_up("bob").await;
    for (client, others) in
        [(by_secret, ["none", "HS512", "EdDSA"]), (by_pair, ["HS256", "ES256", "RS256"])]
    {
        let token = client.token.expect("a token");
        assert_eq!(inspect(&program, &token)["valid"], true);
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
        for alg in others {
            let mut header: Value = serde_json::from_slice(&header).expect("JSON");
            header["alg"] = alg.into();
            let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            let again = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
            for signature in [signature, &again] {
                let changed = format!("{signed}.{signature}");
                let why = format!("alg: {alg:?} is not the algorithm of this key");
                assert_eq!(failing(&program, &changed), why);
                let ended = program.fed(&["token", "verify", "-"], &changed).expect(1);
                assert_eq!(ended.errors(), [why]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_says_how_long_ago() {
    let program = Program::ready();
    let url = url(&program);
    app::migrate(&url).await;
    let then = Clock::frozen(Clock::system().now() - Duration::from_hours(3));
    let there = TestApp::over(&url, then, 1, |settings| {
        settings.secret = Secret::new(SECRET);
        settings.access_token_ttl = Duration::from_hours(1);
    })
    .await;
    let ada = there.sign_up("ada").await;
    let expired = failing(&program, ada.token.as_deref().expect("a token"));
    assert!(expired.starts_with("exp: it expired 2 h ago, at 20"), "{expired}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_says_whose_a_foreign_token_is_and_the_user_it_stands_for() {
    let program = Program::ready();
    app::migrate(&url(&program)).await;
    let exp = Clock::system().now().unix_timestamp() + 600;
    let encoded = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let token = format!(
        "{}.{}",
        encoded(json!({"alg": "HS256", "typ": "JWT"})),
        encoded(json!({"sub": "17", "exp": exp}))
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let token = format!("{token}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, token.as_bytes())));
    let text = program.fed(&["token", "inspect", "-"], &token).expect(0).stdout;
    for line in [
        "Kind     access token without an issuer\n",
        "Issuer   anybody with the shared secret (ACCEPT_SHARED_SECRET_TOKENS)\n",
        "Key      the current secret\n",
        "Note     there is no user for this identity yet: the first request with it creates one\n",
        "Verdict  valid\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let there = TestApp::over(&url(&program), Clock::system(), 1, |settings| {
        settings.secret = Secret::new(SECRET);
        settings.accept_shared_secret_tokens = true;
    })
    .await;
    let made = there.anonymous().with_token(&token).get("/auth/me").await.expect(200).json();
    let id = made["id"].as_str().expect("an id");
    assert_eq!(inspect(&program, &token)["user"], id);
    program.run(&["user", "deactivate", id]).expect(0);
    let ended = program.fed(&["token", "verify", "-"], &token).expect(1);
    assert_eq!(ended.errors(), ["user: the account is disabled"]);
    let off = Program::ready()
        .env("ACCEPT_SHARED_SECRET_TOKENS", "false")
        .env("DATABASE_URL", &url(&program));
    let message = inspect(&off, &token);
    assert_eq!(message["failing"], "kid: no key is named absent");
    assert!(
        message["notes"][0].as_str().is_some_and(|it| it.contains("ACCEPT_SHARED")),
        "{message}"
    );
}

/// One key in sixty-four has such a name: it is a hash in base64url.
#[tokio::test(flavor = "multi_thread")]
async fn a_keys_name_that_begins_with_a_hyphen_is_no_option() {
    let program = Program::ready();
    app::migrate(&url(&program)).await;
    let kid = "-LtguWOTH0o2Q5Gy_yWIcHrh1qgPkpAFHoBNHfBg8Sw";
    for arguments in [&["key", "retire", kid, "--now"][..], &["key", "retire", "--now", kid]] {
        let message = program.run(arguments).expect(1);
        assert!(message.errors()[0].contains(&format!("There is no key {kid}")), "{message:?}");
    }
    program.run(&["key", "retire", "--nwo", kid]).expect(2);
    program.run(&["key", "retire", "--now"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_pairs_are_made_listed_rotated_and_retired() {
    let program = Program::ready().env("TOKEN_ALGORITHM", "EdDSA");
    app::migrate(&url(&program)).await;
    let refused = program.run(&["serve"]).expect(78);
    assert!(refused.errors()[0].contains("doorward key create --algorithm EdDSA"), "{refused:?}");

    let made = program.run(&["key", "create", "--algorithm", "EdDSA", "--json"]).expect(0).json();
    let kid = made["kid"].as_str().expect("a kid").to_owned();
    assert!(made["public_jwk"]["x"].is_string() && !made.to_string().contains("\"d\""));
    let needed = program.run(&["key", "retire", &kid]).expect(1);
    assert!(needed.errors()[0].contains("key rotate"), "{needed:?}");

    let made = program.run(&["key", "rotate", "--json"]).expect(0).json();
    let listed = program.run(&["key", "list", "--json"]).expect(0).json();
    assert_eq!(listed.as_array().expect("a list").len(), 2);
    assert!(listed[0]["remove_at"].is_string() && listed[1]["remove_at"].is_null(), "{listed}");
    program.run(&["key", "retire", &kid, "--now"]).expect(0);
    let listed = program.run(&["key", "list"]).expect(0).stdout;
    assert!(listed.contains("removed") && listed.contains("signing"), "{listed}");
    assert!(listed.contains(made["kid"].as_str().expect("a kid")));
    let usage = Program::ready().run(&["key", "rotate"]).expect(2);
    assert!(usage.errors()[0].contains("--algorithm"), "{usage:?}");

    let there = TestApp::over(&url(&program), Clock::system(), 1, |settings| {
        settings.secret = Secret::new(SECRET);
        settings.token_algorithm = Algorithm::EdDsa;
    })
    .await;
    let ada = there.sign_up("ada").await;
    let message = inspect(&program, ada.token.as_deref().expect("a token"));
    assert_eq!((&message["valid"], &message["header"]["alg"]), (&json!(true), &json!("EdDSA")));
    assert!(message["key"].as_str().expect("a key").starts_with("the key pair"));

    let changed = Program::ready()
        .env("TOKEN_ALGORITHM", "EdDSA")
        .env("BETTER_AUTH_SECRET", OLD)
        .env("DATABASE_URL", &url(&program));
    let refused = changed.run(&["serve"]).expect(78);
    assert!(refused.errors()[0].contains("encrypted with a secret other than"), "{refused:?}");
}
