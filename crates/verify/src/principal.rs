//! Who a verified token speaks for, in the same terms for Doorward's tokens and others'.

use serde_json::{Map, Value};

/// The subject of a verified token.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// Who vouches for it.
    pub issuer: String,
    /// The user's id at that issuer; ids of different issuers are different people.
    pub subject: String,
    /// `roles`, as they were when the token was issued.
    pub roles: Vec<String>,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
    /// Everything the token says.
    pub claims: Map<String, Value>,
}

impl Principal {
    /// Of verified claims; `None` without a subject.
    pub(crate) fn new(issuer: &str, claims: Map<String, Value>) -> Option<Self> {
        let subject = claims.get("sub")?.as_str().filter(|sub| !sub.is_empty())?.to_owned();
        let listed = claims.get("roles").and_then(Value::as_array);
        let names = listed.into_iter().flatten().filter_map(Value::as_str);
        let roles = names.map(ToOwned::to_owned).collect();
        let expires_at = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, reason = "a verified date")]
        let expires_at = expires_at as i64;
        Some(Self { issuer: issuer.into(), subject, roles, expires_at, claims })
    }

    /// True if the token names the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// True if the token's `scope` (RFC 8693 §4.2) names it.
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        scopes.split(' ').any(|own| own == scope)
    }
}
