//! Compact JWS (RFC 7515 §7.1): three canonical base64url parts, and a header of which only `alg`, `kid` and
//! `typ` are used, each at most once. No URL in a header is ever fetched.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::{Algorithm, Key, KeySet, Rejection};

const MAX_TOKEN: usize = 8 * 1024;

/// A token split into its parts, not yet verified.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    whole: &'a str,
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    /// Splits the text at its two dots.
    pub fn split(whole: &'a str) -> Result<Self, Rejection> {
        if whole.len() > MAX_TOKEN {
            return Err(Rejection::Malformed);
        }
        let (signed, signature) = whole.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::Malformed)?;
        // A third dot is not in the alphabet, but only decoding would detect it.
        if payload.contains('.') {
            return Err(Rejection::Malformed);
        }
        Ok(Self { whole, signed, header, payload, signature })
    }

    pub(crate) fn encoded_header(&self) -> &'a str {
        self.header
    }

    /// The header's bytes, not authenticated.
    pub fn header_bytes(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.header)
    }

    /// The parsed header.
    pub fn header(&self) -> Result<Header, Rejection> {
        serde_json::from_slice(&decode(self.header)?).map_err(|_| Rejection::Malformed)
    }

    /// The payload's bytes, not authenticated.
    pub fn payload(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.payload)
    }

    /// Verifies the signature, unless the key has already verified this token.
    pub fn prove(&self, key: &Key, now: i64) -> Result<(), Rejection> {
        if key.remembers(self.whole, now) {
            return Ok(());
        }
        let signature = decode(self.signature)?;
        let proven = key.proves(self.signed.as_bytes(), &signature);
        if proven { Ok(()) } else { Err(Rejection::BadSignature) }
    }

    /// Caches a verified token, so that the next check can skip the signature.
    pub(crate) fn remember(&self, key: &Key, exp: i64, now: i64) {
        key.remember(self.whole, exp, now);
    }
}

/// RFC 4648 §3.5: exactly one text for each byte string; no padding, no stray bits.
fn decode(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)
}

/// The relevant members of a JOSE header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The claimed algorithm.
    pub alg: Option<String>,
    /// The claimed key id.
    pub kid: Option<String>,
    /// The claimed type of token.
    pub typ: Option<String>,
    /// There are other members, which are ignored (`jwk`, `jku`, `x5u`, `x5c`, …).
    pub has_others: bool,
    /// There are members that change the token's meaning (`crit`, `b64`, `zip`, `enc`): RFC 7515 §4.1.11
    /// requires rejecting them.
    pub has_critical: bool,
}

impl Header {
    /// The key with this `kid`, if its algorithm matches.
    pub fn key<'k>(&self, keys: &'k KeySet) -> Result<&'k Key, Rejection> {
        let kid = self.kid.as_deref().ok_or(Rejection::UnknownKey)?;
        let key = keys.find(kid).ok_or(Rejection::UnknownKey)?;
        if self.names(key.algorithm()) { Ok(key) } else { Err(Rejection::WrongAlgorithm) }
    }

    /// True if `alg` is this algorithm.
    pub fn names(&self, algorithm: Algorithm) -> bool {
        self.alg.as_deref().and_then(Algorithm::parse) == Some(algorithm)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Header;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a JOSE header")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                while let Some(name) = members.next_key::<String>()? {
                    let member = match name.as_str() {
                        "alg" => &mut header.alg,
                        "kid" => &mut header.kid,
                        "typ" => &mut header.typ,
                        other => {
                            header.has_others = true;
                            header.has_critical |= ["crit", "b64", "zip", "enc"].contains(&other);
                            members.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if member.replace(members.next_value()?).is_some() {
                        return Err(A::Error::custom("member given twice"));
                    }
                }
                Ok(header)
            }
        }
        from.deserialize_map(Members)
    }
}
