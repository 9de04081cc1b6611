//! One request in a dialect: translates its body into the contract's names, and problems into the client's.
//! Unknown fields are rejected by name, so that nothing a client sends is dropped silently.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::answer::{DialectRows, PageOf};
use super::plan::tables::{ErrorBody, Reader, Spoken};
use crate::http::{RowTranslation, TranslatedProblem, Translation};
use crate::input::{Fields, meant};

const METADATA: &str = "metadata";

/// The state of a request in progress.
#[derive(Debug)]
pub struct Asked {
    pub(super) spoken: Arc<Spoken>,
    pub(super) page: PageOf,
    /// The contract's names of fields sent under others.
    pub(super) names: Mutex<Vec<(String, String)>>,
    /// Query parameters unknown to the contract.
    pub(super) unknown: Vec<String>,
}

impl Asked {
    fn note(&self, own: &str, sent: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.push((own.to_owned(), sent.to_owned()));
    }

    /// The client's name for a field of the contract.
    fn sent_name(&self, own: &str) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let found = names.iter().find(|(other, _)| other == own);
        found.map_or_else(|| own.to_owned(), |(_, sent)| sent.clone())
    }

    /// Joins several fields into one.
    fn join(&self, sent: &mut Map<String, Value>, fields: &mut Fields) {
        for (to, parts) in &self.spoken.reader.joins {
            let mut words: Vec<String> = Vec::new();
            let mut is_there = false;
            for part in parts {
                let Some(value) = sent.remove(part) else { continue };
                is_there = true;
                match value {
                    Value::String(word) if word.trim().is_empty() => {}
                    Value::String(word) => words.push(word.trim().to_owned()),
                    Value::Null => {}
                    _ => fields.refuse(part, "must be text", "string_type"),
                }
            }
            let joined = words.join(" ");
            match sent.get(to) {
                _ if !is_there => {}
                None | Some(Value::Null) => {
                    self.note(to, &parts[0]);
                    sent.insert(to.clone(), joined.into());
                }
                Some(Value::String(whole)) if joined.is_empty() || whole.trim() == joined => {}
                Some(_) => {
                    let why = format!("contradicts {to}");
                    fields.refuse(&parts[0], why, "value_error");
                }
            }
        }
    }
}

impl Translation for Asked {
    fn rows(&self, names: &'static [&'static str]) -> Option<Box<dyn RowTranslation>> {
        let shape = self.spoken.shape.as_ref().filter(|_| !self.spoken.leaves_answers)?;
        Some(Box::new(DialectRows::new(shape, names)))
    }

    fn body(&self, mut fields: Fields) -> Fields {
        let reader = &self.spoken.reader;
        let mut sent = fields.take_all();
        let mut map = Map::new();
        let mut kept = Map::new();
        let can_keep = reader.known.contains(METADATA);
        self.join(&mut sent, &mut fields);
        for (name, value) in sent {
            if let Some(incoming) = reader.names.get(&name) {
                if incoming.drop_empty && is_empty(&value) {
                    continue;
                }
                let (means, is_known) = meaning(incoming, &value);
                if incoming.keep && is_known && can_keep {
                    kept.insert(name.clone(), value.clone());
                }
                match map.get(&incoming.to) {
                    Some(other) if *other != means => {
                        let why = format!("contradicts {}", self.sent_name(&incoming.to));
                        fields.refuse(&name, why, "value_error");
                    }
                    Some(_) => {}
                    None => {
                        if incoming.to != name {
                            self.note(&incoming.to, &name);
                        }
                        map.insert(incoming.to.clone(), means);
                    }
                }
            } else if let Some(role) = reader.roles.get(&name) {
                // New users have no role except `user`.
                let is_so = value.is_null() || (value == false && self.spoken.id == "users.create");
                if !is_so {
                    let why = format!(
                        "is decided by the role {role} here: PUT or DELETE /admin/users/{{id}}/roles/{role}"
                    );
                    fields.refuse(&name, why, "value_error");
                }
            } else if reader.known.contains(&name) || reader.ignore.contains(&name) {
                match map.get(&name) {
                    Some(other) if *other != value => {
                        let why = format!("contradicts {}", self.sent_name(&name));
                        fields.refuse(&name, why, "value_error");
                    }
                    _ => drop(map.insert(name, value)),
                }
            } else if let Some(only) = reader.only.get(&name) {
                if !value.is_null() && !only.contains(&value) {
                    let words: Vec<String> = only.iter().map(Value::to_string).collect();
                    fields.refuse(
                        &name,
                        format!("must be {} here", words.join(" or ")),
                        "value_error",
                    );
                }
            } else if can_keep && (reader.keep.contains(&name) || reader.keeps(&name)) {
                kept.insert(name, value);
            } else if !value.is_null() && !reader.known.is_empty() {
                fields.refuse(&name, "is not supported by this server", "extra_forbidden");
            }
        }
        if !kept.is_empty() {
            let is_new = self.spoken.id != "tasks.update";
            match map.get_mut(METADATA) {
                Some(Value::Object(metadata)) => metadata.extend(kept),
                // Both together would clear what is to be kept.
                Some(Value::Null) if !is_new => {
                    let names: Vec<String> = kept.into_iter().map(|(name, _)| name).collect();
                    let why = format!("is null, and {} is kept in it", names.join(", "));
                    fields.refuse(METADATA, why, "value_error");
                }
                None | Some(Value::Null) => drop(map.insert(METADATA.into(), kept.into())),
                // Rejected by the contract.
                Some(_) => {}
            }
        }
        fields.put_back(map);
        fields
    }

    fn query(&self, mut fields: Fields) -> Fields {
        for name in &self.unknown {
            fields.refuse(
                name,
                "is a parameter that this server does not support",
                "extra_forbidden",
            );
        }
        fields
    }

    fn problem(&self, mut document: Value, code: &str) -> TranslatedProblem {
        self.rename(&mut document);
        let spoken = &self.spoken;
        let errors = document.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
        let refused = |field: &str| {
            let name = |error: &Value| error["loc"].as_array()?.last()?.as_str().map(str::to_owned);
            errors.iter().find(|error| name(error).as_deref() == Some(field))
        };
        // The operation's own rules precede those for all.
        let rule = spoken.errors.get(code).into_iter().flatten().find(|rule| {
            rule.field.as_ref().is_none_or(|field| refused(&self.sent_name(field)).is_some())
        });
        let detail = document["detail"].clone();
        let status = rule.and_then(|rule| rule.status);
        let shown = rule.and_then(|rule| {
            let first = rule.field.as_ref().and_then(|field| refused(&self.sent_name(field)));
            let message = first.map_or_else(|| detail.clone(), |error| error["msg"].clone());
            Some(filled(rule.detail.as_ref()?, &[("$detail", &detail), ("$msg", &message)]))
        });
        let own = shown.clone().unwrap_or_else(|| detail.clone());
        let body = match &spoken.error_body {
            ErrorBody::Problem | ErrorBody::Message => {
                if matches!(spoken.error_body, ErrorBody::Message) {
                    document["message"] = own.clone();
                }
                document["detail"] = own;
                if let Some(status) = status {
                    document["status"] = status.into();
                }
                document
            }
            ErrorBody::FastApi if shown.is_none() && !errors.is_empty() => {
                serde_json::json!({"detail": errors})
            }
            ErrorBody::Detail | ErrorBody::FastApi => serde_json::json!({"detail": own}),
            ErrorBody::Template(template) => {
                let own_code = rule.and_then(|rule| rule.code.as_deref()).map(Value::from);
                let code = own_code.unwrap_or_else(|| document["code"].clone());
                let number = status.map_or_else(|| document["status"].clone(), Value::from);
                let places =
                    [("$detail", &own), ("$msg", &detail), ("$code", &code), ("$status", &number)];
                filled(template, &places)
            }
        };
        TranslatedProblem { status, body, plain: spoken.plain_errors }
    }
}

