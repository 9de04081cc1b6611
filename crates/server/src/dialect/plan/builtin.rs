//! The dialects that are built in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::spec::Habits;

/// Their names.
pub const NAMES: [&str; 4] = ["todo", "fastapi-template", "fastapi-users", "supabase"];

/// One of them, in short.
#[derive(Clone, Debug, Serialize)]
pub struct BuiltIn {
    /// What `COMPAT` calls it.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// The settings that it sets where nobody else does.
    pub settings: BTreeMap<String, String>,
}

/// All of them, in short.
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
        format!(
            "COMPAT has the unknown dialect {name:?}: take one or more of {}.",
            NAMES.join(", ")
        )
    })?;
    toml::from_str(text).map_err(|error| format!("The dialect {name} cannot be read: {error}."))
}
