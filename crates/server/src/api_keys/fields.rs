//! The fields of a new API key: name, scopes, networks.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde_json::Value;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};

use crate::config::Cidr;
use crate::gate::KeyScope;
use crate::input::{Field, Letters, Refusal, TextLimits};

const NAME: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 100, letters: Letters::Printable };
/// Maximum number of networks per key.
const MOST_NETWORKS: usize = 20;

/// What a key is for: 1–100 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::from_json(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field for KeyName {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        NAME.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        NAME.schema().into()
    }
}

/// A key's scopes, at least one; duplicates are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyScopes(Vec<KeyScope>);

impl KeyScopes {
    /// Parses scopes.
    pub fn parse(texts: &[String]) -> Result<Self, Refusal> {
        Self::from_json(texts.into())
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = KeyScope> {
        self.0.iter().copied()
    }

    /// As stored: comma-separated, with a leading and a trailing comma.
    pub(super) fn stored(&self) -> String {
        self.0.iter().fold(String::from(","), |text, scope| text + scope.as_str() + ",")
    }
}

impl Field for KeyScopes {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let Value::Array(items) = value else {
            return Err(("must be a list".into(), "list_type"));
        };
        let known = |item: &Value| item.as_str().and_then(KeyScope::parse);
        let Some(mut all) = items.iter().map(known).collect::<Option<Vec<_>>>() else {
            let names: Vec<_> = KeyScope::all().map(KeyScope::as_str).collect();
            return Err((format!("must hold only {}", names.join(", ")), "enum"));
        };
        if all.is_empty() {
            return Err(("must hold at least one".into(), "too_short"));
        }
        all.sort_unstable_by_key(|scope| scope.as_str());
        all.dedup();
        Ok(Self(all))
    }

    fn schema() -> RefOr<Schema> {
        let names: Vec<_> = KeyScope::all().map(KeyScope::as_str).collect();
        let scope = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        ArrayBuilder::new().items(scope).min_items(Some(1)).into()
    }
}

/// The networks that a key is valid from: 1 to 20.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNetworks(Vec<IpNet>);

impl KeyNetworks {
    /// Parses networks.
    pub fn parse(texts: &[String]) -> Result<Self, Refusal> {
        Self::from_json(texts.into())
    }

    /// Each in its usual notation, with its first and last address.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (String, [u8; 16], [u8; 16])> {
        self.0.iter().map(|net| (net.to_string(), mapped(net.network()), mapped(net.broadcast())))
    }
}

fn mapped(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => Ipv6Addr::octets(&v6),
    }
}

impl Field for KeyNetworks {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let Value::Array(items) = value else {
            return Err(("must be a list".into(), "list_type"));
        };
        if items.is_empty() || items.len() > MOST_NETWORKS {
            return Err((format!("must hold 1 to {MOST_NETWORKS} networks"), "value_error"));
        }
        let mut all = Vec::new();
        for item in &items {
            let Some(text) = item.as_str() else {
                return Err(("must hold only strings".into(), "string_type"));
            };
            let range: Cidr = text.parse().map_err(|_| {
                let text: String = text.chars().take(50).filter(|c| !c.is_control()).collect();
                let why = format!(
                    "must hold only addresses and ranges such as 203.0.113.0/24, not {text:?}"
                );
                (why, "value_error")
            })?;
            all.push(range.net().trunc());
        }
        all.sort_unstable();
        all.dedup();
        Ok(Self(all))
    }

    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(50));
        let array = ArrayBuilder::new().items(text);
        array.min_items(Some(1)).max_items(Some(MOST_NETWORKS)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_are_known_words_each_once_and_never_the_star() {
        let read = |value| KeyScopes::from_json(value).map(|all| all.stored());
        assert_eq!(
            read(json!(["users:read", "tasks:read", "users:read"])).unwrap(),
            ",tasks:read,users:read,"
        );
        for bad in [
            json!([]),
            json!(["*"]),
            json!(["tasks:%"]),
            json!([1]),
            json!("tasks:read"),
            json!([","]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_are_kept_without_their_host_bits_and_ipv4_inside_ipv6_is_ipv4() {
        let read = |value| {
            KeyNetworks::from_json(value)
                .map(|all| all.ranges().map(|one| one.0).collect::<Vec<_>>())
        };
        let given =
            json!(["203.0.113.7/24", "::ffff:10.0.0.0/104", "2001:db8::1", "203.0.113.0/24"]);
        assert_eq!(read(given).unwrap(), ["10.0.0.0/8", "203.0.113.0/24", "2001:db8::1/128"]);
        let many: Vec<_> = (0..21).map(|n| format!("10.0.0.{n}")).collect();
        for bad in [
            json!([]),
            json!(many),
            json!(["10.0.0.0/33"]),
            json!([7]),
            json!("10.0.0.1"),
            json!(["a b"]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
