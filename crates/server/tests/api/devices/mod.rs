//! Trusted devices: what they stand for, what ends them, and what attackers try with them.

mod attacks;
mod ended;
mod list;
mod remove;
mod remove_all;
mod stands_in;

use std::time::Duration;

use doorward::config::Settings;
use serde_json::{Value, json};

use crate::factors::{Phone, add_phone, mfa_token, with_tokens};
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, Reply, TestApp};

const MONTH: Duration = Duration::from_hours(30 * 24);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// Settings that trust devices for a month.
fn trusting(settings: &mut Settings) {
    settings.trusted_devices = Some(MONTH);
}

/// An application that trusts devices, and Ada there with an authenticator app.
async fn with_ada(engine: Engine) -> (TestApp, Phone, Client) {
    let app = TestApp::with(engine, trusting).await;
    let ada = app.sign_up("ada").await;
    let (phone, ada, _) = add_phone(&app, &ada).await;
    (app, phone, ada)
}

/// Signs in with a code and asks that the device be trusted; the answer.
async fn remembered(app: &TestApp, phone: &Phone, name: &str) -> Value {
    let token = mfa_token(app, name).await;
    let body = json!({"mfa_token": token, "code": phone.code(app), "remember_device": true});
    let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
    let client = app.anonymous().from("203.0.113.7");
    let reply = client.raw("POST", "/auth/mfa/verify", &headers, body.to_string()).await;
    app.advance(Duration::from_secs(30));
    reply.expect(200).json()
}

/// The same; the device's token.
async fn trust(app: &TestApp, phone: &Phone, name: &str) -> String {
    device_token(&remembered(app, phone, name).await)
}

fn device_token(answer: &Value) -> String {
    answer["device_token"].as_str().unwrap_or_else(|| panic!("a token: {answer}")).to_owned()
}

/// Signs in by the password and the token of a device.
async fn sign_in(app: &TestApp, name: &str, device: &str) -> Reply {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "password": PASSWORD, "device_token": device});
    app.anonymous().post("/auth/login", body).await
}

/// The tokens of a sign-in by a trusted device, as a client.
async fn inside(app: &TestApp, device: &str) -> Client {
    let tokens = sign_in(app, "ada", device).await.expect(200).json();
    with_tokens(&app.anonymous(), &tokens)
}
