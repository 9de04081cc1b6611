//! The schemas of the document in a dialect: additional members of bodies and responses.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::dialect::plan::tables::{Extra, From, Incoming, Reader, Shape, ShownValues, Spoken};

/// The named schemas, each changed once.
pub(super) struct Schemas {
    named: Map<String, Value>,
    changed: BTreeSet<(&'static str, String)>,
}

impl Schemas {
    pub(super) fn new(named: Value) -> Self {
        let Value::Object(named) = named else { return Self::new(json!({})) };
        Self { named, changed: BTreeSet::new() }
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.named)
    }

    /// The body and the query of an operation.
    pub(super) fn ask(&mut self, operation: &mut Value, spoken: &Spoken) {
        let contents = operation.pointer_mut("/requestBody/content");
        for content in contents.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
        {
            self.read(&mut content["schema"], &spoken.reader);
        }
        let rules = &spoken.query;
        let singles = rules.rename.keys().chain(rules.values.keys());
        let names = [&rules.sort_by, &rules.order, &rules.page, &rules.size];
        let names: Vec<&String> = singles.chain(names.into_iter().flatten()).collect();
        if names.is_empty() {
            return;
        }
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
            return;
        };
        for name in names {
            if parameters.iter().all(|one| one["name"] != name.as_str()) {
                let means = rules.rename.get(name).or(rules.values.get(name).map(|map| &map.to));
                let text = means.map_or_else(
                    || "Of the dialect".to_owned(),
                    |means| format!("Of the dialect: `{means}`"),
                );
                parameters.push(json!({"name": name, "in": "query", "required": false,
                    "description": text, "schema": {"type": "string"}}));
            }
        }
    }

    /// Adds the members that a body may have.
    fn read(&mut self, schema: &mut Value, reader: &Reader) {
        self.each(schema, "read", &mut |_, object| {
            let own = object["properties"].as_object().cloned().unwrap_or_default();
            let mut more = own.clone();
            for (name, incoming) in &reader.names {
                let Some(means) = own.get(&incoming.to) else { continue };
                if *name != incoming.to || !incoming.values.is_empty() {
                    more.insert(name.clone(), sent_as(incoming, means));
                }
            }
            let joined = reader.joins.iter().filter(|(to, _)| own.contains_key(to));
            for part in joined.flat_map(|(_, parts)| parts) {
                more.entry(part.clone()).or_insert(json!({"type": "string"}));
            }
            if own.contains_key("metadata") {
                for name in &reader.keep {
                    more.entry(name.clone()).or_insert(kept());
                }
            }
            if let Some(required) = object["required"].as_array_mut() {
                let is_named_otherwise = |field: &str| {
                    let joined = reader.joins.iter().any(|(to, _)| to == field);
                    let mut names = reader.names.iter();
                    joined || names.any(|(name, it)| it.to == field && name != field)
                };
                required.retain(|field| !field.as_str().is_some_and(is_named_otherwise));
            }
            object["properties"] = more.into();
            prune(object);
        });
    }

    /// Adds the members that responses have.
    pub(super) fn show(&mut self, schema: &mut Value, shape: &Shape) {
        self.each(schema, "show", &mut |schemas, object| {
            let mut properties = object["properties"].as_object().cloned().unwrap_or_default();
            let own = properties.clone();
            let is_required = |name: &str| {
                object["required"].as_array().is_some_and(|all| all.iter().any(|it| it == name))
            };
            let mut required = Vec::new();
            for extra in &shape.extras {
                let source = match &extra.from {
                    From::Constant(_) | From::Made(_) => None,
                    From::Member { at, .. }
                    | From::Contains { at, .. }
                    | From::Otherwise { at, .. } => std::str::from_utf8(&shape.wanted[*at]).ok(),
                };
                let Some(shown) = schemas.extra(extra, source.and_then(|name| own.get(name)))
                else {
                    continue;
                };
                let is_always = matches!(extra.from, From::Otherwise { .. });
                if is_always || source.is_none_or(is_required) {
                    required.push(Value::from(extra.name.as_str()));
                }
                properties.insert(extra.name.clone(), shown);
            }
            for (name, values) in &shape.replaced {
                if let Ok(name) = std::str::from_utf8(name)
                    && let Some(found) = properties.get_mut(name)
                {
                    *found = shown_as(values, found);
                }
            }
            for (name, inner) in &shape.nested {
                if let Ok(name) = std::str::from_utf8(name)
                    && let Some(found) = properties.get_mut(name)
                {
                    schemas.show(found, inner);
                }
            }
            for name in &shape.keep {
                properties.entry(name.clone()).or_insert(kept());
            }
            for key in &shape.whole {
                let name = String::from_utf8_lossy(key);
                let name = name.trim_matches([',', ':', '"']).to_owned();
                properties.insert(name, json!({"type": "object", "description": "The same again"}));
            }
            object["properties"] = properties.into();
            if !required.is_empty() {
                match object["required"].as_array_mut() {
                    Some(all) => all.extend(required),
                    None => object["required"] = required.into(),
                }
            }
            prune(object);
        });
    }

    /// An additional member; `None` if this object lacks its sources.
    fn extra(&self, extra: &Extra, source: Option<&Value>) -> Option<Value> {
        match &extra.from {
            From::Constant(text) => Some(constant(&serde_json::from_slice(text).ok()?)),
            From::Made(_) => Some(any("Made of other members")),
            From::Otherwise { text, .. } => match source {
                Some(own) => Some(own.clone()),
                None => Some(constant(&serde_json::from_slice(text).ok()?)),
            },
            From::Contains { .. } => source.map(|_| json!({"type": "boolean"})),
            From::Member { when: Some(_), .. } => {
                source.map(|own| json!({"anyOf": [own, {"type": "null"}]}))
            }
            From::Member { inner, show, kept, .. } => {
                let source = source?;
                let of = match inner {
                    None => source.clone(),
                    Some(inner) => {
                        let object = self.found(source)?;
                        object["properties"].get(std::str::from_utf8(inner).ok()?)?.clone()
                    }
                };
                if kept.is_some() {
                    return Some(json!({"type": "string"}));
                }
                Some(if show.is_empty() { of } else { shown_as(show, &of) })
            }
        }
    }

    fn found<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        match name_of(schema) {
            Some(name) => self.named.get(&name),
            None => Some(schema),
        }
    }

    /// Changes all objects that a schema consists of; named ones once.
    fn each(
        &mut self,
        schema: &mut Value,
        why: &'static str,
        change: &mut dyn FnMut(&mut Self, &mut Value),
    ) {
        if let Some(name) = name_of(schema) {
            if self.changed.insert((why, name.clone()))
                && let Some(mut named) = self.named.remove(&name)
            {
                self.each(&mut named, why, change);
                self.named.insert(name, named);
            }
        } else if schema.get("properties").is_some() {
            change(self, schema);
        } else if schema.get("items").is_some() {
            self.each(&mut schema["items"], why, change);
        } else {
            for word in ["oneOf", "anyOf", "allOf"] {
                for one in schema.get_mut(word).and_then(Value::as_array_mut).into_iter().flatten()
                {
                    self.each(one, why, change);
                }
            }
        }
    }
}

