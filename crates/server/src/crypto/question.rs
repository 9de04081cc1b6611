//! Questions that only a holder of the server's secret can ask, such as how a request arrived. Each is valid
//! for a minute; an eavesdropper could only learn how their own request arrives.

use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;

use super::Random;
use crate::config::Settings;

const SALT: &[u8] = b"doorward questions v1";
/// Maximum age of a question, and maximum clock skew, in seconds.
const GOOD_FOR: i64 = 60;
/// Longer ones are rejected.
const LONGEST: usize = 128;

/// Creates and verifies such questions with the server's secrets, the current one first.
#[derive(Clone)]
pub struct Questions {
    keys: Vec<hmac::Key>,
}

impl std::fmt::Debug for Questions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Questions({})", self.keys.len())
    }
}

impl Questions {
    /// With these settings.
    pub fn new(settings: &Settings) -> Self {
        let all = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        Self { keys: all.filter_map(|secret| key(secret.bytes())).collect() }
    }

    /// A question asked now, as a header value.
    pub fn ask(&self, random: &Random, now: OffsetDateTime) -> Option<String> {
        let nonce = URL_SAFE_NO_PAD.encode(random.bytes::<12>());
        let asked = format!("{}.{nonce}", now.unix_timestamp());
        let tag = hmac::sign(self.keys.first()?, asked.as_bytes());
        Some(format!("{asked}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Whether the text is a valid, recent question.
    pub fn is_one(&self, text: &str, now: OffsetDateTime) -> bool {
        let parts = text.rsplit_once('.').filter(|_| text.len() <= LONGEST);
        let Some((asked, tag)) = parts else { return false };
        let at = asked.split_once('.').and_then(|(at, _)| at.parse::<i64>().ok());
        let fresh =
            at.is_some_and(|at| now.unix_timestamp().abs_diff(at) <= GOOD_FOR.unsigned_abs());
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
        fresh && self.keys.iter().any(|key| hmac::verify(key, asked.as_bytes(), &tag).is_ok())
    }
}

fn key(secret: &[u8]) -> Option<hmac::Key> {
    let prk = hkdf::Salt::new(HKDF_SHA256, SALT).extract(secret);
    let okm = prk.expand(&[b"arrival"], hmac::HMAC_SHA256).ok()?;
    Some(okm.into())
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::config::{DatabaseUrl, Secret};

    fn of(secrets: &[&str]) -> Questions {
        let database = DatabaseUrl::Sqlite("a.db".into());
        let mut settings = Settings::new(database, Secret::new(secrets[0]));
        settings.previous_secrets = secrets[1..].iter().copied().map(Secret::new).collect();
        Questions::new(&settings)
    }

    #[test]
    fn a_question_is_known_by_its_secret_for_a_minute_and_by_nobody_else() {
        let now = datetime!(2026-11-29 12:00 UTC);
        let text = of(&["one"]).ask(&Random::seeded(1), now).unwrap();
        assert!(of(&["one"]).is_one(&text, now + Duration::seconds(60)));
        assert!(of(&["two", "one"]).is_one(&text, now));
        assert!(!of(&["two"]).is_one(&text, now));
        assert!(!of(&["one"]).is_one(&text, now + Duration::seconds(61)));
        assert!(!of(&["one"]).is_one(&text, now - Duration::seconds(61)));
        for place in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            // The last base64 letter contains unused bits, which the decoder rejects if set.
            assert!(!of(&["one"]).is_one(&other, now), "{place}");
        }
        for text in ["", ".", "..", "a.b.c", &"1".repeat(10_000)] {
            assert!(!of(&["one"]).is_one(text, now), "{text}");
        }
    }
}
