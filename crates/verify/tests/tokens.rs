//! What the verifier must refuse, one sentence each, against tokens that are right in all but one thing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward_verify::{Key, KeySet, Rejection, Verifier, key_id};
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &[u8] = b"a test secret of more than thirty-two bytes";
const NOW: i64 = 1_795_000_000;

fn verifier() -> Verifier {
    Verifier::new(KeySet::of_secrets([SECRET]).unwrap(), "doorward", None)
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": key_id(SECRET)})
}

fn claims() -> Value {
    json!({
        "iss": "doorward", "sub": "u1", "user_id": "u1", "sid": "s1", "gen": 0, "jti": "j1",
        "iat": NOW - 10, "exp": NOW + 10, "roles": ["user"],
    })
}

fn signed(algorithm: hmac::Algorithm, secret: &[u8], header: &str, payload: &str) -> String {
    let (header, payload) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signed = format!("{header}.{payload}");
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn token(header: &str, payload: &str) -> String {
    signed(hmac::HMAC_SHA256, SECRET, header, payload)
}

fn good() -> String {
    token(&header().to_string(), &claims().to_string())
}

fn verify(token: &str) -> Result<(), Rejection> {
    verifier().verify(token, NOW).map(drop)
}

fn with_header(name: &str, value: Value) -> Result<(), Rejection> {
    let mut header = header();
    header[name] = value;
    verify(&token(&header.to_string(), &claims().to_string()))
}

fn with_claim(name: &str, value: Value) -> Result<(), Rejection> {
    let mut claims = claims();
    claims[name] = value;
    verify(&token(&header().to_string(), &claims.to_string()))
}

/// `text` stands in the JSON as it is, where `Value` could not hold it.
fn with_claim_text(name: &str, text: &str) -> Result<(), Rejection> {
    let mut claims = claims();
    claims[name] = "PLACE".into();
    verify(&token(&header().to_string(), &claims.to_string().replace("\"PLACE\"", text)))
}

#[test]
fn a_right_token_verifies_in_any_member_order() {
    let claims = verifier().verify(&good(), NOW).unwrap();
    assert_eq!((claims.sub.as_str(), claims.exp, claims.roles.len()), ("u1", NOW + 10, 1));
    let kid = key_id(SECRET);
    let spaced = format!(" {{ \"typ\" : \"JWT\", \"kid\":\"{kid}\", \"alg\":\"HS256\"}}");
    assert_eq!(verify(&token(&spaced, &self::claims().to_string())), Ok(()));
    let quick = Key::shared_secret(SECRET).unwrap().header("JWT");
    let payload = good().split('.').nth(1).unwrap().to_owned();
    let signed = format!("{quick}.{payload}");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    assert_eq!(verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))), Ok(()));
}

#[test]
fn alg_none_in_any_spelling_or_type_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", "", " HS256", "hs256", "HS256 "] {
        assert_eq!(with_header("alg", alg.into()), Err(Rejection::WrongAlgorithm), "{alg:?}");
    }
    for alg in [json!(null), json!(["HS256"]), json!({}), json!(1)] {
        assert!(with_header("alg", alg.clone()).is_err(), "{alg}");
    }
    let mut absent = header();
    absent.as_object_mut().unwrap().remove("alg");
    assert!(verify(&token(&absent.to_string(), &claims().to_string())).is_err());
    let mut none = header();
    none["alg"] = "none".into();
    let unsigned = token(&none.to_string(), &claims().to_string());
    let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
    assert!(verify(unsigned).is_err());
}

#[test]
fn one_key_has_one_algorithm() {
    for (alg, algorithm) in [("HS512", hmac::HMAC_SHA512), ("HS384", hmac::HMAC_SHA384)] {
        let mut header = header();
        header["alg"] = alg.into();
        let other = signed(algorithm, SECRET, &header.to_string(), &claims().to_string());
        assert_eq!(verify(&other), Err(Rejection::WrongAlgorithm), "{alg}");
        let lying = signed(algorithm, SECRET, &self::header().to_string(), &claims().to_string());
        assert_eq!(verify(&lying), Err(Rejection::BadSignature), "{alg}");
    }
    for alg in ["RS256", "ES256", "PS256", "EdDSA", "Ed25519", "dir", "PBES2-HS256+A128KW"] {
        assert_eq!(with_header("alg", alg.into()), Err(Rejection::WrongAlgorithm), "{alg}");
    }
}

#[test]
fn a_token_signed_with_public_material_is_refused() {
    let kid = key_id(SECRET);
    let guesses =
        [kid.as_bytes(), b"", b"doorward", b"-----BEGIN PUBLIC KEY-----\n", &SECRET[..32]];
    for guess in guesses {
        let forged = signed(hmac::HMAC_SHA256, guess, &header().to_string(), &claims().to_string());
        assert_eq!(verify(&forged), Err(Rejection::BadSignature));
    }
}

