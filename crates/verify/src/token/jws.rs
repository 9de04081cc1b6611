//! Compact JWS (RFC 7515 §7.1): three canonical base64url parts, and a header of which only `alg`,
//! `kid` and `typ` mean anything, each given once. Nothing in a header is ever followed or fetched.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::{Algorithm, Key, KeySet, Rejection};

const MAX_TOKEN: usize = 8 * 1024;

/// A token cut into its parts; nothing about it is proven yet.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    whole: &'a str,
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    /// Cuts the text at its two dots.
    pub fn split(whole: &'a str) -> Result<Self, Rejection> {
        if whole.len() > MAX_TOKEN {
            return Err(Rejection::Malformed);
        }
        let (signed, signature) = whole.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::Malformed)?;
        // A third dot is in no alphabet, but only a decoder would notice.
        if payload.contains('.') {
            return Err(Rejection::Malformed);
        }
        Ok(Self { whole, signed, header, payload, signature })
    }

    pub(crate) fn encoded_header(&self) -> &'a str {
        self.header
    }

    /// The header's bytes, which anybody may have written.
    pub fn header_bytes(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.header)
    }

    /// What the header says.
    pub fn header(&self) -> Result<Header, Rejection> {
        serde_json::from_slice(&decode(self.header)?).map_err(|_| Rejection::Malformed)
    }

    /// The payload's bytes, which anybody may have written.
    pub fn payload(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.payload)
    }

    /// Checks the signature, or finds that the key proved this very token before.
    pub fn prove(&self, key: &Key, now: i64) -> Result<(), Rejection> {
        if key.remembers(self.whole, now) {
            return Ok(());
        }
        let signature = decode(self.signature)?;
        let proven = key.proves(self.signed.as_bytes(), &signature);
        if proven { Ok(()) } else { Err(Rejection::BadSignature) }
    }

    /// Spares the next check of this token its signature; only for one that was proven.
    pub(crate) fn remember(&self, key: &Key, exp: i64, now: i64) {
        key.remember(self.whole, exp, now);
    }
}

/// RFC 4648 §3.5: one text for each byte string; no padding, no stray bits.
fn decode(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)
}

/// The members of a JOSE header that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The algorithm it claims.
    pub alg: Option<String>,
    /// The key it claims.
    pub kid: Option<String>,
    /// What sort of token it claims to be.
    pub typ: Option<String>,
    /// It has other members, which mean nothing here (`jwk`, `jku`, `x5u`, `x5c`, …).
    pub has_others: bool,
    /// It has members that change what the token means (`crit`, `b64`, `zip`, `enc`): RFC 7515
    /// §4.1.11 has them refused, not ignored.
    pub has_critical: bool,
}

impl Header {
    /// The key it names, if its algorithm is that key's.
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
