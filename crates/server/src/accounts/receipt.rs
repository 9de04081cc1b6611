//! The receipt of a deleted account: what was removed, what stays and why. A keyed hash over the receipt,
//! with a key derived (HKDF, RFC 5869) from the server's secret, proves later that this server issued it. It
//! contains only a keyed hash of the address.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::config::{Secret, Settings};
use crate::email::Email;
use crate::row;
use crate::timestamp::Timestamp;

const SALT: &[u8] = b"doorward erasure v1";

macro_rules! rows_of_user {
    ($table:literal, $column:literal) => {
        concat!("(SELECT count(*) FROM ", $table, " x WHERE x.", $column, " = u.id)")
    };
}

row! {
    /// The data of an account that is about to be deleted, except tasks.
    #[derive(Debug)]
    pub(super) struct Held from u {
        pub(super) email_key: Option<String>,
        pub(super) sessions: i64 = (rows_of_user!("sessions", "user_id")),
        pub(super) identities: i64 = (rows_of_user!("identities", "user_id")),
        pub(super) roles: i64 = (rows_of_user!("user_roles", "user_id")),
        pub(super) factors: i64 = (rows_of_user!("factors", "user_id")),
        pub(super) recovery_codes: i64 = (rows_of_user!("recovery_codes", "user_id")),
        pub(super) trusted_devices: i64 = (rows_of_user!("trusted_devices", "user_id")),
        pub(super) passkeys: i64 = (rows_of_user!("passkeys", "user_id")),
        pub(super) passkey_handles: i64 = (rows_of_user!("passkey_handles", "user_id")),
        pub(super) api_keys: i64 = (rows_of_user!("api_keys", "user_id")),
        pub(super) guesses: i64 = (rows_of_user!("login_guards", "account")),
        pub(super) links: i64 = (rows_of_user!("single_use", "user_id")),
        pub(super) mails: i64 = (rows_of_user!("mail", "user_id")),
        pub(super) records: i64 = (rows_of_user!("audit_log", "subject_id")),
    }
}

/// Data that is kept after an account was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remainder {
    /// Where: `audit_log` or `backups_and_logs`.
    pub place: String,
    /// The number of records, if known.
    #[schema(required = true)]
    pub records: Option<i64>,
    /// Until when it is kept; null if no end is set.
    #[schema(required = true)]
    pub until: Option<String>,
    /// Why.
    pub why: String,
}

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureReceipt {
    /// The account's id.
    #[schema(value_type = String)]
    pub user_id: Uuid,
    /// When it was erased.
    pub erased_at: String,
    /// A keyed hash of the address: with the server's secret, a given address can be checked against it.
    #[schema(required = true)]
    pub email_hash: Option<String>,
    /// The number of rows removed, by kind.
    pub removed: BTreeMap<String, i64>,
    /// What is kept, and why.
    pub remains: Vec<Remainder>,
    /// A keyed hash of the other fields, which proves that this server issued the receipt.
    #[schema(required = true)]
    pub proof: Option<String>,
}

impl ErasureReceipt {
    pub(super) fn new(
        settings: &Settings,
        id: Uuid,
        held: &Held,
        tasks: i64,
        at: OffsetDateTime,
    ) -> Self {
        let until = settings
            .audit_retention
            .and_then(|time: Duration| at.checked_add(time.try_into().ok()?));
        let audit = Remainder {
            place: "audit_log".into(),
            // Plus the record of the deletion.
            records: Some(held.records + 1),
            until: until.map(shown),
            why: "Security events by the account's id, with the network addresses they came from, to \
                investigate abuse. No name and no e-mail address."
                .into(),
        };
        let copies = Remainder {
            place: "backups_and_logs".into(),
            records: None,
            until: None,
            why: "Backups made earlier, for as long as the operator of this service keeps them."
                .into(),
        };
        let removed = [
            ("accounts", 1),
            ("tasks", tasks),
            ("sessions", held.sessions),
            ("identities", held.identities),
            ("roles", held.roles),
            ("factors", held.factors),
            ("recovery_codes", held.recovery_codes),
            ("trusted_devices", held.trusted_devices),
            ("passkeys", held.passkeys),
            ("passkey_handles", held.passkey_handles),
            ("api_keys", held.api_keys),
            ("guesses", held.guesses),
            ("links", held.links),
            ("mails", held.mails),
        ];
        let key = key(&settings.secret);
        let email_hash =
            held.email_key.as_deref().and_then(|email| Some(address(key.as_ref()?, email)));
        let mut receipt = Self {
            user_id: id,
            erased_at: shown(at),
            email_hash,
            removed: removed.map(|(name, rows)| (name.to_owned(), rows)).into(),
            remains: vec![audit, copies],
            proof: None,
        };
        receipt.proof = key.and_then(|key| receipt.tag(&key));
        receipt
    }

    /// Without the parts that are worthless under a random secret.
    #[must_use]
    pub fn unproven(self) -> Self {
        Self { email_hash: None, proof: None, ..self }
    }

    /// Whether a server with one of these secrets issued it unchanged.
    pub fn is_genuine(&self, settings: &Settings) -> bool {
        let is_of = |key: hmac::Key| {
            let proof = self.proof.as_deref().and_then(|proof| URL_SAFE_NO_PAD.decode(proof).ok());
            proof
                .zip(self.text())
                .is_some_and(|(proof, text)| hmac::verify(&key, &text, &proof).is_ok())
        };
        keys(settings).any(is_of)
    }

    /// Whether the account had this address.
    pub fn had(&self, settings: &Settings, email: &Email) -> bool {
        keys(settings).any(|key| self.email_hash.as_ref() == Some(&address(&key, email.key())))
    }

    fn tag(&self, key: &hmac::Key) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(hmac::sign(key, &self.text()?)))
    }

    /// The text that the proof covers: all other fields in order.
    fn text(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(&Self { proof: None, ..self.clone() }).ok()
    }
}

fn keys(settings: &Settings) -> impl Iterator<Item = hmac::Key> {
    std::iter::once(&settings.secret).chain(&settings.previous_secrets).filter_map(key)
}

fn key(secret: &Secret) -> Option<hmac::Key> {
    let prk = hkdf::Salt::new(HKDF_SHA256, SALT).extract(secret.bytes());
    prk.expand(&[b"receipt"], hmac::HMAC_SHA256).ok().map(Into::into)
}

fn address(key: &hmac::Key, email_key: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(key, format!("address {email_key}").as_bytes()))
}

fn shown(at: OffsetDateTime) -> String {
    Timestamp::short(at).as_str().to_owned()
}
