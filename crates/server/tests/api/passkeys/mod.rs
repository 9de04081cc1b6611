//! Passkeys: ceremonies with an authenticator in software.

mod create;
mod delete;
mod list;
mod login;
mod login_options;
mod options;
mod refused;
mod replayed;
mod second_step;
mod unproven;
mod update;

use doorward::config::{RpId, Settings};
use serde_json::{Value, json};

use crate::support::authenticator::{Authenticator, ORIGIN, RP_ID};
use crate::support::{Client, Engine, Reply, TestApp};

/// The settings of an application that takes passkeys on the pages of [`ORIGIN`].
pub(crate) fn take_passkeys(settings: &mut Settings) {
    settings.rp_id = Some(RpId::parse(RP_ID).unwrap());
    settings.rp_origins = vec![ORIGIN.into()];
}

/// Such an application.
pub(crate) async fn with_passkeys(engine: Engine) -> TestApp {
    TestApp::with(engine, take_passkeys).await
}

/// What a page begins with, to sign somebody in.
async fn login_options(client: &Client) -> Value {
    client.post_empty("/auth/login/passkey/options").await.expect(200).json()
}

/// The same to add a passkey to the client's account.
async fn options(client: &Client) -> Value {
    client.post_empty("/auth/passkeys/options").await.expect(200).json()
}

/// What a page sends at the end.
fn answer(options: &Value, credential: &Value) -> Value {
    json!({"ceremony": options["ceremony"], "credential": credential})
}

/// Finishes adding a passkey.
async fn create(client: &Client, options: &Value, one: &mut Authenticator) -> Reply {
    client.post("/auth/passkeys", answer(options, &one.create(options))).await
}
