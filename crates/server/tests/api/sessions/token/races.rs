//! A refresh that races the end of its session leaves nothing alive, whoever ends it and
//! through whichever server. Refreshes and ending run on threads of their own.

use doorward::audit::Actor;
use doorward::passwords::Password;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::both;
use crate::sessions::{part, refresh};
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const NEW: &str = "tortoise hare beetle";

/// Who takes part.
struct Cast {
    /// Whose refresh token is redeemed.
    phone: Client,
    /// The same user elsewhere.
    laptop: Client,
    root: Client,
}

/// Everything that ends the phone's session.
const ENDINGS: [&str; 15] = [
    "logout",
    "logout of all",
    "logout of others",
    "one session",
    "other sessions",
    "revocation by access token",
    "revocation by refresh token",
    "password change",
    "account deletion",
    "ended by an admin",
    "everybody's sessions",
    "disabled",
    "banned",
    "deleted by an admin",
    "password set by an operator",
];

async fn end(app: &TestApp, how: &str, cast: &Cast) {
    let Cast { phone, laptop, root } = cast;
    let revoke = async |token: &Option<String>| -> Reply {
        let form = [("token", token.as_deref().expect("a token"))];
        app.anonymous().post_form("/auth/revoke", &form).await
    };
    let reply = match how {
        "logout" => phone.post_empty("/auth/logout").await,
        "logout of all" => laptop.post_empty("/auth/logout?scope=all").await,
        "logout of others" => laptop.post_empty("/auth/logout?scope=others").await,
        "one session" => {
            let sid = part(phone.token.as_deref().expect("a token"), 1)["sid"].clone();
            let sid = sid.as_str().expect("an id").to_owned();
            laptop.delete(&format!("/auth/sessions/{sid}")).await
        }
        "other sessions" => laptop.delete("/auth/sessions").await,
        "revocation by access token" => revoke(&phone.token).await,
        "revocation by refresh token" => revoke(&phone.refresh_token).await,
        "password change" => {
            let body = json!({"current_password": PASSWORD, "new_password": NEW});
            laptop.post("/auth/password", body).await
        }
        "account deletion" => laptop.delete_with("/auth/me", json!({"password": PASSWORD})).await,
        "ended by an admin" => root.delete(&phone.at("/sessions")).await,
        "everybody's sessions" => root.delete("/admin/sessions").await,
        "disabled" => root.patch(&phone.at(""), json!({"is_active": false})).await,
        "banned" => {
            root.patch(&phone.at(""), json!({"banned_until": "9999-12-31T23:59:59Z"})).await
        }
        "deleted by an admin" => root.delete(&phone.at("")).await,
        _ => {
            let new = Password::parse(NEW.into()).expect("a password");
            let passwords = app.app.passwords.clone();
            return passwords.set(&Actor::operator(), phone.id(), new).await.expect("set");
        }
    };
    // A refresh that raced may have replaced what `revoke` was given; it answers 200 to anything.
    assert!(matches!(reply.status, 200 | 204), "{how}: {}", reply.text());
}

/// Asserts that nothing the session ever gave out opens anything.
async fn is_dead(how: &str, phone: &Client, answers: Vec<Reply>) {
    phone.get("/auth/me").await.expect(401);
    refresh(phone, phone.refresh_token.as_deref().expect("a token")).await.expect(401);
    for answer in answers {
        assert!(matches!(answer.status, 200 | 401), "{how}: {}", answer.text());
        if answer.status == 200 {
            let tokens: Value = answer.json();
            let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
            let me = phone.with_token(&text("access_token")).get("/auth/me").await;
            assert_eq!(me.status, 401, "{how}: the access token lives");
            let again = refresh(phone, &text("refresh_token")).await;
            assert_eq!(again.status, 401, "{how}: the refresh token lives");
        }
    }
}

both! {
    async fn a_refresh_that_races_the_end_of_its_session_leaves_nothing_alive(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.replica().await;
        app.admin("root").await;
        let mut before = 0;
        for (number, how) in ENDINGS.iter().enumerate() {
            for round in 0..4 {
                let phone = app.sign_up(&format!("ada{number}x{round}")).await;
                let email = phone.user["email"].as_str().expect("an address").to_owned();
                let laptop = phone.login(&email, PASSWORD).await.through(&other);
                let root = app.anonymous().login("root@example.com", PASSWORD).await;
                let token = phone.refresh_token.clone().expect("a token");
                let refreshes = join_all((0..3).map(|number| {
                    let client = if number == 1 { phone.through(&other) } else { phone.clone() };
                    let token = token.clone();
                    tokio::spawn(async move { refresh(&client, &token).await })
                }));
                let cast = Cast { phone: phone.clone(), laptop, root };
                let (answers, ()) = tokio::join!(refreshes, end(&app, how, &cast));
                let answers: Vec<Reply> = answers.into_iter().map(|it| it.expect("no panic")).collect();
                before += answers.iter().filter(|answer| answer.status == 200).count();
                is_dead(how, &phone, answers).await;
            }
        }
assert!(before > 0, "every refresh came after the end");
    }
}
