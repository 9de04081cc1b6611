//! JSON merge patches (RFC 7396), for SQLite, which has no function for them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Applies the object `patch` to the object `target`, or to none; all as text, in which values keep their
/// spelling and members are sorted by name.
pub fn merge_patch(target: Option<&str>, patch: &str) -> serde_json::Result<String> {
    let mut merged: BTreeMap<String, Box<RawValue>> = match target {
        Some(target) => serde_json::from_str(target)?,
        None => BTreeMap::new(),
    };
    let is_object = |value: &RawValue| value.get().starts_with('{');
    for (name, value) in serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(patch)? {
        if value.get() == "null" {
            merged.remove(&name);
        } else if is_object(&value) {
            let member = merged.get(&name).filter(|member| is_object(member));
            let inside = merge_patch(member.map(|member| member.get()), value.get())?;
            merged.insert(name, RawValue::from_string(inside)?);
        } else {
            merged.insert(name, value);
        }
    }
    serde_json::to_string(&merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_merged_as_the_rfc_shows() {
        // RFC 7396, appendix A: the examples with objects.
        for (target, patch, merged) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            (r#"{"a":1.50}"#, r#"{"b":1e2}"#, r#"{"a":1.50,"b":1e2}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merge_patch(Some(target), patch).unwrap(), merged);
        }
        assert_eq!(merge_patch(None, r#"{"a":1}"#).unwrap(), r#"{"a":1}"#);
        assert!(merge_patch(Some("[]"), "{}").is_err());
    }
}
