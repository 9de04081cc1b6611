//! Learns from responses that differ: statuses, envelopes, names and values of members, errors.

use serde_json::{Map, Value, json};

use super::refused::{Sent, status};
use super::words;
use super::wrapped::{constants, envelope, failure, inner, only};
use super::{Learner, On};
use crate::dialect::kinds;
use crate::shadow::compare::{id_text, instant, is_id, is_name, is_user_id, paired, same_time};
use crate::shadow::exchange::Observed;
use crate::shadow::findings::{Difference, DifferenceKind as Kind};
use crate::shadow::swaps::{Counterpart, IdOf, Swaps};

impl Learner {
    /// Both succeeded, and the responses differ.
    pub(in crate::shadow) fn answers(
        &mut self,
        on: On<'_>,
        sent: Sent<'_>,
        (old, new): (&Observed, &Observed),
        left: &[Difference],
        swaps: &Swaps,
    ) {
        let scope = format!("operation:{}", on.operation);
        let moved = |kind: Kind| left.iter().any(|one| one.kind == kind);
        if moved(Kind::Length) || moved(Kind::Order) {
            self.parameters(on, sent.query);
        }
        if old.status != new.status {
            self.put(&scope, &["answers", on.operation, "status"], json!(old.status));
            if on.operation == "tasks.delete" && old.is_empty {
                self.put(&scope, &["delete"], json!("empty"));
            }
        }
        if kinds(on.operation).0 == "task"
            && let Some(Value::Object(members)) = sent.body
        {
            self.sent.extend(members.keys().filter(|name| is_name(name)).cloned());
        }
        let Some(was) = &old.body else { return };
        let Some(is) = &new.body else {
            if new.is_empty {
                let body = constants(was, on.operation);
                self.put(&scope, &["answers", on.operation, "body"], body);
            }
            return;
        };
        if on.operation == "accounts.register"
            && holds_token(was)
            && is.get("access_token").is_none()
        {
            self.set(&scope, "registration_signs_in", "true");
            let (was, is) = self.unwrapped(on, was, is);
            if let Some(user) = was.get("user").filter(|user| user.is_object()) {
                self.fields("user", user, is, swaps);
            }
            return;
        }
        let (was, is) = self.unwrapped(on, was, is);
        let (_, kind) = kinds(on.operation);
        let signs_in = is.get("access_token").is_some();
        let kind = if signs_in { "tokens" } else { kind };
        if kind.is_empty() {
            return;
        }
        match (was, is) {
            (Value::Array(was), Value::Array(is)) => {
                for (one, other) in paired(was, is, swaps).into_iter().take(50) {
                    self.fields(kind, &was[one], &is[other], swaps);
                }
            }
            (was, is) => self.fields(kind, was, is, swaps),
        }
    }

