//! What a certificate says of itself (RFC 5280 §4.1.2): for whom it is, by whom, and until when.

use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;

/// A certificate, as far as people ask about it. Whether it can be trusted is decided elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// For whom.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// From when.
    pub not_before: OffsetDateTime,
    /// Until when.
    pub not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads one in DER; `None` if it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, read) = parse_x509_certificate(der).ok()?;
        let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok();
        Some(Self {
            subject: read.subject().to_string(),
            issuer: read.issuer().to_string(),
            not_before: at(read.validity().not_before.timestamp())?,
            not_after: at(read.validity().not_after.timestamp())?,
        })
    }
}
