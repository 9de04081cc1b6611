//! Every algorithm: what its key proves, and the confusions of one with another (RFC 8725 §2.1).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_verify::{Algorithm, KeySet, Rejection, Verifier};
use proptest::prelude::*;
use support::{NOW, Pair, b64, claims};

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(Pair::all);

fn verifier(pair: &Pair) -> Verifier {
    Verifier::new(KeySet::new([pair.key("k")]).unwrap(), "doorward", None)
}

fn good(pair: &Pair) -> String {
    pair.token(&pair.header("k"), &claims())
}

#[test]
fn each_algorithm_verifies_its_own_tokens_until_they_expire_however_often() {
    for pair in PAIRS.iter() {
        let (verifier, token) = (verifier(pair), good(pair));
        for _ in 0..3 {
            assert_eq!(verifier.verify(&token, NOW).unwrap().sub, "u1", "{}", pair.algorithm());
        }
        assert_eq!(verifier.verify(&token, NOW + 10), Err(Rejection::Expired));
        let (rest, last) = token.split_at(token.len() - 1);
        let changed = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        assert!(verifier.verify(&changed, NOW).is_err());
    }
}

#[test]
fn a_key_takes_no_other_algorithm_whoever_signed() {
    for pair in PAIRS.iter() {
        for other in PAIRS.iter().filter(|other| other.algorithm() != pair.algorithm()) {
            let honest = other.token(&other.header("k"), &claims());
            assert_eq!(verifier(pair).verify(&honest, NOW), Err(Rejection::WrongAlgorithm));
            let lying = other.token(&pair.header("k"), &claims());
            assert_eq!(verifier(pair).verify(&lying, NOW), Err(Rejection::BadSignature));
        }
        for alg in ["none", "PS256", "RS512", "ES384", "HS512", "ES256K", "Ed448"] {
            let mut header = pair.header("k");
            header["alg"] = alg.into();
            let token = pair.token(&header, &claims());
            assert_eq!(verifier(pair).verify(&token, NOW), Err(Rejection::WrongAlgorithm), "{alg}");
        }
    }
}

#[test]
fn a_public_key_as_hmac_secret_is_refused() {
    for pair in PAIRS.iter() {
        let Some((raw, der)) = pair.public() else { continue };
        let body: Vec<_> =
            STANDARD.encode(&der).as_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let body = String::from_utf8(body.join(&b'\n')).unwrap();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        let jwk = pair.jwk("k").to_string();
        let (trimmed, ended) = (pem.clone().into_bytes(), format!("{pem}\n").into_bytes());
        for secret in [raw, der, trimmed, ended, jwk.into_bytes(), Vec::new()] {
            for alg in ["HS256", pair.algorithm().name()] {
                let mut header = pair.header("k");
                header["alg"] = alg.into();
                let signed = format!("{}.{}", b64(header.to_string()), b64(claims().to_string()));
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                let token = format!("{signed}.{}", b64(hmac::sign(&key, signed.as_bytes())));
                assert!(verifier(pair).verify(&token, NOW).is_err(), "{alg}");
            }
        }
    }
}

#[test]
fn the_key_is_chosen_by_kid_among_several() {
    let keys = PAIRS.iter().map(|pair| pair.key(pair.algorithm().name()));
    let verifier = Verifier::new(KeySet::new(keys).unwrap(), "doorward", None);
    for pair in PAIRS.iter() {
        let kid = pair.algorithm().name();
        assert!(verifier.verify(&pair.token(&pair.header(kid), &claims()), NOW).is_ok(), "{kid}");
        for other in Algorithm::ALL.into_iter().filter(|other| other.name() != kid) {
            let token = pair.token(&pair.header(other.name()), &claims());
            assert_eq!(verifier.verify(&token, NOW), Err(Rejection::WrongAlgorithm));
        }
        let token = pair.token(&pair.header("gone"), &claims());
        assert_eq!(verifier.verify(&token, NOW), Err(Rejection::UnknownKey));
    }
}

#[test]
fn ed25519_goes_by_both_of_its_names() {
    let pair = &PAIRS[1];
    let mut header = pair.header("k");
    header["alg"] = "Ed25519".into();
    assert!(verifier(pair).verify(&pair.token(&header, &claims()), NOW).is_ok());
}

#[test]
fn a_signature_of_zeros_or_in_der_is_refused() {
    for pair in PAIRS.iter() {
        let token = good(pair);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        for length in [0, 1, 32, 63, 64, 65, 70, 72, 256, signature.len()] {
            let zeros = format!("{signed}.{}", b64(vec![0; length]));
            assert_eq!(verifier(pair).verify(&zeros, NOW), Err(Rejection::BadSignature));
        }
        let der = [&[0x30, 0x44, 2, 0x20][..], &[1; 32], &[2, 0x20], &[1; 32]].concat();
        let der = format!("{signed}.{}", b64(der));
        assert_eq!(verifier(pair).verify(&der, NOW), Err(Rejection::BadSignature));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_mutated_token_of_any_algorithm_never_verifies(
        which in 0..4usize,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[ -~]{0,3}", 0usize..3), 1..4),
    ) {
        let pair = &PAIRS[which];
        let verifier = verifier(pair);
        let good = good(pair);
        // What was proven before must not vouch for what resembles it.
        prop_assert!(verifier.verify(&good, NOW).is_ok());
        let mut mutated = good.clone();
        for (place, insert, remove) in edits {
            let place = place.index(mutated.len() + 1).min(mutated.len());
            let end = (place + remove).min(mutated.len());
            mutated.replace_range(place..end, &insert);
        }
        prop_assume!(mutated != good);
        prop_assert!(verifier.verify(&mutated, NOW).is_err(), "{}", mutated);
    }
}
