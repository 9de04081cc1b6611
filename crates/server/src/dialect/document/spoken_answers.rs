//! The responses of the document in a dialect: another status, an envelope, more members.

use serde_json::{Value, json};

use super::spoken_schemas::{Schemas, constant, name_of};
use crate::dialect::plan::tables::Spoken;

impl Schemas {
    /// The success response of an operation.
    pub(super) fn answer(&mut self, operation: &mut Value, spoken: &Spoken) {
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        let Some(status) = responses.keys().find(|status| status.starts_with('2')).cloned() else {
            return;
        };
        let Some(mut response) = responses.remove(&status) else { return };
        let mut schema = response["content"]["application/json"]["schema"].take();
        let has_tokens = name_of(&schema).is_some_and(|name| name == "Tokens");
        let shape = if has_tokens { spoken.signed_in.as_ref() } else { None };
        if let Some(shape) = shape.or(spoken.shape.as_ref()) {
            self.show(&mut schema, shape);
        }
        if let Some(template) = &spoken.wrap {
            schema = envelope(&template.written, &schema);
        }
        if schema.is_null() {
            if let Some(response) = response.as_object_mut() {
                response.remove("content");
            }
        } else {
            response["content"] = json!({"application/json": {"schema": schema}});
        }
        let status = spoken.status.map_or(status, |status| status.to_string());
        responses.insert(status, response);
    }
}

/// The schema of a template around a response.
fn envelope(template: &Value, inner: &Value) -> Value {
    match template {
        Value::Object(members) => {
            let members = members.iter();
            let all: serde_json::Map<String, Value> =
                members.map(|(name, one)| (name.clone(), envelope(one, inner))).collect();
            let required: Vec<&String> = all.keys().collect();
            json!({"type": "object", "required": required, "properties": all})
        }
        Value::String(place) => match place.as_str() {
            "$items" | "$item" if inner.is_null() => json!({"type": "null"}),
            "$items" | "$item" => inner.clone(),
            "$has_more" => json!({"type": "boolean"}),
            "$total" | "$pages" => json!({"type": ["integer", "null"]}),
            place if place.starts_with('$') => json!({"type": "integer"}),
            _ => constant(template),
        },
        _ => constant(template),
    }
}
