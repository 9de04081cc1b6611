//! The JWS and JWK vectors of Wycheproof, from the folder that `DOORWARD_VECTORS` names. Without them the
//! tests fail, unless `SKIP_WYCHEPROOF=1` says otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_verify::{Algorithm, Key, KeySet, Rejection, Token};
use serde_json::Value;

/// `None` only where `SKIP_WYCHEPROOF=1` says so.
fn vectors(name: &str) -> Option<Value> {
    if std::env::var_os("SKIP_WYCHEPROOF").is_some_and(|value| value == "1") {
        // Not `eprintln!`, which the test harness keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped by SKIP_WYCHEPROOF: {name}");
        return None;
    }
    let folder = std::env::var_os("DOORWARD_VECTORS")
        .expect("DOORWARD_VECTORS must name the folder of vectors; or set SKIP_WYCHEPROOF=1");
    let file = std::path::Path::new(&folder).join("wycheproof").join(name);
    let text = std::fs::read(&file).unwrap_or_else(|error| {
        panic!("{}: {error}; set SKIP_WYCHEPROOF=1 to pass without it", file.display())
    });
    Some(serde_json::from_slice(&text).expect("JSON"))
}

fn opens(token: &str, keys: &KeySet) -> Result<(), Rejection> {
    let token = Token::split(token)?;
    let header = token.header()?;
    if header.has_critical {
        return Err(Rejection::Malformed);
    }
    token.prove(header.key(keys)?, 0)?;
    token.payload().map(drop)
}

/// The key of a group; none where it is of a kind that is not verified here.
fn key(group: &Value) -> Option<Key> {
    let private = &group["private"];
    if private["kty"] == "oct" {
        let secret = URL_SAFE_NO_PAD.decode(private["k"].as_str()?).ok()?;
        let kid = private["kid"].as_str().unwrap_or_default();
        return Key::named_secret(kid, &secret).ok().filter(|_| private["alg"] == "HS256");
    }
    Key::from_jwk(&group["public"]).ok()
}

#[test]
fn the_signature_vectors_of_wycheproof_are_judged_as_they_say() {
    let Some(vectors) = vectors("json_web_signature_test.json") else { return };
    let mut judged = 0;
    let mut of = Vec::new();
    for group in vectors["testGroups"].as_array().expect("groups") {
        let named = group["private"]["alg"].as_str().and_then(Algorithm::parse);
        let (key, is_ours) = (key(group), named.is_some());
        of.extend(key.as_ref().map(Key::algorithm));
        let keys = KeySet::new(key).unwrap();
        for test in group["tests"].as_array().expect("tests") {
            // An object is the JSON serialization, which has no compact form to open.
            let opened = opens(test["jws"].as_str().unwrap_or_default(), &keys);
            // Mislabelled at the source: 367 and 370 are byte for byte the valid token 357, and
            // 372 and 373 hold a `?`, which is no base64url.
            if let Some(id @ (367 | 370 | 372 | 373)) = test["tcId"].as_i64() {
                assert_eq!(opened.is_ok(), id < 372, "{test}");
                continue;
            }
            // Other algorithms (PS256, RS512, …) are no key here, so nothing of theirs opens.
            let valid = is_ours && test["result"] == "valid";
            assert_eq!(opened.is_ok(), valid, "{test}: {opened:?}");
            judged += 1;
        }
    }
    assert!(judged >= 390, "{judged}");
    for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::Rs256] {
        assert!(of.contains(&algorithm), "{algorithm}");
    }
}

#[test]
fn the_key_vectors_of_wycheproof_are_judged_as_they_say() {
    let Some(vectors) = vectors("json_web_key_test.json") else { return };
    let mut judged = 0;
    for group in vectors["testGroups"].as_array().expect("groups") {
        // Secrets have no place in a published set, whatever the vectors think of them.
        let is_secret = group["public"].is_null();
        let set = if is_secret { &group["private"] } else { &group["public"] };
        let keys = KeySet::from_jwks(set.to_string().as_bytes());
        for test in group["tests"].as_array().expect("tests") {
            let opened = keys
                .as_ref()
                .is_ok_and(|keys| opens(test["jws"].as_str().unwrap_or_default(), keys).is_ok());
            judged += 1;
            // 7: primes of defective smart cards (ROCA). A key set comes from a trusted issuer, whose
            // own choice of primes is not looked into.
            if test["tcId"] != 7 {
                assert_eq!(opened, !is_secret && test["result"] == "valid", "{test}");
            }
        }
    }
    assert_eq!(judged, 26);
}
