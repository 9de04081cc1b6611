//! Authenticator apps: codes that change every thirty seconds (RFC 6238), derived from a secret that the app
//! reads once from a QR code.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use time::OffsetDateTime;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::crypto::Random;
use crate::single_use::SixDigits;

/// The length that RFC 4226 §4 recommends, in bytes.
const SECRET_BYTES: usize = 20;
/// The value that all apps support; few read others from the QR code.
const STEP_SECONDS: u64 = 30;
/// RFC 3986 §2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secret shared by app and server. Never printed, wiped when dropped.
pub(super) struct Authenticator {
    secret: Zeroizing<Vec<u8>>,
}

impl Authenticator {
    /// A new one.
    pub(super) fn new(random: &Random) -> Self {
        Self { secret: Zeroizing::new(random.bytes::<SECRET_BYTES>().to_vec()) }
    }

    /// With this secret.
    pub(super) fn with(secret: Zeroizing<Vec<u8>>) -> Self {
        Self { secret }
    }

    /// The bytes, for encryption.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.secret
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new().with_secret(self.secret.to_vec()).build().ok()
    }

    /// The time step of this code: the current one, the previous or the next (RFC 6238 §5.2).
    pub(super) fn step_of(&self, code: &SixDigits, now: OffsetDateTime) -> Option<i64> {
        let now = u64::try_from(now.unix_timestamp()).ok()?;
        let step = self.totp()?.check(code.expose(), now)?;
        i64::try_from(step).ok()
    }

    /// The secret for typing.
    pub(super) fn typed(&self) -> String {
        Secret::from(self.secret.to_vec()).to_base32()
    }

    /// The contents of the QR code: the key URI that all apps read.
    pub(super) fn url(&self, service: &str, account: &str) -> String {
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        // They are separated by a colon, so neither may contain one.
        let (service, account) = (encode(&service.replace(':', " ")), encode(account));
        let secret = self.typed();
        format!(
            "otpauth://totp/{service}:{account}?secret={secret}&issuer={service}\
             &algorithm=SHA1&digits=6&period={STEP_SECONDS}"
        )
    }
}

/// The QR code of a key URI, as SVG.
pub(super) fn svg_of(url: &str) -> Option<String> {
    let code = QrCode::new(url).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(200, 200).build())
}

/// The same as text for a terminal, two rows per line, with the quiet zone around it.
pub fn blocks_of(url: &str) -> Option<String> {
    let code = QrCode::new(url).ok()?;
    Some(code.render::<unicode::Dense1x2>().build())
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::input::Field;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    fn code(text: &str) -> SixDigits {
        SixDigits::from_json(text.into()).unwrap()
    }

    #[test]
    fn the_vectors_of_the_standard_hold() {
        // RFC 6238 appendix B, the last six of eight digits.
        let app = Authenticator::with(Zeroizing::new(b"12345678901234567890".to_vec()));
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            assert_eq!(app.step_of(&code(digits), at), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_one_step_late_and_no_more() {
        let app = Authenticator::new(&Random::seeded(1));
        let totp = app.totp().unwrap();
        let now = totp.generate(u64::try_from(NOON.unix_timestamp()).unwrap()).to_string();
        let step = NOON.unix_timestamp() / 30;
        for (drift, taken) in
            [(-60, false), (-30, true), (0, true), (29, true), (59, true), (60, false)]
        {
            let found = app.step_of(&code(&now), NOON + Duration::seconds(drift));
            assert_eq!(found, taken.then_some(step), "{drift}");
        }
    }

    #[test]
    fn the_picture_says_what_apps_read_and_names_no_other_account() {
        let app = Authenticator::with(Zeroizing::new(b"12345678901234567890".to_vec()));
        let url = app.url("Tasks: & more", "ada+x@example.com");
        assert_eq!(
            url,
            "otpauth://totp/Tasks%20%20%26%20more:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Tasks%20%20%26%20more&algorithm=SHA1&digits=6&period=30"
        );
        assert!(svg_of(&url).unwrap().starts_with("<?xml"));
    }
}
