//! Other issuers' tokens: headers may hold more than Doorward's, and the checks are as strict.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use doorward_verify::{Expected, KeySet, Rejection};
use serde_json::{Value, json};
use support::{NOW, Pair, b64};

fn header() -> Value {
    json!({"alg": "HS256", "kid": "k"})
}

fn claims() -> Value {
    json!({"iss": "them", "sub": "7", "exp": NOW + 10})
}

fn verify(header: &Value, payload: &str) -> Result<(), Rejection> {
    let keys = KeySet::new([Pair::Secret.key("k")]).unwrap();
    let expected = Expected::default().issuer("them");
    let signed = format!("{}.{}", b64(header.to_string()), b64(payload));
    let token = format!("{signed}.{}", b64(Pair::Secret.sign(signed.as_bytes())));
    expected.verify(&keys, &token, NOW).map(drop)
}

#[test]
fn embedded_keys_are_ignored_and_critical_members_refused() {
    assert_eq!(verify(&header(), &claims().to_string()), Ok(()));
    for (name, value, outcome) in [
        ("jwk", json!({"kty": "oct", "k": "AAAA"}), Ok(())),
        ("jku", json!("http://127.0.0.1:1/jwks.json"), Ok(())),
        ("x5u", json!("http://127.0.0.1:1/cert.pem"), Ok(())),
        ("x5c", json!(["AAAA"]), Ok(())),
        ("typ", json!("JWT"), Ok(())),
        ("typ", json!("at+jwt"), Ok(())),
        ("typ", json!("refresh+jwt"), Err(Rejection::WrongPurpose)),
        ("typ", json!("refresh"), Err(Rejection::WrongPurpose)),
        ("typ", json!("id_token"), Err(Rejection::WrongPurpose)),
        ("typ", json!("logout+jwt"), Err(Rejection::WrongPurpose)),
        ("typ", json!("secevent+jwt"), Err(Rejection::WrongPurpose)),
        ("typ", json!("dpop+jwt"), Err(Rejection::WrongPurpose)),
        ("crit", json!(["exp"]), Err(Rejection::Malformed)),
        ("b64", json!(false), Err(Rejection::Malformed)),
        ("zip", json!("DEF"), Err(Rejection::Malformed)),
        ("enc", json!("A256GCM"), Err(Rejection::Malformed)),
        ("alg", json!("none"), Err(Rejection::WrongAlgorithm)),
        ("kid", json!("../k"), Err(Rejection::UnknownKey)),
        ("kid", json!(7), Err(Rejection::Malformed)),
    ] {
        let mut header = header();
        header[name] = value.clone();
        assert_eq!(verify(&header, &claims().to_string()), outcome, "{name} {value}");
    }
}

#[test]
fn exp_is_required_and_dates_have_their_type() {
    for (name, text, outcome) in [
        ("exp", "1795000001.5", Ok(())),
        ("exp", "1795000000", Err(Rejection::Expired)),
        ("exp", "0", Err(Rejection::Expired)),
        ("exp", "null", Err(Rejection::BadClaims)),
        ("exp", "\"1895000000\"", Err(Rejection::BadClaims)),
        ("exp", "1e400", Err(Rejection::BadClaims)),
        ("exp", "1e13", Err(Rejection::BadClaims)),
        ("exp", "-1", Err(Rejection::BadClaims)),
        ("exp", "99999999999999999999", Err(Rejection::BadClaims)),
        ("nbf", "1795000030", Ok(())),
        ("nbf", "1795000031", Err(Rejection::NotYetValid)),
        ("nbf", "\"1\"", Err(Rejection::BadClaims)),
        ("iat", "true", Err(Rejection::BadClaims)),
    ] {
        let mut claims = claims();
        claims[name] = "PLACE".into();
        let payload = claims.to_string().replace("\"PLACE\"", text);
        assert_eq!(verify(&header(), &payload), outcome, "{name} {text}");
    }
    assert_eq!(verify(&header(), r#"{"iss":"them","sub":"7"}"#), Err(Rejection::BadClaims));
}

#[test]
fn a_claim_given_twice_and_what_is_no_object_are_refused() {
    let twice = claims().to_string().replacen('{', r#"{"sub":"victim","#, 1);
    for payload in [twice.as_str(), "", "[]", "null", "{", "{}{}", "\"text\""] {
        assert_eq!(verify(&header(), payload), Err(Rejection::BadClaims), "{payload}");
    }
}

#[test]
fn a_token_that_says_it_is_for_something_else_than_access_is_refused() {
    let other = Err(Rejection::WrongPurpose);
    for (name, value, outcome) in [
        ("token_use", json!("access"), Ok(())),
        ("typ", json!("Bearer"), Ok(())),
        ("token_type", json!("bearer"), Ok(())),
        ("type", json!("access"), Ok(())),
        ("token_use", json!("id"), other),
        ("token_use", json!(null), other),
        ("token_use", json!(["access"]), other),
        ("typ", json!("ID"), other),
        ("typ", json!("Refresh"), other),
        ("typ", json!("Logout"), other),
        ("type", json!("refresh"), other),
        ("token_type", json!("refresh"), other),
        ("token_type", json!("DPoP"), other),
        ("purpose", json!("password reset"), other),
        ("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), other),
        ("cnf", json!({}), other),
        ("cnf", json!(null), other),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}), other),
        ("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng"), other),
        ("c_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng"), other),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        assert_eq!(verify(&header(), &claims.to_string()), outcome, "{name} {value}");
    }
}
