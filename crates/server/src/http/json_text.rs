//! JSON text of what lists are full of, the same bytes that serde writes. Written by hand because a page
//! of tasks has four hundred keys and values: serde looks through each for letters to escape, keys too, and
//! copies each by a call (`docs/decisions/0030-a-page-of-tasks-is-written-without-serde.md`).

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::input::is_plain;
use crate::metadata::MetadataObject;
use crate::timestamp::Timestamp;

/// What appends itself as JSON.
pub trait JsonText {
    /// Appends the text that serde would.
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()>;
}

/// Appends a struct as an object of these fields, all of its fields but those after `skip`.
macro_rules! json_text {
    ($name:ident { $first:ident, $($field:ident),+ } skip { $($skipped:ident),* }) => {
        impl $crate::http::JsonText for $name {
            fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                // Names each field, so that the compiler finds a forgotten one.
                let Self { $first, $($field,)+ $($skipped: _),* } = self;
                out.extend_from_slice(concat!("{\"", stringify!($first), "\":").as_bytes());
                $first.append(out)?;
                $(
                    out.extend_from_slice(concat!(",\"", stringify!($field), "\":").as_bytes());
                    $field.append(out)?;
                )+
                out.push(b'}');
                Ok(())
            }
        }
    };
}
pub(crate) use json_text;

/// Appends a list.
pub fn append_list<T: JsonText>(items: &[T], out: &mut Vec<u8>) -> serde_json::Result<()> {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        item.append(out)?;
    }
    out.push(b']');
    Ok(())
}

/// Appends what has no faster way.
pub fn append_by_serde(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(out, value)
}

fn append_plain(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

impl JsonText for str {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        if is_plain(self) {
            append_plain(self, out);
            return Ok(());
        }
        append_by_serde(&self, out)
    }
}

impl JsonText for String {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        self.as_str().append(out)
    }
}

impl JsonText for bool {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
        Ok(())
    }
}

impl JsonText for Uuid {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        append_plain(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()), out);
        Ok(())
    }
}

impl JsonText for OffsetDateTime {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        append_plain(Timestamp::short(*self).as_str(), out);
        Ok(())
    }
}

impl JsonText for MetadataObject {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        if !self.is_empty() {
            return append_by_serde(self, out);
        }
        out.extend_from_slice(b"{}");
        Ok(())
    }
}

impl<T: JsonText> JsonText for Option<T> {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        if let Some(value) = self {
            return value.append(out);
        }
        out.extend_from_slice(b"null");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_text_is_what_serde_writes(text in "\\PC{0,9}[\\x00-\\x7f]{0,3}\\PC{0,70}") {
            let mut out = Vec::new();
            text.append(&mut out).unwrap();
            proptest::prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }
}
