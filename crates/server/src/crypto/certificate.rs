//! The contents of a certificate (RFC 5280 §4.1.2): subject, issuer and validity.

use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;

/// The relevant fields of a certificate. Whether it is trusted is decided elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// Start of its validity.
    pub not_before: OffsetDateTime,
    /// End of its validity.
    pub not_after: OffsetDateTime,
}

impl Certificate {
    /// Parses DER; `None` if invalid.
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