    /// The contents of the envelopes, which are learned.
    fn unwrapped<'a>(
        &mut self,
        on: On<'_>,
        old: &'a Value,
        new: &'a Value,
    ) -> (&'a Value, &'a Value) {
        let scope = format!("operation:{}", on.operation);
        let is_list = matches!(on.operation, "tasks.list" | "users.list");
        // The contract's response, whatever envelope a dialect has added.
        let inner_new = inner(new, is_list).map_or(new, |(_, inner)| inner);
        let Some((name, inner_old)) = inner(old, is_list) else {
            let wrapped = inner(new, is_list).is_some();
            if wrapped && is_list && on.operation == "tasks.list" {
                self.put(&scope, &["list"], json!("array"));
            } else if wrapped && on.operation.starts_with("tasks.") {
                self.put(&scope, &["answers", on.operation, "body"], json!("$item"));
            } else if !is_list {
                self.flat.insert(on.operation.to_owned());
            }
            return (old, inner_new);
        };
        let template = envelope(old, &name, is_list, on.operation);
        if inner(new, is_list).is_some_and(|(other, _)| other == name)
            && template
                .as_object()
                .is_some_and(|members| members.keys().all(|member| new.get(member).is_some()))
        {
            return (inner_old, inner_new);
        }
        if on.operation == "tasks.list" {
            let word = match name.as_str() {
                "tasks" if only(old, &["tasks", "total", "limit", "offset"]) => Some("tasks"),
                "items" if only(old, &["items", "total", "skip", "limit", "has_more"]) => {
                    Some("items")
                }
                "items" if only(old, &["items", "total", "page", "size", "pages"]) => Some("pages"),
                "data" if only(old, &["data", "count"]) => Some("data"),
                "data" if only(old, &["data", "error"]) => Some("data_error"),
                _ => None,
            };
            let value = word.map_or(template, |word| json!(word));
            self.put(&scope, &["list"], value);
        } else if on.operation.starts_with("tasks.") && self.flat.is_empty() {
            let word = match name.as_str() {
                "task" | "data" | "item" if only(old, &[name.as_str()]) => Some(name.as_str()),
                "data" if only(old, &["data", "error"]) => Some("data_error"),
                _ => None,
            };
            let value = word.map_or(template, |word| json!(word));
            let known = self.dialect.get("item");
            if known.is_none_or(|known| *known == value) {
                self.put("kind:task", &["item"], value);
            } else {
                self.put(&scope, &["answers", on.operation, "body"], value);
            }
        } else {
            self.put(&scope, &["answers", on.operation, "body"], template);
        }
        (inner_old, inner_new)
    }

    /// The names and values of an object.
    fn fields(&mut self, kind: &str, old: &Value, new: &Value, swaps: &Swaps) {
        let (Value::Object(was), Value::Object(is)) = (old, new) else { return };
        let scope = format!("kind:{kind}");
        for (name, value) in was {
            if value.is_null() {
                continue;
            }
            if let Some(other) = is.get(name) {
                if kind == "tokens" && name == "user" {
                    self.fields("user", value, other, swaps);
                } else {
                    self.shown(kind, name, value, (other, is));
                }
                continue;
            }
            let path = ["fields", kind, name.as_str()];
            if kind == "task" && name == "status" {
                self.shown(kind, name, value, (&Value::Null, is));
                continue;
            }
            if kind == "user" && matches!(name.as_str(), "is_superuser" | "is_admin" | "isAdmin") {
                let rule = json!({"field": "roles", "contains": "admin", "shown_only": true});
                self.put(&scope, &path, rule);
                continue;
            }
            if kind == "user" && name == "user" && value.is_object() {
                self.put(&scope, &path, json!({"whole": true}));
                self.fields("user", value, new, swaps);
                continue;
            }
            // A field sent under an unknown name was ignored, so no value reveals it.
            let named = words::native(kind, name)
                .filter(|own| kind == "task" && self.sent.contains(name) && is.contains_key(*own));
            let found = target(kind, name, value, is, swaps);
            match found.or_else(|| named.map(str::to_owned)) {
                Some(own) => {
                    let rule = match own.as_str() {
                        "due_at" => json!({"field": "due_at", "empty_is_null": true}),
                        "email_verified" | "created_at" | "updated_at" | "completed_at" | "id"
                        | "user_id" => json!({"field": own, "shown_only": true}),
                        _ => json!(own),
                    };
                    self.put(&scope, &path, rule);
                    if own == "priority"
                        && let Some(priority) = is.get("priority")
                    {
                        self.priority(name, value, priority);
                    }
                }
                None if kind == "task" && self.sent.contains(name) => {
                    self.list(&scope, "keep", name);
                }
                None if value.is_boolean() && kind != "task" => {
                    self.put(&scope, &path, json!({"constant": value, "shown_only": true}));
                }
                None => {}
            }
        }
    }

    /// A member that both have, with different values.
    fn shown(
        &mut self,
        kind: &str,
        name: &str,
        old: &Value,
        (new, all): (&Value, &Map<String, Value>),
    ) {
        if kind != "task" || old == new {
            return;
        }
        if name == "status" {
            let (Some(word), Some(done)) = (old.as_str(), all.get("completed")) else { return };
            if words::is_done(word) == done.as_bool() && done.is_boolean() {
                let mut rule = status();
                // A task without a sent status shows the first that was seen.
                let open = matches!(word.to_lowercase().as_str(), "in_progress" | "in-progress");
                let place = format!("/fields/task/status/show/{done}");
                let known = Value::Object(self.dialect.clone()).pointer(&place).is_some();
                if !open && !known {
                    rule["show"] = json!({ done.to_string(): word });
                }
                self.put("kind:task", &["fields", "task", "status"], rule);
            } else if self.sent.contains(name) {
                self.put("kind:task", &["fields", "task", "status"], status());
            }
            return;
        }
        if name == "priority" || words::native(kind, name) == Some("priority") {
            self.priority(name, old, all.get("priority").unwrap_or(new));
        }
    }

    fn priority(&mut self, name: &str, old: &Value, new: &Value) {
        let sent = match old {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        let Some(own) = new.as_str().and_then(words::priority) else { return };
        // Names of priorities are one of a few; any other text is not stored.
        let is_own = words::priority(&sent) == Some(own);
        // Where the old backend has a default, Doorward has none.
        let is_default = own == "none" && words::priority(&sent).is_some();
        if is_default && !is_own {
            let rule = json!({"field": "priority", "show": { own: old }});
            self.put("kind:task", &["fields", "task", name], rule);
        } else if is_own && old != new {
            let rule = json!({
                "field": "priority", "values": { sent.to_lowercase(): own }, "show": { own: old },
            });
            self.put("kind:task", &["fields", "task", name], rule);
        }
    }

    /// Both rejected the request, and the responses differ.
    pub(in crate::shadow) fn failures(
        &mut self,
        on: On<'_>,
        (old, new): (&Observed, &Observed),
        code: Option<&str>,
    ) {
        if let Some(code) = code.filter(|_| old.status != new.status) {
            let scope = format!("operation:{}", on.operation);
            self.put(&scope, &["errors", on.operation, code, "status"], json!(old.status));
        }
        let is_json = |heard: &Observed| heard.kind.as_deref() == Some("application/json");
        if is_json(old) && !is_json(new) {
            self.put("errors", &["plain_errors"], json!(true));
        }
        let (Some(was), Some(is)) = (&old.body, &new.body) else { return };
        let Value::Object(members) = was else { return };
        let detail = members.get("detail");
        let has_all = members.keys().all(|name| is.get(name).is_some());
        if detail.is_some_and(Value::is_array) && is.get("detail").is_some_and(Value::is_string) {
            self.put("errors", &["error_body"], json!("fastapi"));
        } else if !has_all && detail.is_none() {
            self.put("errors", &["error_body"], failure(was));
        }
    }
}

