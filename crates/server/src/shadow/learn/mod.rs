//! Learns the dialect that makes the responses equal, during the rehearsal: each difference that a dialect
//! can cover becomes an entry, and the next copy is sent through it, so that the suggestion has been tested.
//! For everything else there is a reason.

mod answered;
mod operation;
mod refused;
mod words;
mod wrapped;

pub(super) use refused::Sent;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::compare::is_name;
use super::findings::Difference;

/// The results so far.
#[derive(Default)]
pub(super) struct Learner {
    dialect: Map<String, Value>,
    settings: BTreeMap<String, String>,
    unmapped: BTreeMap<String, BTreeSet<String>>,
    /// Operations, objects and routes with an entry.
    scopes: BTreeSet<String>,
    /// Entries that the server did not accept.
    refused: BTreeSet<String>,
    /// Names that clients have sent in a task.
    sent: BTreeSet<String>,
    /// Operations whose responses had no envelope.
    flat: BTreeSet<String>,
    changed: bool,
}

/// The route that an exchange was on.
#[derive(Clone, Copy)]
pub(super) struct On<'a> {
    pub(super) route: &'a str,
    pub(super) operation: &'a str,
}

impl Learner {
    /// The dialect.
    pub(super) fn dialect(&self) -> &Map<String, Value> {
        &self.dialect
    }

    /// Additional settings.
    pub(super) fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// What cannot be mapped.
    pub(super) fn unmapped(&self) -> BTreeMap<String, Vec<String>> {
        let lists = self.unmapped.iter();
        lists.map(|(route, why)| (route.clone(), why.iter().cloned().collect())).collect()
    }

    /// Whether an entry concerns this route; then an equal response is due to the learned dialect.
    pub(super) fn touches(&self, route: &str, operation: Option<&str>, failed: bool) -> bool {
        let has = |scope: String| self.scopes.contains(&scope);
        let of_operation = |operation: &str| {
            let (asked, shown) = crate::dialect::kinds(operation);
            // A sign-in response contains a user too.
            let shows_user = matches!(shown, "tokens" | "user") && has("kind:user".into());
            has(format!("operation:{operation}"))
                || (!asked.is_empty() && has(format!("kind:{asked}")))
                || (!shown.is_empty() && has(format!("kind:{shown}")))
                || shows_user
        };
        has(format!("route:{route}"))
            || operation.is_some_and(of_operation)
            || (failed && has("errors".into()))
    }

    /// Whether something was learned since the last call.
    pub(super) fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Adds an entry at a path of names; false if it exists or was rejected before.
    fn put(&mut self, scope: &str, path: &[&str], value: Value) -> bool {
        let key = format!("{path:?}{value}");
        let Some((last, above)) = path.split_last() else { return false };
        // Some apps use addresses and ids as names; those are not stored.
        let is_of_fields = matches!(path, ["fields", ..]);
        if self.refused.contains(&key) || (is_of_fields && !is_name(last)) {
            return false;
        }
        let mut at = &mut self.dialect;
        for name in above {
            let inner = at.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return false };
            at = inner;
        }
        let fresh = match (at.get_mut(*last), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (Some(there), value) if *there == value => false,
            (_, value) => {
                at.insert((*last).to_owned(), value);
                true
            }
        };
        if fresh {
            self.scopes.insert(scope.to_owned());
            self.changed = true;
        }
        fresh
    }

    /// Adds a name to a list.
    fn list(&mut self, scope: &str, name: &str, item: &str) -> bool {
        if !is_name(item) {
            return false;
        }
        let list = self.dialect.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(list) = list else { return false };
        if list.iter().any(|other| other == item) {
            return false;
        }
        list.push(item.into());
        self.scopes.insert(scope.to_owned());
        self.changed = true;
        true
    }

    /// An additional setting.
    fn set(&mut self, scope: &str, name: &str, value: &str) -> bool {
        let before = self.settings.insert(name.to_owned(), value.to_owned());
        let fresh = before.as_deref() != Some(value);
        if fresh {
            self.scopes.insert(scope.to_owned());
            self.changed = true;
        }
        fresh
    }

    /// Records what no dialect can map.
    pub(super) fn give_up(&mut self, route: &str, why: impl Into<String>) {
        let all = self.unmapped.entry(route.to_owned()).or_default();
        if all.len() < 50 {
            all.insert(why.into());
        }
    }

    /// Removes what was learned since, because the server does not accept it.
    pub(super) fn restore(
        &mut self,
        dialect: Map<String, Value>,
        settings: BTreeMap<String, String>,
    ) {
        for (name, value) in &self.dialect {
            if dialect.get(name) != Some(value)
                && let Value::Object(entries) = value
            {
                let known = dialect.get(name).and_then(Value::as_object);
                for (entry, value) in entries {
                    if known.is_none_or(|known| known.get(entry) != Some(value)) {
                        self.refused.insert(format!("{:?}{value}", [name, entry]));
                    }
                }
            }
        }
        self.dialect = dialect;
        self.settings = settings;
    }

    /// Explains why no entry covers the remaining differences.
    pub(super) fn explain(&mut self, route: &str, left: &[Difference]) {
        for one in left {
            if let Some(why) = answered::why(one) {
                self.give_up(route, why);
            }
        }
    }
}

/// Merges one object into another; returns whether it changed.
fn merge(there: &mut Map<String, Value>, more: Map<String, Value>) -> bool {
    let mut fresh = false;
    for (name, value) in more {
        fresh |= match (there.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge(inner, more),
            (Some(old), value) if *old == value => false,
            (_, value) => {
                there.insert(name, value);
                true
            }
        };
    }
    fresh
}
