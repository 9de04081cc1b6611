//! Sessions: a file for each operation, and what they share.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Client, Reply};

mod imported;
mod list;
mod list_of_user;
mod login;
mod logout;
mod prune;
mod reauthenticate;
mod revoke;
mod revoke_everybodys;
mod revoke_of_user;
mod revoke_others;
mod sign_ins;
mod token;

/// One part of a compact JWS, decoded.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// Redeems a refresh token.
pub(crate) async fn refresh(client: &Client, token: &str) -> Reply {
    let mut client = client.clone();
    client.token = None;
    client.post("/auth/refresh", json!({"refresh_token": token})).await
}

/// The successor of a refresh token, and the access token that came with it.
pub(crate) async fn rotate(client: &Client, token: &str) -> (String, String) {
    let reply = refresh(client, token).await.expect(200).json();
    let text = |name: &str| reply[name].as_str().expect("a token").to_owned();
    (text("refresh_token"), text("access_token"))
}
