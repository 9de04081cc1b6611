//! Second factors: what adds, uses and removes them, and what attackers try.

pub(crate) mod attacks;
mod confirm;
mod enrol;
mod list;
mod policy;
mod recovery_codes;
mod remove;
mod resealed;
mod verify;

use doorward::config::Settings;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

/// An authenticator app.
#[derive(Clone)]
pub(crate) struct Phone {
    pub(crate) id: String,
    secret: String,
}

impl Phone {
    /// One that has read this answer.
    pub(crate) fn of(enrolment: &Value) -> Self {
        let text = |name: &str| enrolment[name].as_str().expect("a text").to_owned();
        Self { id: text("id"), secret: text("secret") }
    }

    /// Its code at the application's time plus this many steps.
    pub(crate) fn code_at(&self, app: &TestApp, steps: i64) -> String {
        let secret = Secret::try_from_base32(&self.secret).expect("base32");
        let totp = Builder::new().with_secret(secret).build().expect("an app");
        let at = app.clock.now().unix_timestamp() + 30 * steps;
        totp.generate(u64::try_from(at).expect("after 1970")).to_string()
    }

    /// What it shows now.
    pub(crate) fn code(&self, app: &TestApp) -> String {
        self.code_at(app, 0)
    }

    /// A code that it does not show near that time.
    pub(crate) fn wrong_code(&self, app: &TestApp) -> String {
        let right: Vec<_> = (-2..=2).map(|steps| self.code_at(app, steps)).collect();
        let all = ["000000", "111111", "222222", "333333", "444444", "555555"];
        let wrong = all.into_iter().find(|it| !right.iter().any(|right| right == it));
        wrong.expect("five codes are not six").to_owned()
    }
}

/// Adds an authenticator app and confirms it; the app, the client with the tokens that say so, and the
/// answer.
pub(crate) async fn add_phone(app: &TestApp, client: &Client) -> (Phone, Client, Value) {
    let made = client.post_empty("/auth/mfa/totp").await.expect(201).json();
    let phone = Phone::of(&made);
    let body = json!({"id": phone.id, "code": phone.code(app)});
    let done = client.post("/auth/mfa/totp/confirm", body).await.expect(200).json();
    app.advance(std::time::Duration::from_mins(1));
    (phone, with_tokens(client, &done["tokens"]), done)
}

/// The same client with these tokens.
pub(crate) fn with_tokens(client: &Client, tokens: &Value) -> Client {
    let text = |name: &str| tokens[name].as_str().map(str::to_owned);
    let mut client = client.clone();
    (client.token, client.refresh_token) = (text("access_token"), text("refresh_token"));
    client
}

/// The first step of a sign-in.
pub(crate) async fn first_step(app: &TestApp, name: &str) -> Reply {
    let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    app.anonymous().post("/auth/login", body).await
}

/// The `mfa_token` of one.
pub(crate) async fn mfa_token(app: &TestApp, name: &str) -> String {
    let reply = first_step(app, name).await.expect_problem(403, "mfa_required").json();
    reply["mfa_token"].as_str().expect("an mfa_token").to_owned()
}

/// The second step.
pub(crate) async fn second_step(app: &TestApp, token: &str, code: &str) -> Reply {
    let body = json!({"mfa_token": token, "code": code});
    app.anonymous().post("/auth/mfa/verify", body).await
}

/// The same with a recovery code.
pub(crate) async fn recover(app: &TestApp, token: &str, code: &str) -> Reply {
    let body = json!({"mfa_token": token, "recovery_code": code});
    app.anonymous().post("/auth/mfa/verify", body).await
}

/// The claims of an access token.
pub(crate) fn claims(token: &Value) -> Value {
    crate::sessions::part(token.as_str().expect("a token"), 1)
}

/// Settings that ask everybody for a factor.
pub(crate) fn required(settings: &mut Settings) {
    settings.mfa = doorward::config::MfaPolicy::Required;
}

doorward::row! {
    /// Bytes that a test asks the database for.
    struct Held {
        bytes: Vec<u8>,
    }
}

/// What this statement finds in a column called `bytes`.
pub(crate) async fn bytes(app: &TestApp, text: &'static str) -> Vec<Vec<u8>> {
    let held: Vec<Held> = crate::accounts::sql(app, text).await;
    held.into_iter().map(|held| held.bytes).collect()
}

/// The secrets of authenticator apps, as the database holds them.
pub(crate) async fn sealed_secrets(app: &TestApp) -> Vec<Vec<u8>> {
    bytes(app, "SELECT secret AS bytes FROM factors ORDER BY id").await
}
