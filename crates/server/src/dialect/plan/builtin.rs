//! The built-in dialects.

use std::collections::BTreeMap;

use serde::Serialize;

use super::spec::Habits;

/// Their names.
pub const NAMES: [&str; 4] = ["todo", "fastapi-template", "fastapi-users", "supabase"];

/// A summary of one.
#[derive(Clone, Debug, Serialize)]
pub struct BuiltIn {
    /// Its name in `COMPAT`.
    pub name: &'static str,
    /// Its purpose.
    pub about: String,
    /// The settings that it sets by default.
    pub settings: BTreeMap<String, String>,
}

/// Summaries of all.
pub fn built_in() -> Vec<BuiltIn> {
    let all = NAMES.into_iter().filter_map(|name| Some((name, read(name).ok()?)));
    all.map(|(name, Habits { about, settings, .. })| BuiltIn { name, about, settings }).collect()
}

/// The TOML of one.
pub fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "todo" => include_str!("builtin/todo.toml"),
        "fastapi-template" => include_str!("builtin/fastapi-template.toml"),
        "fastapi-users" => include_str!("builtin/fastapi-users.toml"),
        "supabase" => include_str!("builtin/supabase.toml"),
        _ => return None,
    })
}

pub(in crate::dialect) fn read(name: &str) -> Result<Habits, String> {
    let text = text(name).ok_or_else(|| {
        format!("COMPAT has the unknown dialect {name:?}: choose from {}.", NAMES.join(", "))
    })?;
    toml::from_str(text).map_err(|error| format!("The dialect {name} cannot be read: {error}."))
}
