//! Formats the learned dialect as TOML, one line per entry.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::Findings;

/// For `doorward.toml`.
pub fn to_toml(findings: &Findings) -> String {
    let mut text = String::new();
    for (name, value) in &findings.settings {
        let bare = matches!(value.as_str(), "true" | "false") || value.starts_with('[');
        let value = if bare { value.clone() } else { inline(&Value::from(value.as_str())) };
        let _ = writeln!(text, "{name} = {value}");
    }
    if !text.is_empty() && !findings.dialect.is_empty() {
        text.push('\n');
    }
    let is_table = |value: &Value| value.is_object();
    let (tables, plain): (Vec<_>, Vec<_>) = findings
        .dialect
        .iter()
        .partition(|(name, value)| is_table(value) && DEEP.iter().any(|(deep, _)| deep == name));
    if !plain.is_empty() {
        text.push_str("[dialect]\n");
        for (name, value) in plain {
            let _ = writeln!(text, "{} = {}", key(name), inline(value));
        }
    }
    for (name, value) in tables {
        let deep = DEEP.iter().find(|(deep, _)| deep == name).is_some_and(|(_, deep)| *deep);
        let Value::Object(members) = value else { continue };
        if !deep {
            section(&mut text, &[name], members);
            continue;
        }
        for (inner, value) in members {
            if let Value::Object(members) = value {
                section(&mut text, &[name, inner], members);
            }
        }
    }
    text
}

/// Members that are tables, and whether they contain tables.
const DEEP: [(&str, bool); 5] =
    [("routes", false), ("fields", true), ("query", true), ("answers", true), ("errors", true)];

fn section(text: &mut String, names: &[&str], members: &Map<String, Value>) {
    let path: Vec<String> = names.iter().map(|name| key(name)).collect();
    let before = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n" };
    let _ = writeln!(text, "{before}[dialect.{}]", path.join("."));
    for (name, value) in members {
        let _ = writeln!(text, "{} = {}", key(name), inline(value));
    }
}

fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}

/// A value on one line. TOML has no null, and it means nothing here either.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let all = members.iter().filter(|(_, value)| !value.is_null());
            let all: Vec<String> =
                all.map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            if all.is_empty() { "{}".into() } else { format!("{{ {} }}", all.join(", ")) }
        }
        Value::Array(items) => {
            let all: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        // JSON's escapes are valid in TOML.
        other => other.to_string(),
    }
}
