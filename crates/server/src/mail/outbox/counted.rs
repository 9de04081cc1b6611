//! The keys for counting mails: a keyed hash of the recipient and one of the requesting client, so that the
//! table contains neither. An IPv6 client counts as its /64 network.

use std::net::IpAddr;

use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac;

use super::cause::About;
use crate::config::Settings;

#[derive(Debug)]
pub(super) struct CountedBy(hmac::Key);

impl CountedBy {
    pub(super) fn new(settings: &Settings) -> Self {
        let prk =
            hkdf::Salt::new(HKDF_SHA256, b"doorward mail v1").extract(settings.secret.bytes());
        #[allow(clippy::expect_used, reason = "the length asked for is the hash's own")]
        let key = prk.expand(&[b"counted by"], hmac::HMAC_SHA256).expect("32 bytes").into();
        Self(key)
    }

    /// For a user's mails, whatever the address is by then, and for an address.
    pub(super) fn mailbox(&self, about: &About) -> Vec<u8> {
        match about {
            About::User(id) => self.hash(b'u', id.as_bytes()),
            About::Address(key) => self.hash(b'a', key.as_bytes()),
        }
    }

    pub(super) fn client(&self, ip: IpAddr) -> Vec<u8> {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.hash(b'4', &ip.octets()),
            IpAddr::V6(ip) => self.hash(b'6', &ip.octets()[..8]),
        }
    }

    fn hash(&self, domain: u8, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, &[&[domain], bytes].concat()).as_ref()[..16].to_vec()
    }
}
