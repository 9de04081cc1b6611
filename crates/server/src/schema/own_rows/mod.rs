//! SQL for your own tables: helper functions in a schema `doorward` that return the caller, and policies that
//! show users only their own rows. It is printed, never run by Doorward.

use std::fmt::Write;

const HELPERS: &str = include_str!("helpers.sql");
const POLICIES: &str = include_str!("policies.sql");
/// PostgreSQL's limit for names.
const MAX_NAME: usize = 63;

/// The request.
#[derive(Clone, Debug)]
pub struct OwnRows {
    /// The tables, optionally with schemas: `notes`, `app.notes`.
    pub tables: Vec<String>,
    /// The column with the owner's id.
    pub owner_column: String,
    /// Whether that column is a UUID; otherwise it is text.
    pub is_uuid: bool,
    /// The calling role.
    pub role: String,
    /// The only accepted issuer, if given.
    pub issuer: Option<String>,
}

impl OwnRows {
    /// The script, or the invalid name.
    pub fn script(&self) -> Result<String, String> {
        let role = name(&self.role)?;
        let issuer = self.issuer.as_deref().map(text).transpose()?;
        let issuer = issuer.map(|issuer| format!("\n        AND said ->> 'iss' = {issuer}"));
        let mut script = HELPERS
            .replace("{role_text}", &text(&self.role)?)
            .replace("{role_name}", &role)
            .replace("{role}", &shown(&self.role))
            .replace("{issuer}", &issuer.unwrap_or_default());
        let owner = name(&self.owner_column)?;
        let caller = if self.is_uuid { "doorward.uid()" } else { "doorward.user_id()" };
        for table in &self.tables {
            let parts: Vec<_> = table.split('.').map(name).collect::<Result<_, _>>()?;
            if parts.len() > 2 {
                return Err(format!("{table:?} is not a table name: write TABLE or SCHEMA.TABLE"));
            }
            script += &POLICIES
                .replace("{table}", &parts.join("."))
                .replace("{owner}", &owner)
                .replace("{caller}", caller)
                .replace("{role_name}", &role)
                .replace("{role}", &shown(&self.role));
        }
        let _ = write!(script, "\nCOMMIT;\n");
        Ok(script)
    }
}

/// A name in double quotes. Control characters could end a comment.
fn name(plain: &str) -> Result<String, String> {
    let fits = !plain.is_empty() && plain.len() <= MAX_NAME && !plain.contains(char::is_control);
    // Braces are the script's placeholders.
    if fits && !plain.contains(['{', '}', '$']) {
        Ok(format!("\"{}\"", plain.replace('"', "\"\"")))
    } else {
        Err(format!(
            "{plain:?} cannot be a name: 1 to {MAX_NAME} bytes without control characters, braces and $"
        ))
    }
}

/// The same for a comment.
fn shown(plain: &str) -> String {
    plain.replace(char::is_control, " ")
}

/// A text in single quotes, which may be inside a body between `$$`.
fn text(plain: &str) -> Result<String, String> {
    if plain.is_empty() || plain.contains(['\\', '$', '{', '}']) || plain.contains(char::is_control)
    {
        return Err(format!("{plain:?} must have no control characters, backslashes, braces or $"));
    }
    Ok(format!("'{}'", plain.replace('\'', "''")))
}
