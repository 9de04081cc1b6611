//! Maps what the old backend issued to what Doorward issued instead: tokens, and the ids of users and tasks.
//! The copy of a request contains the latter where the client sent the former. Bounded; of the old tokens
//! only digests are kept, and nothing is ever stored.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// Maximum number of each kind; the oldest are dropped.
const MANY: usize = 50_000;

/// What an id refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum IdOf {
    User,
    Task,
}

/// Doorward's counterpart.
#[derive(Clone, Debug)]
pub(super) enum Counterpart<T> {
    /// This.
    Is(T),
    /// None: Doorward failed on this route.
    Lost(String),
}

/// All mappings.
#[derive(Default)]
pub(super) struct Swaps {
    tokens: Remembered<[u8; 32], Counterpart<Zeroizing<String>>>,
    ids: Remembered<(IdOf, String), Counterpart<String>>,
}

impl Swaps {
    /// Doorward's token for an old one.
    pub(super) fn token(&self, old: &str) -> Option<&Counterpart<Zeroizing<String>>> {
        self.tokens.get(&hashed(old))
    }

    pub(super) fn learn_token(&mut self, old: &str, new: &str) {
        let new = Counterpart::Is(Zeroizing::new(new.to_owned()));
        self.tokens.put(hashed(old), new);
    }

    pub(super) fn lose_token(&mut self, old: &str, route: &str) {
        self.tokens.put(hashed(old), Counterpart::Lost(route.to_owned()));
    }

    /// Doorward's id for an old one.
    pub(super) fn id(&self, of: IdOf, old: &str) -> Option<&Counterpart<String>> {
        self.ids.get(&(of, old.to_owned()))
    }

    /// The same for an id of any kind, the likelier first.
    pub(super) fn any_id(&self, likely: IdOf, old: &str) -> Option<(IdOf, &Counterpart<String>)> {
        let other = if likely == IdOf::User { IdOf::Task } else { IdOf::User };
        let found = |of| self.id(of, old).map(|it| (of, it));
        // A number is too short to belong to the other kind by chance.
        let is_number = old.bytes().all(|byte| byte.is_ascii_digit());
        found(likely).or_else(|| if is_number { None } else { found(other) })
    }

    pub(super) fn learn_id(&mut self, of: IdOf, old: &str, new: &str) {
        self.ids.put((of, old.to_owned()), Counterpart::Is(new.to_owned()));
    }

    pub(super) fn lose_id(&mut self, of: IdOf, old: &str, route: &str) {
        if !matches!(self.id(of, old), Some(Counterpart::Is(_))) {
            self.ids.put((of, old.to_owned()), Counterpart::Lost(route.to_owned()));
        }
    }
}

fn hashed(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

/// A map that drops the oldest entries.
struct Remembered<K, V> {
    all: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self { all: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> Remembered<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.all.get(key)
    }

    fn put(&mut self, key: K, value: V) {
        if self.all.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            if self.order.len() > MANY
                && let Some(oldest) = self.order.pop_front()
            {
                self.all.remove(&oldest);
            }
        }
    }
}
