//! The dialects that are built in.

use super::spec::Habits;

/// Their names.
pub const NAMES: [&str; 4] = ["todo", "fastapi-template", "fastapi-users", "supabase"];

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
    let text = text(name)
        .ok_or_else(|| format!("COMPAT names {name:?}, but there are {}.", NAMES.join(", ")))?;
    toml::from_str(text).map_err(|error| format!("The dialect {name} cannot be read: {error}."))
}
