//! API keys: making, using and revoking them, and what they must not do.

mod closed;
mod create;
mod create_of_user;
mod ended;
mod escalation;
mod list;
mod list_of_user;
mod networks;
mod presented;
mod revoke;
mod revoke_of_user;
mod revoke_one;

use serde_json::{Value, json};

use crate::support::Client;

/// Every scope there is.
pub(super) const ALL: [&str; 10] = [
    "tasks:read",
    "tasks:write",
    "users:read",
    "users:write",
    "sessions:write",
    "keys:write",
    "roles:grant",
    "roles:write",
    "audit:read",
    "tokens:introspect",
];

impl Client {
    /// Makes an API key with these fields besides a name, and the answer.
    pub(super) async fn makes_key(&self, mut fields: Value) -> Value {
        fields["name"] = json!("a test");
        self.post("/auth/keys", fields).await.expect(201).json()
    }

    /// The same user's program, which calls with a new key of these scopes.
    pub(super) async fn program(&self, scopes: &[&str]) -> Self {
        let made = self.makes_key(json!({"scopes": scopes})).await;
        self.with_token(made["key"].as_str().expect("a key"))
    }

    /// A service account, with its id as that of its user.
    pub(super) async fn makes_service(&self, name: &str) -> Self {
        let made = self.post("/admin/service-accounts", json!({"name": name})).await.expect(201);
        let mut service = self.clone();
        (service.token, service.user) = (None, made.json());
        service
    }
}