/// The name in a reference.
pub(super) fn name_of(schema: &Value) -> Option<String> {
    schema.get("$ref")?.as_str()?.rsplit('/').next().map(str::to_owned)
}

/// A constant value.
pub(super) fn constant(value: &Value) -> Value {
    if value.is_null() { json!({"type": "null"}) } else { one_of(std::slice::from_ref(value)) }
}

/// One of these values of the same type.
fn one_of(values: &[Value]) -> Value {
    let kind = match values.first() {
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
        _ => "string",
    };
    json!({"type": kind, "enum": values})
}

/// Any value, with a description.
pub(super) fn any(description: &str) -> Value {
    let kinds = ["string", "number", "boolean", "object", "array", "null"];
    json!({"type": kinds, "description": description})
}

fn kept() -> Value {
    any("Of the app; kept in `metadata`")
}

/// A field with another name, or with other values.
fn sent_as(incoming: &Incoming, means: &Value) -> Value {
    if incoming.values.is_empty() {
        return means.clone();
    }
    let mut words: Vec<&str> = incoming.values.keys().map(String::as_str).collect();
    words.sort_unstable();
    let text = format!("Sets `{}`: {}; in any case", incoming.to, words.join(", "));
    let words = json!({"type": ["string", "integer", "boolean"]});
    json!({"description": text, "anyOf": [means, words]})
}

/// A field whose values are shown as others.
fn shown_as(show: &ShownValues, means: &Value) -> Value {
    let words: Vec<Value> =
        show.iter().filter_map(|(_, word)| serde_json::from_slice(word).ok()).collect();
    let is_whole = means["type"] == "boolean" && words.len() == 2;
    let words = one_of(&words);
    if is_whole { words } else { json!({"anyOf": [words, means]}) }
}

/// Removes the nulls left by looking up members.
fn prune(object: &mut Value) {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
}
