//! Learns from requests that Doorward rejected: routes, field names, values, parameters.

use serde_json::{Value, json};

use super::words;
use super::{Learner, On, operation};
use crate::dialect::kinds;
use crate::shadow::exchange::Observed;

/// A client's request, with Doorward's ids and tokens.
#[derive(Clone, Copy)]
pub(in crate::shadow) struct Sent<'a> {
    pub(in crate::shadow) body: Option<&'a Value>,
    pub(in crate::shadow) query: &'a [(String, String)],
}

/// Doorward's own parameters for lists of tasks.
const OWN: [&str; 14] = [
    "q",
    "completed",
    "priority",
    "tag",
    "sort",
    "limit",
    "offset",
    "cursor",
    "after",
    "before",
    "due_before",
    "due_after",
    "total",
    "status_",
];

impl Learner {
    /// A route that Doorward does not have; returns the likeliest operation.
    pub(in crate::shadow) fn route(
        &mut self,
        method: &str,
        template: &str,
        sent: Option<&Value>,
        known: impl Fn(&str) -> bool,
    ) -> Option<String> {
        // A trailing slash is removed before aliases are matched.
        let template = template.trim_end_matches('/');
        let route = format!("{method} {template}");
        let Some((operation, target)) = operation::guess(method, template, sent) else {
            self.give_up(&route, "Doorward has no equivalent: keep this in a service of your own.");
            return None;
        };
        if !known(&operation) {
            let why = format!("it would be {operation}, which this version does not have.");
            self.give_up(&route, why);
            return None;
        }
        let scope = format!("route:{route}");
        self.put(&scope, &["routes", &route], target).then_some(operation)
    }

    /// A request that the old backend accepted and Doorward rejected; returns whether something was learned.
    pub(in crate::shadow) fn refusal(
        &mut self,
        on: On<'_>,
        sent: Sent<'_>,
        problem: &Value,
        old: &Observed,
    ) -> bool {
        let (kind, _) = kinds(on.operation);
        let mut found = false;
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = |error: &Value| {
            let loc = error["loc"].as_array()?;
            let place = loc.first()?.as_str()?.to_owned();
            Some((place, loc.last()?.as_str()?.to_owned(), error["type"].as_str()?.to_owned()))
        };
        let all: Vec<_> = errors.iter().filter_map(named).collect();
        let missing: Vec<&str> = all
            .iter()
            .filter(|(_, _, why)| why == "missing")
            .map(|(_, name, _)| name.as_str())
            .collect();
        let object = sent.body.and_then(Value::as_object);
        for (place, name, why) in &all {
            if place == "query" {
                found |= self.parameters(on, sent.query);
                continue;
            }
            if why == "missing" {
                continue;
            }
            let Some(value) = object.and_then(|object| object.get(name)) else { continue };
            if why == "extra_forbidden" {
                found |= self.unknown_field(on, kind, (name, value), &missing, old);
            } else {
                found |= self.refused_value(kind, name, value);
            }
        }
        // What has another name is not examined, since what is missing comes first.
        if !found && !missing.is_empty() {
            for (name, value) in object.into_iter().flatten() {
                if words::native(kind, name).is_some_and(|own| missing.contains(&own)) {
                    found |= self.unknown_field(on, kind, (name, value), &missing, old);
                }
            }
        }
        found
    }

    fn unknown_field(
        &mut self,
        on: On<'_>,
        kind: &str,
        (name, value): (&String, &Value),
        missing: &[&str],
        old: &Observed,
    ) -> bool {
        let scope = format!("kind:{kind}");
        if kind == "task" {
            self.sent.insert(name.clone());
        }
        if kind == "task"
            && name == "status"
            && value.as_str().is_some_and(|it| words::is_done(it).is_some())
        {
            return self.put(&scope, &["fields", "task", "status"], status());
        }
        if kind == "user" && matches!(name.as_str(), "first_name" | "last_name") {
            let join = json!({"join": ["first_name", "last_name"]});
            return self.put(&scope, &["fields", "user", "name"], join);
        }
        let own = words::native(kind, name);
        if let Some(own) = own.filter(|own| !(kind == "user" && *own == "id")) {
            let rule = match own {
                "due_at" => json!({"field": "due_at", "empty_is_null": true}),
                "priority" => json!({"field": "priority"}),
                own => json!(own),
            };
            return self.put(&scope, &["fields", kind, name], rule);
        }
        if let ([only], true) = (missing, value.is_string()) {
            return self.put(&scope, &["fields", kind, name], json!(only));
        }
        let is_shown = old.body.as_ref().is_some_and(|body| holds(body, name, 3));
        if kind == "task" && is_shown {
            return self.list(&scope, "keep", name);
        }
        if kind.is_empty() {
            return false;
        }
        let dropped = self.list(&scope, "ignore", name);
        if dropped {
            let why = format!("{name} is sent, but Doorward does not support it and ignores it.");
            self.give_up(on.route, why);
        }
        dropped
    }

