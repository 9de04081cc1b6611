//! Scopes: what an API key may be used for. Those for administration are the permissions; since a key never
//! exceeds its owner's current permissions, both are required.

use serde::Serialize;

use super::Permission;

/// What an API key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyScope {
    /// Reading tasks.
    TasksRead,
    /// Creating, changing, completing and deleting tasks.
    TasksWrite,
    /// What a permission allows, while the key's owner has it.
    Of(Permission),
}

impl KeyScope {
    /// All scopes, in the order of the table in the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        let permissions = Permission::ALL.iter().copied().map(Self::Of);
        [Self::TasksRead, Self::TasksWrite].into_iter().chain(permissions)
    }

    /// Its name in keys, challenges and documents.
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

    /// The permission that the owner of the key must have.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::TasksRead | Self::TasksWrite => None,
            Self::Of(permission) => Some(permission),
        }
    }

    /// The scope with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|scope| scope.as_str() == text)
    }

    /// The table of scopes in Markdown.
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

/// What a request with an API key requires of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUse {
    /// The required scope; `None` to check only whether the key is valid.
    pub scope: Option<KeyScope>,
    /// The client's address; IPv4 is mapped to IPv6.
    pub address: [u8; 16],
}

impl KeyUse {
    /// The name of the scope; empty without one.
    pub(crate) fn scope_name(&self) -> &'static str {
        self.scope.map_or("", KeyScope::as_str)
    }

    /// The client's address in its usual notation.
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