#[test]
fn kid_tricks_are_refused() {
    for kid in [
        "",
        "../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "http://localhost/key",
        "hs-",
        "0",
        "\0",
        "a\u{1b}[31m",
    ] {
        assert_eq!(with_header("kid", kid.into()), Err(Rejection::UnknownKey), "{kid:?}");
    }
    for kid in [json!(null), json!(0), json!(["a"]), json!({"a": 1}), json!(true)] {
        assert_eq!(with_header("kid", kid.clone()), Err(Rejection::Malformed), "{kid}");
    }
    let mut absent = header();
    absent.as_object_mut().unwrap().remove("kid");
    let absent = token(&absent.to_string(), &claims().to_string());
    assert_eq!(verify(&absent), Err(Rejection::UnknownKey));
}

#[test]
fn embedded_keys_unknown_crit_zip_and_other_members_are_refused() {
    for (name, value) in [
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("p2c", json!(2_000_000_000)),
    ] {
        assert_eq!(with_header(name, value), Err(Rejection::Malformed), "{name}");
    }
}

#[test]
fn a_member_given_twice_is_refused() {
    let kid = key_id(SECRET);
    for header in [
        format!(r#"{{"alg":"none","alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","alg":"none","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"JWT","kid":"x","kid":"{kid}"}}"#),
    ] {
        assert_eq!(verify(&token(&header, &claims().to_string())), Err(Rejection::Malformed));
    }
    let twice = claims().to_string().replacen('{', r#"{"sub":"victim","#, 1);
    assert_eq!(verify(&token(&header().to_string(), &twice)), Err(Rejection::BadClaims));
    let twice = claims().to_string().replacen('{', r#"{"exp":1,"#, 1);
    assert_eq!(verify(&token(&header().to_string(), &twice)), Err(Rejection::BadClaims));
}

#[test]
fn typ_must_be_the_one_of_access_tokens() {
    for typ in ["at+jwt", "jwt", "refresh+jwt", "JWE", ""] {
        assert_eq!(with_header("typ", typ.into()), Err(Rejection::Malformed), "{typ:?}");
    }
    let audience = Verifier::new(KeySet::of_secrets([SECRET]).unwrap(), "doorward", Some("app"));
    let mut claims = claims();
    claims["aud"] = "app".into();
    let plain = token(&header().to_string(), &claims.to_string());
    assert_eq!(audience.verify(&plain, NOW).map(drop), Err(Rejection::Malformed));
    let mut header = header();
    header["typ"] = "at+jwt".into();
    let typed = token(&header.to_string(), &claims.to_string());
    assert_eq!(audience.verify(&typed, NOW).map(drop), Ok(()));
}

#[test]
fn non_canonical_encodings_padding_and_other_segment_counts_are_refused() {
    let good = good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let mut wrong = vec![
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}.."),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{}", URL_SAFE.encode(decoded(signature))),
        format!("{header}.{payload}.{}", &signature[..signature.len() - 1]),
        ".".repeat(8_000),
        "a".repeat(300_000),
    ];
    // 43 characters hold 258 bits: the last two must be zero.
    let (rest, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    wrong.push(format!("{header}.{payload}.{rest}{}", &alphabet[place + 1..=place + 1]));
    let standard = STANDARD.encode(decoded(signature));
    if standard.contains(['+', '/']) {
        wrong.push(format!("{header}.{payload}.{}", standard.trim_end_matches('=')));
    }
    for token in wrong {
        assert!(verify(&token).is_err(), "{token}");
    }
    assert_eq!(verify(&good), Ok(()));
}

#[test]
fn every_prefix_and_every_changed_character_is_refused() {
    let good = good();
    for place in 0..good.len() {
        assert!(verify(&good[..place]).is_err(), "cut at {place}");
        let other = if &good[place..=place] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &good[..place], &good[place + 1..]);
        assert!(verify(&changed).is_err(), "{changed}");
    }
}

#[test]
fn exp_is_required_numeric_and_has_no_leeway() {
    assert_eq!(with_claim("exp", (NOW + 1).into()), Ok(()));
    assert_eq!(with_claim("exp", NOW.into()), Err(Rejection::Expired));
    assert_eq!(with_claim("exp", (NOW - 1).into()), Err(Rejection::Expired));
    assert_eq!(with_claim("exp", 0.into()), Err(Rejection::Expired));
    for text in [
        "null",
        "\"1895000000\"",
        "1e400",
        "-1e400",
        "1e12",
        "1895000000.5",
        "-1",
        "true",
        "[]",
        "{}",
        "99999999999999999999",
        "18446744073709551615",
        "NaN",
        "Infinity",
    ] {
        assert_eq!(with_claim_text("exp", text), Err(Rejection::BadClaims), "{text}");
    }
}

#[test]
fn every_claim_that_doorward_mints_is_required_and_typed() {
    for name in ["iss", "sub", "user_id", "sid", "gen", "jti", "iat", "exp", "roles"] {
        let mut without = claims();
        without.as_object_mut().unwrap().remove(name);
        let without = token(&header().to_string(), &without.to_string());
        assert_eq!(verify(&without), Err(Rejection::BadClaims), "{name} missing");
        for wrong in [json!(null), json!({}), json!([1]), json!(true)] {
            assert_eq!(
                with_claim(name, wrong.clone()),
                Err(Rejection::BadClaims),
                "{name} {wrong}"
            );
        }
    }
    assert_eq!(with_claim("user_id", "u2".into()), Err(Rejection::BadClaims));
    for payload in ["", "null", "[]", "{", "\u{feff}{}", "\"text\"", "{}"] {
        let wrong = token(&header().to_string(), payload);
        assert_eq!(verify(&wrong), Err(Rejection::BadClaims), "{payload:?}");
    }
    let array = r#"["doorward","u1","u1","s1",0,"j1",1,1895000000,1,["user"],"x"]"#;
    assert_eq!(verify(&token(&header().to_string(), array)), Err(Rejection::BadClaims));
}

#[test]
fn nbf_is_numeric_with_at_most_thirty_seconds_of_leeway() {
    assert_eq!(with_claim("nbf", (NOW - 1).into()), Ok(()));
    assert_eq!(with_claim("nbf", (NOW + 30).into()), Ok(()));
    assert_eq!(with_claim("nbf", (NOW + 31).into()), Err(Rejection::NotYetValid));
    for wrong in [json!(null), json!("1"), json!(-1), json!(1.5), json!([])] {
        assert_eq!(with_claim("nbf", wrong.clone()), Err(Rejection::BadClaims), "{wrong}");
    }
    assert_eq!(with_claim("nbf", i64::MAX.into()), Err(Rejection::NotYetValid));
    let latest = verifier().verify(&good(), i64::MAX).map(drop);
    assert_eq!(latest, Err(Rejection::Expired));
}

#[test]
fn issuer_and_audience_must_be_exactly_the_configured_ones() {
    for issuer in ["", "Doorward", "doorward/", "doorward "] {
        assert_eq!(with_claim("iss", issuer.into()), Err(Rejection::WrongIssuer), "{issuer:?}");
    }
    assert_eq!(with_claim("aud", "app".into()), Err(Rejection::WrongAudience));
    assert_eq!(with_claim("aud", json!(["app"])), Err(Rejection::BadClaims));
    let audience = Verifier::new(KeySet::of_secrets([SECRET]).unwrap(), "doorward", Some("app"));
    let mut header = header();
    header["typ"] = "at+jwt".into();
    for aud in [json!("other"), json!(null), json!(["app"]), json!("")] {
        let mut claims = claims();
        claims["aud"] = aud.clone();
        let token = token(&header.to_string(), &claims.to_string());
        assert!(audience.verify(&token, NOW).is_err(), "{aud}");
    }
    let missing = token(&header.to_string(), &claims().to_string());
    assert_eq!(audience.verify(&missing, NOW).map(drop), Err(Rejection::WrongAudience));
}

#[test]
fn a_previous_secret_verifies_until_it_is_dropped() {
    let old = good();
    let new = b"another secret of more than thirty-two bytes".as_slice();
    let secrets = |all: &[&'static [u8]]| KeySet::of_secrets(all.iter().copied()).unwrap();
    let rotated = Verifier::new(secrets(&[new, SECRET]), "doorward", None);
    assert_eq!(rotated.verify(&old, NOW).map(drop), Ok(()));
    let retired = Verifier::new(secrets(&[new]), "doorward", None);
    assert_eq!(retired.verify(&old, NOW).map(drop), Err(Rejection::UnknownKey));
}

proptest! {
    #[test]
    fn any_text_is_judged_without_panic(text in "\\PC{0,200}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn any_signed_bytes_are_judged_without_panic(
        header in "\\PC{0,60}",
        payload in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let (known, payload) = (Key::shared_secret(SECRET).unwrap().header("JWT"), URL_SAFE_NO_PAD.encode(payload));
        for header in [known, URL_SAFE_NO_PAD.encode(header)] {
            let signed = format!("{header}.{payload}");
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
            prop_assert!(verify(&token).is_err());
        }
    }

    #[test]
    fn a_mutated_token_never_verifies(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[ -~]{0,3}", 0usize..3), 1..4),
    ) {
        let good = good();
        let mut mutated = good.clone();
        for (place, insert, remove) in edits {
            let place = place.index(mutated.len() + 1).min(mutated.len());
            let end = (place + remove).min(mutated.len());
            mutated.replace_range(place..end, &insert);
        }
        prop_assume!(mutated != good);
        prop_assert!(verify(&mutated).is_err(), "{}", mutated);
    }
}
