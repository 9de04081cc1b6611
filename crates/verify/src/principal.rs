//! Who a verified token speaks for, in the same terms for Doorward's tokens and others'.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The subject of a verified token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Principal {
    /// Who vouches for it.
    pub issuer: String,
    /// The user's id at that issuer; ids of different issuers are different people.
    pub subject: String,
    /// `roles`, as they were when the token was issued; where the issuer confirms its tokens, as it says
    /// now.
    pub roles: Vec<String>,
    /// The claim `permissions`, and what [`Issuer::grants`](crate::Issuer::grants) gives its roles here.
    pub permissions: Vec<String>,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
    /// Everything the token says.
    pub claims: Map<String, Value>,
}

/// Stands for every permission, as in Doorward's role `admin`.
const EVERY: &str = "*";

impl Principal {
    /// Of claims that are verified already, or made up by a test; `None` without a subject.
    pub fn from_claims(issuer: impl Into<String>, claims: Map<String, Value>) -> Option<Self> {
        let subject = claims.get("sub")?.as_str().filter(|sub| !sub.is_empty())?.to_owned();
        let (roles, permissions) = (texts(&claims, "roles"), texts(&claims, "permissions"));
        let expires_at = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, reason = "a verified date")]
        let expires_at = expires_at as i64;
        Some(Self { issuer: issuer.into(), subject, roles, permissions, expires_at, claims })
    }

    /// True if the token names the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// True if the caller has the permission, or `*`, which stands for all of them.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|own| own == permission || own == EVERY)
    }

    /// True if the token's `scope` (RFC 8693 §4.2) names it.
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        scopes.split(' ').any(|own| own == scope)
    }

    /// When the user proved who they are, in seconds since 1970: the claim `auth_time` (RFC 9068 §2.2.1),
    /// which refreshing keeps.
    pub fn authenticated_at(&self) -> Option<i64> {
        self.claims.get("auth_time").and_then(Value::as_i64)
    }

    /// How far that can be trusted: the claim `acr`.
    pub fn acr(&self) -> Option<&str> {
        self.claims.get("acr").and_then(Value::as_str)
    }

    /// The claims as a type of yours, for those that only your issuer writes. Fails where they do not
    /// fit it.
    pub fn claims_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.claims.clone()))
    }
}

fn texts(claims: &Map<String, Value>, name: &str) -> Vec<String> {
    let listed = claims.get(name).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
