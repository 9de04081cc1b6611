//! The caller of a verified token, in the same form for Doorward and other issuers.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The caller of a verified token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Principal {
    /// The issuer.
    pub issuer: String,
    /// The user's id at that issuer. The same id at different issuers means different users.
    pub subject: String,
    /// The `roles` when the token was issued; with introspection, the current ones.
    pub roles: Vec<String>,
    /// The claim `permissions`, plus those that [`Issuer::grants`](crate::Issuer::grants) gives to the roles.
    pub permissions: Vec<String>,
    /// When the token expires, in seconds since 1970.
    pub expires_at: i64,
    /// All claims of the token.
    pub claims: Map<String, Value>,
}

/// Stands for all permissions, as in Doorward's role `admin`.
const EVERY: &str = "*";

impl Principal {
    /// From claims that are already verified, or made up in a test; `None` without a subject.
    pub fn from_claims(issuer: impl Into<String>, claims: Map<String, Value>) -> Option<Self> {
        let subject = claims.get("sub")?.as_str().filter(|sub| !sub.is_empty())?.to_owned();
        let (roles, permissions) = (texts(&claims, "roles"), texts(&claims, "permissions"));
        let expires_at = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, reason = "a verified date")]
        let expires_at = expires_at as i64;
        Some(Self { issuer: issuer.into(), subject, roles, permissions, expires_at, claims })
    }

    /// True if the token contains the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// True if the caller has the permission, or `*`, which stands for all.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|own| own == permission || own == EVERY)
    }

    /// True if the token's `scope` (RFC 8693 §4.2) contains it.
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        scopes.split(' ').any(|own| own == scope)
    }

    /// When the user last authenticated, in seconds since 1970: the claim `auth_time` (RFC 9068 §2.2.1),
    /// which refreshing does not change.
    pub fn authenticated_at(&self) -> Option<i64> {
        self.claims.get("auth_time").and_then(Value::as_i64)
    }

    /// The authentication level: the claim `acr`.
    pub fn acr(&self) -> Option<&str> {
        self.claims.get("acr").and_then(Value::as_str)
    }

    /// The claims as a type of yours, for claims that only your issuer writes. Fails if they do not fit.
    pub fn claims_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.claims.clone()))
    }
}

fn texts(claims: &Map<String, Value>, name: &str) -> Vec<String> {
    let listed = claims.get(name).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
