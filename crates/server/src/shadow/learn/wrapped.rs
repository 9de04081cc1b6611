//! Learns what surrounds a response: envelopes, messages, errors, as templates of a dialect.

use serde_json::{Map, Value, json};

use super::words;
use crate::shadow::compare::{is_name, is_sentence};

/// The only member with the requested data, if a response has an envelope.
pub(super) fn inner(value: &Value, is_list: bool) -> Option<(String, &Value)> {
    let members = value.as_object()?;
    if is_list {
        let mut lists = members.iter().filter(|(_, inner)| inner.is_array());
        let (name, list) = lists.next()?;
        return lists.next().is_none().then(|| (name.clone(), list));
    }
    let own = ["id", "access_token", "token", "title", "email"];
    if own.iter().any(|name| members.contains_key(*name)) {
        return None;
    }
    let mut objects = members.iter().filter(|(_, inner)| inner.is_object());
    let (name, object) = objects.next()?;
    objects.next().is_none().then(|| (name.clone(), object))
}

/// Whether an object has no other members.
pub(super) fn only(value: &Value, names: &[&str]) -> bool {
    value.as_object().is_some_and(|all| all.keys().all(|name| names.contains(&name.as_str())))
}

/// The template of an envelope.
pub(super) fn envelope(old: &Value, inside: &str, is_list: bool, operation: &str) -> Value {
    let mut template = Map::new();
    for (name, value) in old.as_object().into_iter().flatten() {
        let place = match name.as_str() {
            name if name == inside => Some(if is_list { "$items" } else { "$item" }),
            "total" | "count" | "total_count" | "totalCount" if is_list => Some("$total"),
            "limit" | "size" | "page_size" | "per_page" | "pageSize" if is_list => Some("$limit"),
            "offset" | "skip" if is_list => Some("$offset"),
            "page" if is_list => Some("$page"),
            "pages" | "total_pages" | "totalPages" if is_list => Some("$pages"),
            "has_more" | "hasMore" | "has_next" if is_list => Some("$has_more"),
            _ => None,
        };
        if let Some(place) = place {
            template.insert(name.clone(), json!(place));
        } else if let Some(constant) = constant(name, value, operation) {
            template.insert(name.clone(), constant);
        }
    }
    Value::Object(template)
}

/// The constant for an observed value in a template: texts are not stored.
fn constant(name: &str, value: &Value, operation: &str) -> Option<Value> {
    match value {
        _ if !is_name(name) => None,
        Value::Bool(_) | Value::Null => Some(value.clone()),
        Value::String(_) if is_sentence(name) => Some(json!(words::sentence(operation))),
        Value::String(text) if name == "status" && matches!(text.as_str(), "success" | "ok") => {
            Some(value.clone())
        }
        _ => None,
    }
}

/// The members of a message, without its texts.
pub(super) fn constants(old: &Value, operation: &str) -> Value {
    let members = old.as_object().into_iter().flatten();
    let kept =
        members.filter_map(|(name, value)| Some((name.clone(), constant(name, value, operation)?)));
    Value::Object(kept.collect())
}

/// The template of an error.
pub(super) fn failure(old: &Value) -> Value {
    match old {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(name, _)| is_name(name))
                .filter_map(|(name, value)| {
                    let place = match (name.as_str(), value) {
                        (_, Value::Bool(_) | Value::Null) => value.clone(),
                        ("code" | "error_code" | "type", Value::String(_)) => json!("$code"),
                        ("status" | "statusCode" | "status_code" | "code", Value::Number(_)) => {
                            json!("$status")
                        }
                        (_, Value::Object(_)) => failure(value),
                        (_, Value::String(_)) => json!("$detail"),
                        _ => return None,
                    };
                    Some((name.clone(), place))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}
