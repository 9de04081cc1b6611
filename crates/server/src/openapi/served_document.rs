//! The finished document, in the form that it is served in.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The finished document, as the contract has it or as dialects make it.
#[derive(Clone, Serialize)]
#[serde(untagged)]
#[allow(missing_debug_implementations, reason = "utoipa's document has none")]
pub enum ServedDocument {
    /// The contract.
    Contract(Box<OpenApi>),
    /// With the words of dialects.
    Spoken(Value),
}

/// The document as it is checked in and served.
pub fn to_text(document: &ServedDocument) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
