//! `[[issuers]]` of `doorward.toml` in a server that runs: whose tokens it takes, by keys it fetches.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::clock::Clock;
use serde_json::{Value, json};

use crate::program::{Program, SECRET, shell};

/// An issuer that publishes one key, at no usual place.
async fn publishing(pair: &Ed25519KeyPair) -> String {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let set =
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k1", "x": x}]});
    let set = set.to_string();
    let router = axum::Router::new().route("/keys/all.json", get(async || set));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn signed(pair: &Ed25519KeyPair, claims: &Value) -> String {
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": "k1"})), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What `GET /auth/me` answers: the status and the body.
fn me(url: &str, token: &str) -> (String, Value) {
    let said = shell(&format!(
        "curl -s --max-time 60 -w '\\n%{{http_code}}' -H 'Authorization: Bearer {token}' {url}/auth/me"
    ));
    let (body, status) = said.rsplit_once('\n').expect("a status");
    (status.into(), serde_json::from_str(body).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_of_the_file_signs_its_people_in() {
    let (pair, stranger) =
        (Ed25519KeyPair::generate().expect("a pair"), Ed25519KeyPair::generate().expect("a pair"));
    let keys = format!("{}/keys/all.json", publishing(&pair).await);
    let issuer = "https://id.example.test";
    let program = Program::new().file(
        "doorward.toml",
        &format!(
            "better_auth_secret = '{SECRET}'\nport = 0\n\n[[issuers]]\nissuer = '{issuer}'\n\
             audience = 'tasks'\njwks_url = '{keys}'\n"
        ),
    );
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    let exp = Clock::system().now().unix_timestamp() + 600;
    let good = json!({"iss": issuer, "aud": "tasks", "sub": "17", "name": "Ada", "exp": exp});
    let (status, ada) = me(&url, &signed(&pair, &good));
    assert_eq!((status.as_str(), &ada["name"]), ("200", &json!("Ada")), "{ada}");
    assert!(ada["id"].as_str().is_some_and(|id| id != "17"), "a user of this server: {ada}");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&pair, &claims)
    };
    for (what, token) in [
        ("another audience", with("aud", "mail".into())),
        ("no audience", with("aud", Value::Null)),
        ("another issuer", with("iss", "https://else.example.test".into())),
        ("no issuer", with("iss", Value::Null)),
        ("our own name", with("iss", "doorward".into())),
        ("an expired token", with("exp", (exp - 3600).into())),
        ("another's key", signed(&stranger, &good)),
    ] {
        let (status, body) = me(&url, &token);
        assert_eq!(status, "401", "{what}: {body}");
    }
    let (status, again) = me(&url, &with("jti", "2".into()));
    assert_eq!((status.as_str(), &again["id"]), ("200", &ada["id"]), "the same person");

    let listed = program.run(&["user", "list", "--json"]).expect(0).json();
    assert_eq!(listed.as_array().expect("a list").len(), 1, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_section_the_same_issuer_is_nobody() {
    let pair = Ed25519KeyPair::generate().expect("a pair");
    let program = Program::ready().file("doorward.toml", "");
    let mut server = program.start(&["serve", "--migrate"]);
    let exp = Clock::system().now().unix_timestamp() + 600;
    let claims = json!({"iss": "https://id.example.test", "aud": "tasks", "sub": "17", "exp": exp});
    let (status, body) = me(&server.url(), &signed(&pair, &claims));
    assert_eq!((status.as_str(), &body["code"]), ("401", &json!("invalid_token")));
}
