//! A verification key: a key id (`kid`), one algorithm, and the secret or public key. Each key has its own
//! cache of verified tokens, so removing a key also removes its cache.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Algorithm;
use crate::token::proven::Proven;

/// The minimum length of HS256 secrets (RFC 7518 §3.2), in bytes.
const SHORTEST_SECRET: usize = 32;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a JWK or a JWK set.
    Malformed,
    /// An unsupported kind of key, curve or algorithm.
    Unsupported,
    /// Not meant for signatures.
    NotForSignatures,
    /// Contains a private or secret part, which must not be in a public document.
    Private,
    /// Too short, or not a valid key of its kind.
    Weak,
    /// Two keys have the same `kid`.
    DuplicateKid,
    /// A shared secret shorter than 32 bytes, not counting a line end: it could be guessed.
    ShortSecret {
        /// Its length.
        bytes: usize,
    },
    /// An empty list of secrets or keys.
    Empty,
}

const WANTED: &str = "HS256 needs at least 32. It must be Doorward's BETTER_AUTH_SECRET, made with `openssl rand -hex 32`";

impl fmt::Display for KeyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ShortSecret { bytes: 0 } => {
                return write!(out, "the shared secret is empty; {WANTED}");
            }
            Self::ShortSecret { bytes } => {
                return write!(out, "the shared secret has {bytes} bytes; {WANTED}");
            }
            Self::Empty => "no key at all",
            Self::Malformed => "not a JSON web key",
            Self::Unsupported => "not a kind of key that is verified here",
            Self::NotForSignatures => "a key that is not for signatures",
            Self::Private => "a key with a private part",
            Self::Weak => "a key that is too short or not of its kind",
            Self::DuplicateKid => "two keys with one kid",
        })
    }
}

impl std::error::Error for KeyError {}

/// A key with its id and its algorithm; clones share the cache.
#[derive(Clone)]
pub struct Key {
    kid: String,
    algorithm: Algorithm,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Secret(Box<hmac::Key>),
    Public(Arc<(ParsedPublicKey, Proven)>),
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Key({} {})", self.algorithm, self.kid)
    }
}

/// The id of a shared secret: a keyed digest that does not reveal it. Testing guesses against the id is no
/// faster than against a token.
pub fn key_id(secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, b"doorward key id v1");
    format!("hs-{}", URL_SAFE_NO_PAD.encode(&tag.as_ref()[..9]))
}

/// The encoded header of tokens with this algorithm, key and type, as Doorward writes it.
pub fn encoded_header(algorithm: Algorithm, kid: &str, typ: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"{typ}"}}"#))
}

fn without_line_end(secret: &[u8]) -> &[u8] {
    let Some(secret) = secret.strip_suffix(b"\n") else { return secret };
    secret.strip_suffix(b"\r").unwrap_or(secret)
}

impl Key {
    /// The HS256 key with these bytes and the id that Doorward gives it. One line end after the secret, which
    /// files and shells add, is ignored. Rejects fewer than 32 bytes.
    pub fn shared_secret(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let secret = without_line_end(secret.as_ref());
        Self::named_secret(&key_id(secret), secret)
    }

    /// The HS256 key with exactly these bytes, at least 32, and another id.
    pub fn named_secret(kid: &str, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let secret = secret.as_ref();
        if secret.len() < SHORTEST_SECRET {
            return Err(KeyError::ShortSecret { bytes: secret.len() });
        }
        let material = Material::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        Ok(Self { kid: kid.into(), algorithm: Algorithm::Hs256, material })
    }

    /// The Ed25519 key with these 32 bytes.
    pub fn ed25519(kid: &str, public: &[u8]) -> Result<Self, KeyError> {
        if public.len() != 32 {
            return Err(KeyError::Weak);
        }
        let key = ParsedPublicKey::new(&ED25519, public).map_err(|_| KeyError::Weak)?;
        Ok(Self::public(kid, Algorithm::EdDsa, key))
    }

    /// The P-256 key with this uncompressed point: 4, then 32 bytes of x and 32 of y (SEC 1 §2.3.3).
    pub fn p256(kid: &str, point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 65 || point[0] != 4 {
            return Err(KeyError::Weak);
        }
        let key =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Weak)?;
        Ok(Self::public(kid, Algorithm::Es256, key))
    }

    /// The RSA key with this modulus and exponent, both big-endian.
    pub fn rsa(kid: &str, n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !(2048..=8192).contains(&bits) || !odd(n) || !odd(e) || e == [1] || e.len() > 4 {
            return Err(KeyError::Weak);
        }
        let key = RsaPublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| KeyError::Weak)?;
        Ok(Self::public(kid, Algorithm::Rs256, key))
    }

    fn public(kid: &str, algorithm: Algorithm, key: ParsedPublicKey) -> Self {
        let material = Material::Public(Arc::new((key, Proven::default())));
        Self { kid: kid.into(), algorithm, material }
    }

    /// The key id (`kid`).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The encoded header of the tokens that it signs.
    pub fn header(&self, typ: &str) -> String {
        encoded_header(self.algorithm, &self.kid, typ)
    }

    /// True if this is the key's signature of the message.
    pub fn proves(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public(public) => public.0.verify_sig(message, signature).is_ok(),
        }
    }

    /// True if this exact token was verified before and its `exp` has not passed.
    pub(crate) fn remembers(&self, token: &str, now: i64) -> bool {
        match &self.material {
            Material::Secret(_) => false,
            Material::Public(public) => public.1.has(token, now),
        }
    }

    /// Caches a verified token until `exp`; not for HMAC, which is as fast as the lookup.
    pub(crate) fn remember(&self, token: &str, exp: i64, now: i64) {
        if let Material::Public(public) = &self.material {
            public.1.put(token, exp, now);
        }
    }
}