impl Asked {
    /// Replaces the contract's names in a problem with the client's.
    fn rename(&self, document: &mut Value) {
        let Some(errors) = document.get_mut("errors").and_then(Value::as_array_mut) else { return };
        let mut sentences = Vec::with_capacity(errors.len());
        for error in errors {
            let place = error["loc"][0].as_str().unwrap_or_default().to_owned();
            if let Some(name) = error["loc"][1].as_str() {
                let sent = self.sent_name(name);
                error["loc"][1] = sent.as_str().into();
                if error.get("pointer").is_some() {
                    let escaped = sent.replace('~', "~0").replace('/', "~1");
                    error["pointer"] = format!("#/{escaped}").into();
                }
            }
            let name = error["loc"][1].as_str().unwrap_or(&place);
            sentences.push(format!("{name}: {}", error["msg"].as_str().unwrap_or_default()));
        }
        document["detail"] = sentences.join("; ").into();
    }
}

impl Reader {
    /// Whether an unknown field is kept: neither decided by the server nor a misspelling of a known name.
    fn keeps(&self, name: &str) -> bool {
        const DECIDED: [&str; 5] = ["id", "user_id", "completed_at", "created_at", "updated_at"];
        self.keeps_all
            && !DECIDED.contains(&name)
            && meant(name, self.known.iter().map(String::as_str)).is_none()
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The meaning of a value, and whether the dialect knows it.
fn meaning(incoming: &super::plan::tables::Incoming, value: &Value) -> (Value, bool) {
    let word = match value {
        Value::String(text) => text.to_lowercase(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return (value.clone(), false),
    };
    if incoming.empty_is_null && word.trim().is_empty() {
        return (Value::Null, false);
    }
    match incoming.values.get(&word) {
        Some(means) => (means.clone(), true),
        None => (value.clone(), false),
    }
}

/// A template with its placeholders filled in.
pub(super) fn filled(template: &Value, places: &[(&str, &Value)]) -> Value {
    match template {
        Value::String(text) => {
            let found = places.iter().find(|(name, _)| name == text);
            found.map_or_else(|| template.clone(), |(_, value)| (*value).clone())
        }
        Value::Array(all) => all.iter().map(|one| filled(one, places)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(members.map(|(key, one)| (key.clone(), filled(one, places))).collect())
        }
        _ => template.clone(),
    }
}
