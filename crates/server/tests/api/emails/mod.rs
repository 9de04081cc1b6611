//! Proving an address, and changing it.

mod change;
mod claim;
mod resend;
mod undo;
mod verify;

use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

/// Uses a link that proves an address.
async fn verify(app: &TestApp, token: &str) -> Reply {
    app.anonymous().post("/auth/email/verify", json!({"token": token})).await
}

/// Asks for another address.
async fn change(user: &Client, email: &str, password: &str) -> Reply {
    user.post("/auth/email", json!({"email": email, "password": password})).await
}

/// Asks for another address, and gives what its mailbox got.
pub(crate) async fn confirm_link(app: &TestApp, user: &Client, email: &str) -> String {
    app.mails().await;
    change(user, email, PASSWORD).await.expect(202);
    app.mails().await[0].after("token=")
}
