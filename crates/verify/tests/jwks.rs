//! Published keys: what a key and a set may hold.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use doorward_verify::{Algorithm, Key, KeyError, KeySet};
use serde_json::{Value, json};
use support::{Pair, published};

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
