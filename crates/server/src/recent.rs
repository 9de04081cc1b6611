//! A bounded cache of results that save a database query, with two tables: when the new one is full it
//! replaces the old one, and entries that are used again move over. Cached values are never authoritative:
//! the database checks them again in the round trip of the work.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Size of each table: the capacity of a hash map with 8 192 buckets.
const MOST: usize = 7_168;

/// Recently stored or used values: at least the last 7 168 keys, at most twice as many.
#[derive(Debug)]
pub struct Recent<K, V>(Mutex<Tables<K, V>>);

#[derive(Debug)]
struct Tables<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Tables { young: HashMap::new(), old: HashMap::new() }))
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// The value; reading it extends its stay.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut tables = self.lock();
        if let Some(found) = tables.young.get(key) {
            return Some(found.clone());
        }
        let (key, found) = tables.old.remove_entry(key)?;
        tables.put(key, found.clone());
        Some(found)
    }

    /// Stores the value, and evicts others if there are too many.
    pub fn put(&self, key: K, value: V) {
        self.lock().put(key, value);
    }

    /// Removes the values that `is_wrong`.
    pub fn forget(&self, is_wrong: impl Fn(&V) -> bool) {
        let mut tables = self.lock();
        tables.young.retain(|_, value| !is_wrong(value));
        tables.old.retain(|_, value| !is_wrong(value));
    }

    fn lock(&self) -> MutexGuard<'_, Tables<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Tables<K, V> {
    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes_in_time() {
        let recent = Recent::default();
        recent.put(0, "kept");
        for number in 1..10 * MOST {
            recent.put(number, "");
            assert_eq!(recent.get(&0), Some("kept"), "after {number}");
        }
        let tables = recent.lock();
        assert!(tables.young.len() <= MOST && tables.old.len() <= MOST);
        assert!(!tables.young.contains_key(&1) && !tables.old.contains_key(&1));
    }

    #[test]
    fn the_last_ones_are_all_there() {
        let recent = Recent::default();
        (0..5 * MOST).for_each(|number| recent.put(number, number));
        assert!((4 * MOST..5 * MOST).all(|number| recent.get(&number) == Some(number)));
    }

    #[test]
    fn what_is_wrong_is_forgotten_in_both_tables() {
        let recent = Recent::default();
        (0..MOST + 10).for_each(|number| recent.put(number, number));
        recent.forget(|value| value % 2 == 0);
        assert_eq!((recent.get(&0), recent.get(&MOST)), (None, None));
        assert_eq!((recent.get(&1), recent.get(&(MOST + 1))), (Some(1), Some(MOST + 1)));
    }
}
