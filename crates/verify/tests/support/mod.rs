//! Key pairs of every algorithm, and tokens signed with them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a test may fail"
)]

pub mod issuer;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_verify::{Algorithm, Key};
use serde_json::{Value, json};

pub const SECRET: &[u8] = b"a test secret of more than thirty-two bytes";
pub const NOW: i64 = 1_795_000_000;

/// What signs.
pub enum Pair {
    Secret,
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Pair {
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::Secret,
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Es256 => {
                Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            Algorithm::Rs256 => {
                Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
            }
            other => unreachable!("{other}"),
        }
    }

    pub fn all() -> Vec<Self> {
        Algorithm::ALL.into_iter().map(Self::new).collect()
    }

    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret => Algorithm::Hs256,
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa(_) => Algorithm::Rs256,
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The public key: raw, and as SubjectPublicKeyInfo.
    pub fn public(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        Some(match self {
            Self::Secret => return None,
            Self::Ed25519(pair) => {
                let key = pair.public_key();
                (key.as_ref().to_vec(), key.as_der().unwrap().as_ref().to_vec())
            }
            Self::P256(pair) => {
                let key = pair.public_key();
                (key.as_ref().to_vec(), key.as_der().unwrap().as_ref().to_vec())
            }
            Self::Rsa(pair) => {
                let key = pair.public_key();
                (key.as_ref().to_vec(), key.as_der().unwrap().as_ref().to_vec())
            }
        })
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let mut jwk = match self {
            Self::Secret => json!({"kty": "oct", "k": b64(SECRET)}),
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Self::Rsa(pair) => {
                // RSAPublicKey of RFC 8017 §A.1.1: of 2048 bits, with the exponent 65537.
                let der = pair.public_key().as_ref();
                let (n, e) = (&der[der.len() - 261..der.len() - 5], &der[der.len() - 3..]);
                json!({"kty": "RSA", "n": b64(n), "e": b64(e)})
            }
        };
        jwk["kid"] = kid.into();
        jwk["alg"] = self.algorithm().name().into();
        jwk["use"] = "sig".into();
        jwk
    }

    pub fn key(&self, kid: &str) -> Key {
        match self {
            Self::Secret => Key::named_secret(kid, SECRET).unwrap(),
            pair => Key::from_jwk(&pair.jwk(kid)).expect("a JWK"),
        }
    }

    pub fn header(&self, kid: &str) -> Value {
        json!({"alg": self.algorithm().name(), "kid": kid, "typ": "JWT"})
    }

    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{signed}.{}", b64(self.sign(signed.as_bytes())))
    }
}

/// The claims of Doorward's own tokens.
pub fn claims() -> Value {
    json!({
        "iss": "doorward", "sub": "u1", "user_id": "u1", "sid": "s1", "gen": 0, "jti": "j1",
        "iat": NOW - 10, "exp": NOW + 10, "roles": ["user"],
    })
}

/// A set as it is published.
pub fn published(keys: &[Value]) -> Vec<u8> {
    json!({"keys": keys}).to_string().into_bytes()
}