    fn refused_value(&mut self, kind: &str, name: &str, value: &Value) -> bool {
        let scope = format!("kind:{kind}");
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return false,
        };
        let path = ["fields", kind, name];
        if kind == "task" && name.to_lowercase().contains("priority") {
            let Some(means) = words::priority(&text) else { return false };
            let values = json!({ text.to_lowercase(): means });
            return self.put(&scope, &path, json!({"field": "priority", "values": values}));
        }
        if kind == "task" && text.is_empty() && words::native(kind, name) == Some("due_at") {
            return self.put(&scope, &path, json!({"field": "due_at", "empty_is_null": true}));
        }
        if kind == "task" && text.is_empty() && name == "due_at" {
            return self.put(&scope, &path, json!({"field": "due_at", "empty_is_null": true}));
        }
        false
    }

    /// List parameters with other names or values.
    pub(super) fn parameters(&mut self, on: On<'_>, query: &[(String, String)]) -> bool {
        if on.operation != "tasks.list" {
            return false;
        }
        let scope = "operation:tasks.list";
        let at = ["query", "tasks.list"];
        let mut found = false;
        for (name, value) in query {
            if value.is_empty() || value.eq_ignore_ascii_case("all") {
                found |= self.append(scope, &[at[0], at[1], "unset"], &value.to_lowercase());
            }
            match name.as_str() {
                "sort_by" | "sortBy" | "ordering" => {
                    found |= self.append(scope, &[at[0], at[1], "sort_by"], name);
                    if let Some(own) = words::native("task", value)
                        && !matches!(own, "user_id" | "id" | "description")
                    {
                        let path = [at[0], at[1], "sort_fields", &value.to_lowercase()];
                        found |= self.put(scope, &path, json!(own));
                    }
                }
                "order" | "sort_order" | "sortOrder" | "order_by" | "direction" => {
                    found |= self.append(scope, &[at[0], at[1], "order"], name);
                }
                "page" => found |= self.append(scope, &[at[0], at[1], "page"], name),
                "page_size" | "size" | "per_page" | "pageSize" | "perPage" => {
                    found |= self.append(scope, &[at[0], at[1], "size"], name);
                }
                "status" | "is_completed" | "done" => {
                    let map = json!({"to": "completed", "map": words::status_filter()});
                    found |= self.put(scope, &[at[0], at[1], "values", name], map);
                }
                name if OWN.contains(&name) => {}
                name => {
                    if let Some(own) = words::parameter(name) {
                        found |= self.put(scope, &[at[0], at[1], "rename", name], json!(own));
                    } else {
                        let shown = crate::shadow::compare::shown_name(name);
                        self.give_up(on.route, format!("the list has no parameter {shown}."));
                    }
                }
            }
        }
        found
    }

    fn append(&mut self, scope: &str, path: &[&str], item: &str) -> bool {
        let mut list = match path
            .iter()
            .try_fold(&Value::Object(self.dialect.clone()), |at, name| at.get(*name))
        {
            Some(Value::Array(list)) => list.clone(),
            _ => Vec::new(),
        };
        if list.iter().any(|other| other == item) {
            return false;
        }
        list.push(item.into());
        self.put(scope, path, Value::Array(list))
    }
}

/// The rule for a task's status, without shown values.
pub(super) fn status() -> Value {
    json!({"field": "completed", "keep": true, "values": words::statuses()})
}

/// Whether an object in a response has a member with this name.
fn holds(value: &Value, name: &str, depth: usize) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key(name)
                || (depth > 0 && members.values().any(|inner| holds(inner, name, depth - 1)))
        }
        Value::Array(items) => {
            items.first().is_some_and(|item| depth > 0 && holds(item, name, depth - 1))
        }
        _ => false,
    }
}
