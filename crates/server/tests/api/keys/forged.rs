//! Tokens that are right in all but one thing are 401 on every route,
//! whichever other issuers count besides. What each check refuses in detail is tested in `doorward-verify`.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward::audit::Actor;
use doorward_verify::{Algorithm, key_id};
use serde_json::{Value, json};

use crate::both;
use crate::identities::published_keys::Issuer;
use crate::identities::{minted, refused, sharing, unsigned};
use crate::sessions::part;
use crate::support::app::SECRET;
use crate::support::{Client, TestApp};

/// A token whose parts stand as they are, where `Value` could not hold them.
fn raw(algorithm: hmac::Algorithm, secret: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// With one member set, or without it.
fn with(object: &Value, name: &str, value: Option<Value>) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().expect("an object");
    match value {
        Some(value) => drop(members.insert(name.into(), value)),
        None => drop(members.remove(name)),
    }
    object
}

/// Headers that name another algorithm, another key, or bring one along.
fn bad_headers(header: &Value) -> Vec<Value> {
    let mut all = vec![with(header, "alg", None), with(header, "kid", None)];
    let algorithms = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!("hs256"),
        json!(" HS256"),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!("PS256"),
        json!("ES256"),
        json!("EdDSA"),
        json!("dir"),
        json!("PBES2-HS256+A128KW"),
        json!(null),
        json!(["HS256"]),
        json!({"a": "HS256"}),
        json!(256),
    ];
    all.extend(algorithms.into_iter().map(|alg| with(header, "alg", Some(alg))));
    let kids = [
        json!(""),
        json!("../../dev/null"),
        json!("/dev/null"),
        json!("file:///dev/null"),
        json!("' UNION SELECT 'x' --"),
        json!("x'; DROP TABLE users; --"),
        json!("http://127.0.0.1:1/key"),
        json!("\u{0}"),
        json!("A".repeat(43)),
        json!(null),
        json!(0),
        json!(["x"]),
        json!({"x": 1}),
        json!(true),
    ];
    all.extend(kids.into_iter().map(|kid| with(header, "kid", Some(kid))));
    let attacker = URL_SAFE_NO_PAD.encode("the attacker's own key");
    for (name, value) in [
        ("jwk", json!({"kty": "oct", "k": attacker, "alg": "HS256"})),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("p2c", json!(2_000_000_000)),
        ("typ", json!("refresh+jwt")),
        ("typ", json!("JWE")),
    ] {
        all.push(with(header, name, Some(value)));
    }
    all
}

/// Claims that say too little, too much or the wrong thing.
fn bad_claims(claims: &Value, now: i64, other: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for name in ["iss", "sub", "user_id", "sid", "gen", "jti", "iat", "exp"] {
        all.push(with(claims, name, None));
        all.push(with(claims, name, Some(Value::Null)));
        all.push(with(claims, name, Some(json!([1]))));
    }
    for (name, value) in [
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("nbf", json!(now + 31)),
        ("nbf", json!("0")),
        ("nbf", Value::Null),
        ("iss", json!("")),
        ("iss", json!("Doorward")),
        ("iss", json!(["doorward"])),
        ("aud", json!("somebody")),
        ("aud", json!(["somebody"])),
        ("sub", other.clone()),
        ("user_id", other.clone()),
        ("sid", other.clone()),
        ("sid", json!("not an id")),
    ] {
        all.push(with(claims, name, Some(value)));
    }
    let mut stranger = with(claims, "sub", Some(other.clone()));
    stranger["user_id"] = other.clone();
    all.push(stranger);
    all
}

/// Texts that are the token but for how it is written.
fn bad_spellings(token: &str) -> Vec<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut all = vec![
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{token}.."),
        format!("{token}="),
        format!("{token},{token}"),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{}", URL_SAFE.encode(&bytes)),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 1]),
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&bytes[..16])),
        // JWE (RFC 7516) has five parts.
        format!("{header}.{claims}.{signature}.{claims}.{signature}"),
        ".".repeat(7_000),
        format!("{token}{}", "A".repeat(200_000)),
        token.to_lowercase(),
        STANDARD.encode(token),
    ];
    for place in (0..token.len()).step_by(7) {
        all.push(token[..place].into());
        let other = if &token[place..=place] == "A" { "B" } else { "A" };
        all.push(format!("{}{other}{}", &token[..place], &token[place + 1..]));
    }
    all
}

