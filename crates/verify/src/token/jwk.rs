//! Parses JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2) into [`Key`]s. Public keys only: a document with
//! a private key or a shared secret is rejected.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::{Algorithm, Key, KeyError};

const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Key {
    /// The key of a public JWK. `kid` is required; `alg`, `use` and `key_ops` must allow verification with
    /// one algorithm that fits `kty` and `crv`.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let jwk = jwk.as_object().ok_or(KeyError::Malformed)?;
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(KeyError::Private);
        }
        refuse_other_uses(jwk)?;
        let kid = text(jwk, "kid")?.ok_or(KeyError::Malformed)?;
        if kid.is_empty() || kid.len() > 256 {
            return Err(KeyError::Malformed);
        }
        let curve = text(jwk, "crv")?;
        let algorithm = match (text(jwk, "kty")?, curve) {
            (Some("OKP"), Some("Ed25519")) => Algorithm::EdDsa,
            (Some("EC"), Some("P-256")) => Algorithm::Es256,
            (Some("RSA"), None) => Algorithm::Rs256,
            (None, _) => return Err(KeyError::Malformed),
            _ => return Err(KeyError::Unsupported),
        };
        if text(jwk, "alg")?.is_some_and(|alg| Algorithm::parse(alg) != Some(algorithm)) {
            return Err(KeyError::Unsupported);
        }
        match algorithm {
            Algorithm::EdDsa => Self::ed25519(kid, &bytes(jwk, "x")?),
            Algorithm::Es256 => {
                let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(KeyError::Weak);
                }
                Self::p256(kid, &[&[4], x.as_slice(), y.as_slice()].concat())
            }
            Algorithm::Rs256 => Self::rsa(kid, &bytes(jwk, "n")?, &bytes(jwk, "e")?),
            Algorithm::Hs256 => Err(KeyError::Private),
        }
    }
}

fn refuse_other_uses(jwk: &Map<String, Value>) -> Result<(), KeyError> {
    if text(jwk, "use")?.is_some_and(|used| used != "sig") {
        return Err(KeyError::NotForSignatures);
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(all)) if all.iter().any(|one| one == "verify") => Ok(()),
        Some(Value::Array(_)) => Err(KeyError::NotForSignatures),
        Some(_) => Err(KeyError::Malformed),
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, KeyError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyError::Malformed),
    }
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyError> {
    let text = text(jwk, name)?.ok_or(KeyError::Malformed)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Malformed)
}
