//! A bounded memory of answers that spare a question to the database: a table that is full becomes the
//! old one, and what is asked for again moves over. Nothing kept here is ever the last word: whoever
//! uses it has the database check in the work's own round trip.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each of the two tables: what a hash map of 8 192 buckets holds before it doubles.
const MOST: usize = 7_168;

/// What was put or asked for lately: at least the last 7 168 keys, at most twice as many.
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
    /// The value, which stays longer for being asked for.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut tables = self.lock();
        if let Some(found) = tables.young.get(key) {
            return Some(found.clone());
        }
        let (key, found) = tables.old.remove_entry(key)?;
        tables.put(key, found.clone());
        Some(found)
    }

    /// Keeps the value, and forgets others if there are too many.
    pub fn put(&self, key: K, value: V) {
        self.lock().put(key, value);
    }

    /// Forgets what `is_wrong`.
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
