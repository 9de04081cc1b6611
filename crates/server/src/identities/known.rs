//! A cache of identities by subject, so that requests of known persons need one query. It is not trusted: the
//! gate checks the identity and its user in the round trip of the work, and an identity that fails is
//! dropped.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

use super::person::Person;
use super::store::Identity;
use crate::recent::Recent;

type PersonKey = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Known(Recent<PersonKey, Identity>);

impl Known {
    pub(super) fn get(&self, person: &Person) -> Option<Identity> {
        self.0.get(&key(person))
    }

    pub(super) fn put(&self, person: &Person, identity: Identity) {
        self.0.put(key(person), identity);
    }

    pub(super) fn forget(&self, id: Uuid) {
        self.0.forget(|identity| identity.id == id);
    }
}

/// Neither text contains NUL.
fn key(person: &Person) -> PersonKey {
    let text = format!("{}\0{}", person.issuer, person.subject);
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    key
}
