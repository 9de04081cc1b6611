//! Which identity a subject has, remembered, so that a request of somebody known asks the database
//! once. Nothing is trusted from here: the gate checks the identity and its user in the work's own
//! round trip, and an identity that fails there is forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

use super::person::Person;
use super::store::Identity;

/// At 64 bytes each.
const MOST: usize = 16_384;

type Key = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<Key, Identity>>);

impl Known {
    pub(super) fn get(&self, person: &Person) -> Option<Identity> {
        self.all().get(&key(person)).copied()
    }

    pub(super) fn put(&self, person: &Person, identity: Identity) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key(person), identity);
    }

    pub(super) fn forget(&self, id: Uuid) {
        self.all().retain(|_, identity| identity.id != id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Neither text holds a NUL.
fn key(person: &Person) -> Key {
    let text = format!("{}\0{}", person.issuer, person.subject);
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    key
}
