//! What the TypeScript client knows of the contract is what the contract says: its types are written
//! from the schemas. `UPDATE_OPENAPI=1 cargo test --test guards` rewrites them along with `openapi.json`.
//! `scripts/generators.sh` has the compiler compare them with those of openapi-typescript.

use std::fmt::Write as _;

use serde_json::Value;

use crate::architecture::root;
use crate::contract::{operations, parsed};

const FILE: &str = "clients/typescript/src/contract.ts";

/// The type of a schema.
fn type_of(schema: &Value) -> String {
    if let Some(to) = schema["$ref"].as_str() {
        return to.rsplit('/').next().unwrap_or_default().into();
    }
    if let Some(values) = schema["enum"].as_array() {
        return joined(values.iter().map(Value::to_string), " | ");
    }
    for (name, between) in [("allOf", " & "), ("oneOf", " | "), ("anyOf", " | ")] {
        if let Some(parts) = schema[name].as_array() {
            return joined(parts.iter().map(type_of), between);
        }
    }
    match &schema["type"] {
        Value::String(name) => simple(name, schema),
        Value::Array(names) => {
            joined(names.iter().filter_map(Value::as_str).map(|name| simple(name, schema)), " | ")
        }
        _ => "unknown".into(),
    }
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

fn simple(name: &str, schema: &Value) -> String {
    match name {
        "integer" | "number" => "number".into(),
        "array" => match type_of(&schema["items"]) {
            item if item.contains(' ') => format!("({item})[]"),
            item => format!("{item}[]"),
        },
        "object" => object(schema),
        other => other.into(),
    }
}

fn object(schema: &Value) -> String {
    let Some(fields) = schema["properties"].as_object() else {
        return match &schema["additionalProperties"] {
            values @ Value::Object(_) => format!("Record<string, {}>", type_of(values)),
            _ => "Record<string, unknown>".into(),
        };
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut text = String::from("{\n");
    for (name, field) in fields {
        if let Some(about) = field["description"].as_str() {
            let _ = writeln!(text, "  /** {} */", about.replace('\n', " "));
        }
        let mark = if required.contains(&name.as_str().into()) { "" } else { "?" };
        let _ = writeln!(text, "  {name}{mark}: {};", type_of(field).replace('\n', "\n  "));
    }
    text + "}"
}

/// What an operation's query may say, as a type of its own.
fn query_of(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut fields = String::new();
    for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
        let (name, about) = (&parameter["name"], &parameter["description"]);
        let (name, about) = (name.as_str().expect("a name"), about.as_str().unwrap_or_default());
        let mark = if parameter["required"] == true { "" } else { "?" };
        let kind = type_of(&parameter["schema"]);
        let _ = writeln!(fields, "  /** {about} */\n  {name}{mark}: {kind};");
    }
    if fields.is_empty() {
        return fields;
    }
    let id = operation["operationId"].as_str().expect("an id").split(['.', '_']);
    let name: String = id.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
    format!("\nexport type {name}Query = {{\n{fields}}};\n")
}

#[tokio::test]
async fn the_types_of_the_typescript_client_are_the_contract_s() {
    let document = parsed().await;
    let mut now = String::from(
        "// The schemas of openapi.json and its queries as types, written by `UPDATE_OPENAPI=1 cargo test --test guards`.\n",
    );
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        let about = if about.is_empty() { about } else { format!("/** {about} */\n") };
        let _ = write!(now, "\n{about}export type {name} = {};\n", type_of(schema));
    }
    for (_, operation) in operations(&document) {
        now += &query_of(&operation);
    }
    let path = root().join(FILE);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &now).expect("the file can be written");
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(then == now, "{FILE} drifted: UPDATE_OPENAPI=1 cargo test --test guards");
}
