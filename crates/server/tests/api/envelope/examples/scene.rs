//! What the contract's examples speak of: accounts, a role, a task, sessions, factors, links.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Case;
use crate::factors::{Phone, add_phone};
use crate::support::authenticator::Authenticator;
use crate::support::mails::SentMail;
use crate::support::{Client, TestApp};

/// The accounts, the role, the task and the session that the examples speak of, as if new.
pub(super) struct Scene {
    pub(super) caller: Client,
    /// What an id in this operation's path may name.
    pub(super) id: Option<String>,
    /// What takes the place of members of its body that stand for what a client has received.
    pub(super) received: Map<String, Value>,
}

pub(super) async fn scene(app: &TestApp, case: &Case, turn: usize, document: &Value) -> Scene {
    app.advance(Duration::from_mins(2));
    let root = app.admin(&format!("root{turn}")).await;
    for email in ["ada@example.com", "grace@example.com"] {
        let found = root.get(&format!("/admin/users?email={email}")).await.expect(200).json();
        for user in found.as_array().unwrap() {
            let id = user["id"].as_str().unwrap();
            root.delete(&format!("/admin/users/{id}")).await.expect(204);
        }
    }
    root.delete("/admin/roles/support").await;
    let of = |path: &str, method: &str| {
        document["paths"][path][method]["requestBody"]["content"]["application/json"]["example"]
            .clone()
    };
    if case.id != "roles.create" {
        root.post("/admin/roles", of("/admin/roles", "post")).await.expect(201);
    }
    let nobody = app.anonymous();
    if case.id == "accounts.register" {
        return Scene { caller: nobody, id: None, received: Map::new() };
    }
    let account = of("/auth/register", "post");
    let mut ada = nobody.clone();
    ada.user = nobody.post("/auth/register", account.clone()).await.expect(201).json();
    app.operator_grants(&ada, "admin").await;
    let [email, password] = ["email", "password"].map(|name| account[name].as_str().unwrap());
    let ada = ada.login(email, password).await;
    let key = of("/auth/keys", "post");
    if case.id.starts_with("factors.") {
        return with_factors(app, case, ada).await;
    }
    if case.path == "/auth/devices/{id}" {
        return with_device(app, &ada, account).await;
    }
    let id = if case.id == "users.invite" {
        let body = json!({"email": "grace@example.com"});
        let grace = root.post("/admin/users", body).await.expect(201).json();
        grace["id"].as_str().map(Into::into)
    } else if ["api_keys.create_of_user", "api_keys.revoke_one"].contains(&case.id.as_str()) {
        let service = of("/admin/service-accounts", "post");
        let service = root.post("/admin/service-accounts", service).await.expect(201).json();
        let service = service["id"].as_str().unwrap();
        let made = root.post(&format!("/admin/users/{service}/keys"), key).await.expect(201);
        Some(format!("{service} {}", made.json()["id"].as_str().unwrap()))
    } else if case.id == "api_keys.revoke" {
        let made = ada.post("/auth/keys", key).await.expect(201).json();
        made["id"].as_str().map(Into::into)
    } else if case.path.starts_with("/admin/users/") {
        Some(root.id().to_string())
    } else if case.path.starts_with("/auth/sessions/") {
        let other = ada.login(email, password).await;
        let sessions = other.get("/auth/sessions").await.expect(200).json();
        sessions.as_array().and_then(|all| all[0]["id"].as_str()).map(Into::into)
    } else if case.path == "/auth/passkeys/{id}" {
        let made = authenticator().add_to(&ada, "Phone").await;
        made["id"].as_str().map(Into::into)
    } else if case.path.contains("{id}") {
        let task = ada.post("/api/tasks", of("/api/tasks", "post")).await.expect(201).json();
        task["id"].as_str().map(Into::into)
    } else {
        None
    };
    Scene { caller: ada, id, received: Map::new() }
}

