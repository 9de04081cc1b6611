//! Key pairs for EdDSA, ES256 and RS256. The library generates them with the operating system's randomness. A
//! pair is identified by its RFC 7638 thumbprint, which cannot be chosen.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_verify::Algorithm;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A private key with its public part.
#[derive(Debug)]
pub struct KeyPair(Pair);

#[derive(Debug)]
enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl KeyPair {
    /// A new pair as PKCS#8; `None` for HS256, which has no pairs, or if the library fails.
    pub fn generate(algorithm: Algorithm) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = match algorithm {
            Algorithm::EdDsa => {
                Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?.as_ref().to_vec()
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
                pair.to_pkcs8v1().ok()?.as_ref().to_vec()
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).ok()?.as_ref().to_vec()
            }
            _ => return None,
        };
        Some(Zeroizing::new(bytes))
    }

    /// The pair with these PKCS#8 bytes.
    pub fn from_pkcs8(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        Some(Self(match algorithm {
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(bytes).ok()?),
            Algorithm::Es256 => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                Pair::P256(EcdsaKeyPair::from_pkcs8(kind, bytes).ok()?)
            }
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(bytes).ok()?)),
            _ => return None,
        }))
    }

    /// The signature of the message, as JWS writes it (RFC 7518 §3.3, §3.4; RFC 8037 §3.1).
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.0 {
            Pair::Ed25519(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
            Pair::P256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    /// The public key as a JWK (RFC 7517 §4), with its thumbprint as `kid`.
    pub fn public_jwk(&self) -> Option<Value> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The members for the thumbprint, in its order (RFC 7638 §3.2).
        let (mut jwk, algorithm) = match &self.0 {
            Pair::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                (json!({"crv": "Ed25519", "kty": "OKP", "x": x}), Algorithm::EdDsa)
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
                let jwk = json!({"crv": "P-256", "kty": "EC", "x": text(x), "y": text(y)});
                (jwk, Algorithm::Es256)
            }
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let e = text(key.exponent().big_endian_without_leading_zero());
                let n = text(key.modulus().big_endian_without_leading_zero());
                (json!({"e": e, "kty": "RSA", "n": n}), Algorithm::Rs256)
            }
        };
        // serde_json keeps members sorted, as the thumbprint requires.
        let thumbprint = digest(&SHA256, jwk.to_string().as_bytes());
        jwk["kid"] = text(thumbprint.as_ref()).into();
        jwk["alg"] = algorithm.name().into();
        jwk["use"] = "sig".into();
        Some(jwk)
    }
}

#[cfg(test)]
mod tests {
    use doorward_verify::Key;

    use super::*;

    #[test]
    fn a_generated_pair_signs_what_its_published_key_proves() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
            let bytes = KeyPair::generate(algorithm).unwrap();
            let pair = KeyPair::from_pkcs8(algorithm, &bytes).unwrap();
            let jwk = pair.public_jwk().unwrap();
            let key = Key::from_jwk(&jwk).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            let signature = pair.sign(b"message").unwrap();
            assert!(key.proves(b"message", &signature), "{algorithm}");
            assert!(!key.proves(b"massage", &signature), "{algorithm}");
            assert_eq!(key.kid().len(), 43);
            let other = KeyPair::generate(algorithm).unwrap();
            let other = KeyPair::from_pkcs8(algorithm, &other).unwrap().public_jwk().unwrap();
            assert_ne!(other["kid"], jwk["kid"]);
        }
        assert!(KeyPair::generate(Algorithm::Hs256).is_none());
    }
}
