//! Tags. They are stored one per line, with newlines before the first and after the last. Tags contain no
//! newlines, so that a tag between two of them is found as text, exactly and with the same statement on both
//! databases, which can both search text but share no list type.

use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use utoipa::openapi::{ArrayBuilder, RefOr, Schema};

use crate::db::{FromValue, LITERAL};
use crate::http::{JsonColumn, copy_unless_null};
use crate::input::{Field, Letters, Parameter, Refusal, TextLimits};
use crate::sql::{RawValue, Value, ValueRef};

/// Maximum number of tags per task.
const MOST: usize = 20;
const TAG: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 50, letters: Letters::Printable };

/// Up to 20 different tags, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Option<String>);

/// A tag to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag(String);

impl Tags {
    fn all(&self) -> impl Iterator<Item = &str> {
        self.0.as_deref().unwrap_or_default().split('\n').filter(|tag| !tag.is_empty())
    }
}

impl Tag {
    /// The pattern for `textregexeq` that finds it among a task's tags.
    pub(super) fn pattern(&self) -> String {
        format!("{LITERAL}\n{}\n", self.0)
    }
}

impl Field for Tags {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        let Json::Array(items) = value else {
            return Err(("must be a list of strings".into(), "list_type"));
        };
        if items.len() > MOST {
            return Err((format!("must have at most {MOST} items"), "too_long"));
        }
        let mut tags: Vec<String> = Vec::with_capacity(items.len());
        for (item, place) in items.into_iter().zip(1..) {
            let tag =
                TAG.read(item).map_err(|(why, kind)| (format!("item {place} {why}"), kind))?;
            if tags.contains(&tag) {
                return Err((format!("item {place} is a duplicate"), "value_error"));
            }
            tags.push(tag);
        }
        Ok(Self((!tags.is_empty()).then(|| format!("\n{}\n", tags.join("\n")))))
    }

    fn schema() -> RefOr<Schema> {
        let list = ArrayBuilder::new().items(TAG.schema()).max_items(Some(MOST));
        list.unique_items(true).into()
    }
}

impl Parameter for Tag {
    fn from_text(text: String) -> Result<Self, Refusal> {
        TAG.read(text.into()).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        TAG.schema().into()
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.all())
    }
}

impl JsonColumn for Tags {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        copy_unless_null::<Self>(value, b"[]", out)
    }
}

impl From<Tags> for Value {
    fn from(tags: Tags) -> Self {
        tags.0.into()
    }
}

impl FromValue for Tags {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        Option::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_read_back_in_their_order() {
        let many: Vec<String> = (0..20).map(|n| format!("{n:\"<50}")).collect();
        for list in [json!([]), json!(["a"]), json!(["b \"c\"", "a,b", "é\\"]), json!(many)] {
            let tags = Tags::from_json(list.clone()).unwrap();
            assert_eq!(serde_json::to_value(&tags).unwrap(), list);
        }
        assert_eq!(Tags::from_json(json!([])), Ok(Tags::default()));
    }

    #[test]
    fn a_tag_is_trimmed_and_must_be_another() {
        let tags = |list| Tags::from_json(list).map_err(|(why, _)| why);
        assert_eq!(tags(json!([" a\n", "b "])).unwrap().all().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(tags(json!(["a", " a"])).unwrap_err(), "item 2 is a duplicate");
        assert_eq!(tags(json!(["a", 1])).unwrap_err(), "item 2 must be a string");
        assert_eq!(tags(json!([" "])).unwrap_err(), "item 1 must not be blank");
        assert_eq!(
            tags(json!(["a\nb"])).unwrap_err(),
            "item 1 must not contain control characters"
        );
        assert_eq!(tags(json!("a")).unwrap_err(), "must be a list of strings");
        assert_eq!(
            tags(json!(["é".repeat(51)])).unwrap_err(),
            "item 1 must have at most 50 characters"
        );
        assert!(tags(json!(["é".repeat(50)])).is_ok());
        let list: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert_eq!(tags(json!(list)).unwrap_err(), "must have at most 20 items");
    }
}
