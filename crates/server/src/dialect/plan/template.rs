//! Wraps a response: JSON in which `"$items"`, `"$item"`, `"$total"`, `"$limit"`, `"$offset"` and
//! `"$has_more"` stand for values of the contract's response.

use serde_json::Value;

/// A placeholder of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Placeholder {
    Items,
    Total,
    Limit,
    Offset,
    Page,
    Pages,
    HasMore,
}

#[derive(Clone, Debug)]
pub(in crate::dialect) enum Piece {
    Text(Vec<u8>),
    Value(Placeholder),
}

/// A template, split into parts.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct Template {
    pub(in crate::dialect) pieces: Vec<Piece>,
    /// As it was written.
    pub(in crate::dialect) written: Value,
}

const PLACES: [(&str, Placeholder); 8] = [
    ("$items", Placeholder::Items),
    ("$item", Placeholder::Items),
    ("$total", Placeholder::Total),
    ("$limit", Placeholder::Limit),
    ("$offset", Placeholder::Offset),
    ("$page", Placeholder::Page),
    ("$pages", Placeholder::Pages),
    ("$has_more", Placeholder::HasMore),
];

impl Template {
    /// Splits it; the error names an unknown placeholder.
    pub(in crate::dialect) fn cut(value: &Value) -> Result<Self, String> {
        let text = value.to_string();
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("\"$") {
            let (before, from) = rest.split_at(at);
            let end = from[1..].find('"').ok_or("has a text that does not end")? + 2;
            let name = &from[1..end - 1];
            let place = PLACES.iter().find(|(other, _)| *other == name);
            let (_, place) = place.ok_or_else(|| {
                let all: Vec<_> = PLACES.iter().map(|(name, _)| *name).collect();
                format!("has {name}, which stands for nothing: {} do", all.join(", "))
            })?;
            pieces.push(Piece::Text(before.into()));
            pieces.push(Piece::Value(*place));
            rest = &from[end..];
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self { pieces, written: value.clone() })
    }

    /// Whether it shows the total.
    pub(in crate::dialect) fn counts(&self) -> bool {
        self.pieces.iter().any(|piece| {
            matches!(
                piece,
                Piece::Value(Placeholder::Total | Placeholder::HasMore | Placeholder::Pages)
            )
        })
    }
}

/// The list templates with a name; null means no envelope.
pub(in crate::dialect) fn list_of(word: &str) -> Option<Value> {
    Some(match word {
        "array" => Value::Null,
        "tasks" => serde_json::json!({"tasks": "$items", "total": "$total", "limit": "$limit",
            "offset": "$offset"}),
        "items" => serde_json::json!({"items": "$items", "total": "$total", "skip": "$offset",
            "limit": "$limit", "has_more": "$has_more"}),
        "pages" => serde_json::json!({"items": "$items", "total": "$total", "page": "$page",
            "size": "$limit", "pages": "$pages"}),
        "data" => serde_json::json!({"data": "$items", "count": "$total"}),
        "data_error" => serde_json::json!({"data": "$items", "error": null}),
        _ => return None,
    })
}

/// The task templates with a name; null means no envelope.
pub(in crate::dialect) fn item_of(word: &str) -> Option<Value> {
    Some(match word {
        "flat" => Value::Null,
        "task" | "data" | "item" => serde_json::json!({ word: "$item" }),
        "data_error" => serde_json::json!({"data": "$item", "error": null}),
        _ => return None,
    })
}