/// A device that stands for the second step.
async fn with_device(app: &TestApp, ada: &Client, account: Value) -> Scene {
    let (phone, ada, _) = add_phone(app, ada).await;
    let account = json!({"email": account["email"], "password": account["password"]});
    let asked = app.anonymous().post("/auth/login", account).await.expect(403).json();
    let body =
        json!({"mfa_token": asked["mfa_token"], "code": phone.code(app), "remember_device": true});
    app.anonymous().post("/auth/mfa/verify", body).await.expect(200);
    let devices = ada.get("/auth/devices").await.expect(200).json();
    let id = devices[0]["id"].as_str().map(Into::into);
    Scene { caller: ada, id, received: Map::new() }
}

/// The factors that the examples speak of.
async fn with_factors(app: &TestApp, case: &Case, ada: Client) -> Scene {
    let body = |value: Value| value.as_object().cloned().unwrap_or_default();
    match case.id.as_str() {
        "factors.confirm" => {
            let made = ada.post_empty("/auth/mfa/totp").await.expect(201).json();
            let phone = Phone::of(&made);
            let received = body(json!({"id": phone.id, "code": phone.code(app)}));
            Scene { caller: ada, id: None, received }
        }
        "factors.verify" => {
            let (phone, ada, _) = add_phone(app, &ada).await;
            let account = json!({"email": "ada@example.com", "password": "violet kettle drum 41"});
            let asked = app.anonymous().post("/auth/login", account).await.expect(403).json();
            let received = json!({"mfa_token": asked["mfa_token"], "code": phone.code(app)});
            Scene { caller: ada, id: None, received: body(received) }
        }
        "factors.enrol" | "factors.list" => Scene { caller: ada, id: None, received: Map::new() },
        _ => {
            let (phone, ada, _) = add_phone(app, &ada).await;
            Scene { caller: ada, id: Some(phone.id), received: Map::new() }
        }
    }
}

/// The token of a link that this operation takes, from the mail that it came in.
pub(super) async fn link(app: &TestApp, case: &Case, ada: &Client) -> Option<String> {
    let email = "ada@example.com";
    let to = |mails: &[SentMail], to: &str| {
        let mail = mails.iter().rfind(|mail| mail.header("To").contains(to)).expect("a mail");
        mail.after("token=")
    };
    match case.id.as_str() {
        "emails.verify" => Some(to(&app.mails().await, email)),
        "passwords.reset" => {
            app.mails().await;
            ada.post("/auth/password/forgot", json!({"email": email})).await.expect(202);
            Some(to(&app.mails().await, email))
        }
        "passwords.accept" => {
            let body = json!({"email": "grace@example.com", "invite": true});
            ada.post("/admin/users", body).await.expect(201);
            Some(to(&app.mails().await, "grace@example.com"))
        }
        "codes.verify" => {
            app.mails().await;
            ada.post("/auth/login/code", json!({"email": email})).await.expect(202);
            Some(to(&app.mails().await, email))
        }
        "emails.undo" => {
            let new = "ada@example.org";
            ada.post("/auth/email", json!({"email": new})).await.expect(202);
            let token = to(&app.mails().await, new);
            ada.post("/auth/email/verify", json!({"token": token})).await.expect(204);
            Some(to(&app.mails().await, email))
        }
        _ => None,
    }
}

/// An authenticator before a page of an application with mail.
fn authenticator() -> Authenticator {
    let mut one = Authenticator::synced();
    (one.origin, one.rp_id) = ("https://auth.example.org".into(), "auth.example.org".into());
    one
}

/// The same case with what a browser gives in the place of the example's.
pub(super) async fn with_browser(case: &Case, ada: &Client) -> Case {
    let mut one = authenticator();
    let (begun, credential) = match case.id.as_str() {
        "passkeys.create" => {
            let begun = ada.post_empty("/auth/passkeys/options").await.expect(200).json();
            let credential = one.create(&begun);
            (begun, credential)
        }
        "passkeys.login" => {
            one.add_to(ada, "Phone").await;
            let begun = ada.post_empty("/auth/login/passkey/options").await.expect(200).json();
            let credential = one.get(&begun);
            (begun, credential)
        }
        _ => return case.clone(),
    };
    let mut case = case.clone();
    let (_, body) = case.body.as_mut().unwrap();
    body["ceremony"] = begun["ceremony"].clone();
    body["credential"] = credential;
    case
}
