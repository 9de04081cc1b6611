//! Scopes: what an API key may be used for. Those of administration are the permissions; a key never does
//! more than its owner may at that moment, so it takes both.

use serde::Serialize;

use super::Permission;

/// What an API key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyScope {
    /// Reading tasks.
    TasksRead,
    /// Making, changing, completing and deleting tasks.
    TasksWrite,
    /// What a permission allows, as long as the key's owner holds it.
    Of(Permission),
}

impl KeyScope {
    /// All of them, in the order of the documents' table.
    pub fn all() -> impl Iterator<Item = Self> {
        let permissions = Permission::ALL.iter().copied().map(Self::Of);
        [Self::TasksRead, Self::TasksWrite].into_iter().chain(permissions)
    }

    /// The string that keys, challenges and documents name it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TasksRead => "tasks:read",
            Self::TasksWrite => "tasks:write",
            Self::Of(permission) => permission.as_str(),
        }
    }

    /// What it allows, as a sentence.
    pub const fn allows(self) -> &'static str {
        match self {
            Self::TasksRead => "Read the owner's tasks.",
            Self::TasksWrite => {
                "Create, change, complete and delete the owner's tasks; the responses contain them."
            }
            Self::Of(permission) => permission.allows(),
        }
    }

    /// The permission that the owner of the key must hold.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::TasksRead | Self::TasksWrite => None,
            Self::Of(permission) => Some(permission),
        }
    }

    /// The scope of this string.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|scope| scope.as_str() == text)
    }

    /// The table of all scopes in Markdown.
    pub fn table() -> String {
        let rows = Self::all().map(|it| format!("| `{}` | {} |\n", it.as_str(), it.allows()));
        format!("| scope | allows |\n| --- | --- |\n{}", rows.collect::<String>())
    }
}

impl Serialize for KeyScope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a request by API key needs of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUse {
    /// What it must be good for; none where it is only asked whether it lives.
    pub scope: Option<KeyScope>,
    /// The client's address, an IPv4 one mapped into IPv6.
    pub address: [u8; 16],
}

impl KeyUse {
    /// The name of the scope; empty without one.
    pub(crate) fn scope_name(&self) -> &'static str {
        self.scope.map_or("", KeyScope::as_str)
    }

    /// The client's address as people write it.
    pub fn ip(&self) -> std::net::IpAddr {
        std::net::Ipv6Addr::from(self.address).to_canonical()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyScope;

    #[test]
    fn every_scope_is_found_by_its_own_string_alone_and_none_is_a_pattern() {
        for scope in KeyScope::all() {
            assert_eq!(KeyScope::parse(scope.as_str()), Some(scope));
            assert!(!scope.as_str().contains(['%', '_', ',']), "{scope:?}");
        }
        for text in ["*", "", "tasks", "Tasks:Read", "tasks:read ", "tasks:%"] {
            assert_eq!(KeyScope::parse(text), None, "{text:?}");
        }
    }
}