/// Every forgery that starts from this client's token, made by one who has the secret.
async fn forgeries(app: &TestApp, ada: &Client, bob: &Client) {
    let token = ada.token.clone().expect("a token");
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let now = app.clock.now().unix_timestamp();
    for bad in bad_headers(&header) {
        refused(app, &bad.to_string(), &minted(SECRET, &bad, &claims)).await;
        let open = format!("{}.", unsigned(&bad, &claims));
        refused(app, &open, &open).await;
        let (_, signature) = token.rsplit_once('.').expect("a signature");
        refused(app, &bad.to_string(), &format!("{open}{signature}")).await;
    }
    for bad in bad_claims(&claims, now, &bob.user["id"]) {
        refused(app, &bad.to_string(), &minted(SECRET, &header, &bad)).await;
    }
    for bad in bad_spellings(&token) {
        refused(app, &bad.chars().take(200).collect::<String>(), &bad).await;
    }
    // Keys that a naive verifier would find at the places the header names.
    for (kid, key) in [("/dev/null", ""), ("../../dev/null", ""), ("' UNION SELECT 'x' --", "x")] {
        let named = with(&header, "kid", Some(kid.into()));
        refused(app, kid, &minted(key, &named, &claims)).await;
    }
    for key in ["", "doorward", "secret", &key_id(SECRET.as_bytes()), &SECRET[1..]] {
        refused(app, key, &minted(key, &header, &claims)).await;
    }
    let (header, claims) = (header.to_string(), claims.to_string());
    for algorithm in [hmac::HMAC_SHA512, hmac::HMAC_SHA384] {
        let name = if algorithm == hmac::HMAC_SHA512 { "HS512" } else { "HS384" };
        let honest = header.replace("HS256", name);
        refused(app, name, &raw(algorithm, SECRET.as_bytes(), &honest, &claims)).await;
        refused(app, name, &raw(algorithm, SECRET.as_bytes(), &header, &claims)).await;
    }
    for (header, claims) in [
        (header.replacen('{', r#"{"alg":"none","#, 1), claims.clone()),
        (header.replacen('{', r#"{"kid":"x","#, 1), claims.clone()),
        (header.clone(), claims.replacen('{', r#"{"sub":"x","#, 1)),
        (header.clone(), claims.replacen('{', r#"{"exp":1,"#, 1)),
        (header.clone(), claims.replace("\"exp\":", "\"exp\":1e400,\"x\":")),
        (header.clone(), format!("{claims} x")),
        (header, "null".into()),
    ] {
        let token = raw(hmac::HMAC_SHA256, SECRET.as_bytes(), &header, &claims);
        refused(app, &format!("{header} {claims}"), &token).await;
    }
    ada.get("/api/tasks").await.expect(200);
}

both! {
    async fn a_token_that_is_wrong_in_one_thing_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        forgeries(&app, &ada, &bob).await;
    }

    async fn other_trusted_issuers_open_no_way_around_a_check(engine: Engine) {
        let issuer = Issuer::start().await;
        let app = issuer.trusted(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        forgeries(&app, &ada, &bob).await;
        assert_eq!(issuer.asked(), 0, "none of them made the server ask anybody");
    }

    async fn a_published_key_is_no_shared_secret(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            sharing(settings);
            settings.token_algorithm = Algorithm::EdDsa;
        })
        .await;
        app.app.signing_keys().create(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().expect("a token");
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let jwk = set.json()["keys"][0].clone();
        let x = jwk["x"].as_str().expect("x");
        let point = URL_SAFE_NO_PAD.decode(x).expect("base64url");
        // RFC 8410's SubjectPublicKeyInfo.
        let der = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &point].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(&der));
        let keys = [
            point, der, pem.clone().into_bytes(), format!("{pem}\n").into_bytes(), x.into(),
            jwk.to_string().into_bytes(), set.bytes,
        ];
        for key in &keys {
            for alg in ["HS256", "EdDSA"] {
                for kid in [header.get("kid").cloned(), None, Some(json!(key_id(SECRET.as_bytes())))] {
                    let header = with(&with(&header, "alg", Some(alg.into())), "kid", kid);
                    let token = raw(hmac::HMAC_SHA256, key, &header.to_string(), &claims.to_string());
                    refused(&app, &header.to_string(), &token).await;
                }
            }
        }
        // Nor does the shared secret sign for the pair.
        refused(&app, "the secret", &minted(SECRET, &header, &claims)).await;
        ada.get("/api/tasks").await.expect(200);
    }

    async fn an_audience_that_is_set_is_asked_for_with_its_type(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.token_audience = Some("app".into())).await;
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().expect("a token");
        let (header, claims) = (part(&token, 0), part(&token, 1));
        for aud in [None, Some(json!("other")), Some(json!("")), Some(Value::Null), Some(json!(["app"]))] {
            let bad = with(&claims, "aud", aud);
            refused(&app, &bad.to_string(), &minted(SECRET, &header, &bad)).await;
        }
        for typ in [None, Some(json!("JWT")), Some(json!("refresh+jwt"))] {
            let bad = with(&header, "typ", typ);
            refused(&app, &bad.to_string(), &minted(SECRET, &bad, &claims)).await;
        }
        ada.get("/api/tasks").await.expect(200);
    }

    async fn two_tokens_at_once_are_none(engine: Engine) {
        let app = TestApp::start(engine).await;
        let token = format!("Bearer {}", app.sign_up("ada").await.token.expect("a token"));
        for other in [token.as_str(), "Bearer x", "Basic YTpi"] {
            for headers in [[token.as_str(), other], [other, &token]] {
                let headers = headers.map(|value| ("authorization", value));
                let reply = app.anonymous().raw("GET", "/api/tasks", &headers, "").await;
                reply.expect_problem(401, "not_authenticated");
            }
        }
    }
}
