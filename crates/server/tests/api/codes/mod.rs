//! Signing in by a mail: what asking tells, and what codes and links open.

mod attacks;
mod code;
mod verify;

use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::{Client, Engine, TestApp};

/// An application where people sign in by codes.
async fn with_codes(engine: Engine) -> TestApp {
    TestApp::with_mail(engine, |settings| settings.login_codes = true).await
}

/// What somebody has who asked for a code and opened the mail.
#[derive(Clone, Debug)]
struct Mailed {
    email: String,
    challenge: String,
    code: String,
    token: String,
}

/// Asks; the challenge.
async fn ask(client: &Client, email: &str) -> String {
    let reply = client.post("/auth/login/code", json!({"email": email})).await.expect(202).json();
    assert_eq!(reply["expires_in"], 600);
    reply["challenge"].as_str().unwrap().to_owned()
}

/// Asks, and reads the mail.
async fn mailed(app: &TestApp, client: &Client, email: &str) -> Mailed {
    let challenge = ask(client, email).await;
    let mails = app.mails().await;
    let mail = mails.last().expect("a mail");
    let subject = mail.header("Subject");
    let code = subject.split(' ').next().unwrap().to_owned();
    assert!(code.len() == 6 && mail.text().contains(&code), "{subject}");
    Mailed { email: email.into(), challenge, code, token: mail.after("token=") }
}

/// Another code than this one.
fn other_than(code: &str, step: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + step) % 1_000_000)
}

impl Mailed {
    /// What signs in by the code.
    fn by_code(&self) -> Value {
        json!({"email": self.email, "code": self.code, "challenge": self.challenge})
    }

    /// The same with another code.
    fn guess(&self, step: u32) -> Value {
        json!({"email": self.email, "code": other_than(&self.code, step), "challenge": self.challenge})
    }

    fn by_link(&self) -> Value {
        json!({"token": self.token})
    }
}

/// Types what is in the body.
async fn verify(client: &Client, body: Value) -> Reply {
    client.post("/auth/login/code/verify", body).await
}

/// Refused as a wrong code is.
#[track_caller]
fn refused(reply: Reply) {
    let reply = reply.expect_problem(401, "invalid_credentials");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    let detail = reply.json()["detail"].to_string();
    assert!(detail.contains("use the link in the mail, or request a new code"), "{detail}");
}