/// The contract's name for a member of the app.
fn target(
    kind: &str,
    name: &str,
    value: &Value,
    is: &Map<String, Value>,
    swaps: &Swaps,
) -> Option<String> {
    if let Some(own) = words::native(kind, name)
        && is.get(own).is_some_and(|other| kind == "tokens" || fits(value, other, own, swaps))
    {
        return Some(own.to_owned());
    }
    if kind == "tokens"
        && let Some(Value::Object(user)) = is.get("user")
    {
        let own = words::native("user", name).unwrap_or(name);
        if user.get(own).is_some_and(|other| fits(value, other, own, swaps)) {
            return Some(format!("user.{own}"));
        }
    }
    // The same value under another name, if it is too long for a coincidence.
    let long = value.as_str().is_some_and(|text| text.len() >= 4);
    let mut same = is.iter().filter(|(own, other)| {
        *own != "metadata" && long && !is_id(own) && fits(value, other, own, swaps)
    });
    match (same.next(), same.next()) {
        (Some((own, _)), None) => Some(own.clone()),
        _ => None,
    }
}

/// Whether two values mean the same.
fn fits(old: &Value, new: &Value, own: &str, swaps: &Swaps) -> bool {
    if old == new {
        return true;
    }
    if is_id(own) {
        let of = if is_user_id(own) { IdOf::User } else { IdOf::Task };
        let (Some(old), Some(new)) = (id_text(old), id_text(new)) else { return false };
        let known = swaps.any_id(of, &old).map(|(_, it)| it);
        return matches!(known, Some(Counterpart::Is(known)) if *known == new) || own == "id";
    }
    let is_time = |value: &Value| value.as_str().and_then(instant).is_some();
    if is_time(old) && is_time(new) {
        // Times that both created themselves may differ by seconds.
        return same_time(old, new) || matches!(own, "created_at" | "updated_at" | "completed_at");
    }
    own == "priority" && id_text(old).and_then(|old| words::priority(&old)) == new.as_str()
}

fn holds_token(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, inner)| {
            let is_token = name.to_lowercase().contains("token") && inner.is_string();
            (is_token && name != "token_type") || holds_token(inner)
        }),
        _ => false,
    }
}

/// Why no entry covers a difference.
pub(super) fn why(one: &Difference) -> Option<String> {
    let Difference { kind, at, old, new, .. } = one;
    Some(match kind {
        Kind::Ids => format!(
            "{at} is {old} in the old backend and {new} in Doorward: clients that only pass ids along work; \
                clients that compute with them do not."
        ),
        Kind::Times => format!(
            "{at} is a {old} in the old backend and a {new} in Doorward: clients must read both."
        ),
        Kind::Claims => format!(
            "the token's claim {at} is {old} in the old backend and {new} in Doorward: services that read \
                tokens must query /me."
        ),
        Kind::Missing => format!("{at} ({old}) has no counterpart in Doorward."),
        Kind::Value => {
            format!(
                "{at} has a different value in Doorward, and no rule was found that explains it."
            )
        }
        Kind::Type => format!("{at} is {old} in the old backend and {new} in Doorward."),
        Kind::Order => format!("{at} is in a different order: request an order with sort."),
        Kind::Length => format!(
            "{at} has a different number of items: existing data may not have been imported."
        ),
        Kind::Refused => format!("Doorward rejects what the old backend accepts: {new}."),
        Kind::Allowed => format!("Doorward accepts what the old backend rejects with {old}."),
        Kind::Failure => format!("Doorward failed: {new}."),
        Kind::Route | Kind::Status | Kind::ContentType | Kind::Envelope => return None,
    })
}
