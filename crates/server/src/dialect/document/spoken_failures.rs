//! The errors of the document in a dialect. Each example is written by the code for real errors, under its
//! actual status.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use super::spoken_schemas::{any, constant, name_of};
use crate::dialect::answer::PageOf;
use crate::dialect::asked::Asked;
use crate::dialect::plan::tables::{ErrorBody, Spoken};
use crate::http::Translation;

const PROBLEM: &str = "application/problem+json";
const PLAIN: &str = "application/json";

/// Describes the errors of an operation; `shared` contains the referenced examples.
pub(super) fn describe(operation: &mut Value, spoken: &Arc<Spoken>, shared: &Value) {
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let asked = Asked {
        spoken: Arc::clone(spoken),
        page: PageOf::default(),
        names: Mutex::default(),
        unknown: Vec::new(),
    };
    let kind = if spoken.plain_errors { PLAIN } else { PROBLEM };
    let schema = body(&spoken.error_body);
    let failures: Vec<String> =
        responses.keys().filter(|status| status.as_str() >= "400").cloned().collect();
    let mut described = Map::new();
    for status in failures {
        let Some(mut response) = responses.remove(&status) else { continue };
        let mut content = response["content"].take();
        let examples = content[PROBLEM]["examples"].take();
        let Value::Object(examples) = examples else {
            response["content"] = json!({kind: {"schema": schema}});
            described.entry(status).or_insert(response);
            continue;
        };
        for (code, example) in examples {
            let found = name_of(&example).map_or(&example, |name| &shared[name]);
            let answer = asked.problem(found["value"].clone(), &code);
            let status = answer.status.map_or_else(|| status.clone(), |other| other.to_string());
            let example = if answer.body == found["value"] {
                example
            } else {
                json!({"summary": found["summary"], "value": answer.body})
            };
            let there = described.entry(status).or_insert_with(|| {
                let mut response = response.clone();
                response["content"] = json!({kind: {"schema": schema, "examples": {}}});
                response
            });
            there["content"][kind]["examples"][&code] = example;
        }
    }
    responses.extend(described);
}

fn body(error_body: &ErrorBody) -> Value {
    let detail = any("A sentence, or the dialect's own code for this error");
    match error_body {
        ErrorBody::Problem => json!({"$ref": "#/components/schemas/Problem"}),
        ErrorBody::Message => json!({"allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "required": ["message"], "properties": {"message": detail}},
        ]}),
        ErrorBody::Detail | ErrorBody::FastApi => {
            json!({"type": "object", "required": ["detail"], "properties": {"detail": detail}})
        }
        ErrorBody::Template(template) => schema_of(template, &detail),
    }
}

fn schema_of(template: &Value, detail: &Value) -> Value {
    match template {
        Value::Object(members) => {
            let members = members.iter();
            let all: Map<String, Value> =
                members.map(|(name, one)| (name.clone(), schema_of(one, detail))).collect();
            let required: Vec<&String> = all.keys().collect();
            json!({"type": "object", "required": required, "properties": all})
        }
        Value::String(place) => match place.as_str() {
            "$code" => json!({"type": "string"}),
            "$status" => json!({"type": "integer"}),
            "$detail" | "$msg" => detail.clone(),
            _ => constant(template),
        },
        _ => constant(template),
    }
}
