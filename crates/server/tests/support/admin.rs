//! Making administrators, as the command line does.

use doorward::audit::Actor;
use doorward::roles::RoleName;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Client, TestApp};

impl TestApp {
    /// Signs up `name` and gives them the role `admin`, as `doorward role grant` does.
    pub async fn admin(&self, name: &str) -> Client {
        let client = self.sign_up(name).await;
        self.operator_grants(&client, "admin").await;
        client
    }

    /// Gives a role at the command line.
    pub async fn operator_grants(&self, to: &Client, role: &str) {
        let role = RoleName::parse(role).expect("a role's name");
        let roles = self.app.roles();
        roles.grant(&Actor::operator(), to.id(), &role).await.expect("the role is given");
    }

    /// Signs up `name` with a role of their own that has these permissions.
    pub async fn officer(&self, by: &Client, name: &str, permissions: &[&str]) -> Client {
        let role = json!({"name": name, "permissions": permissions});
        by.post("/admin/roles", role).await.expect(201);
        let client = self.sign_up(name).await;
        by.raw("PUT", &client.at(&format!("/roles/{name}")), &[], "").await.expect(204);
        client
    }

    /// Every record of this event, oldest first.
    pub async fn audited(&self, by: &Client, event: &str) -> Vec<Value> {
        self.app.audit.flush().await;
        let found = by.get(&format!("/admin/audit?event={event}&limit=1000")).await.expect(200);
        let mut found = found.json().as_array().cloned().expect("an array");
        found.reverse();
        found
    }
}

impl Client {
    /// The id of the user it signed up as.
    pub fn id(&self) -> Uuid {
        let id = self.user["id"].as_str().expect("a user with an id");
        Uuid::try_parse(id).expect("a UUID")
    }

    /// The administrators' path of this user, and `more`.
    pub fn at(&self, more: &str) -> String {
        format!("/admin/users/{}{more}", self.id())
    }
}
