//! `SECURITY_NOTICES`: the owner of an account is told what happened to it, and nobody uses that to flood a
//! mailbox.

use std::time::Duration;

use doorward::config::{EmailChange, Notices, PasswordChange, Settings};
use serde_json::json;

use crate::both;
use crate::support::client::{Client, PASSWORD, Reply};
use crate::support::mails::SentMail;
use crate::support::{Engine, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0";

fn on(settings: &mut Settings) {
    settings.notices = Notices::parse(&["on".into()]).unwrap();
}

/// With an account whose address is verified.
async fn with_ada(engine: Engine, change: impl FnOnce(&mut Settings)) -> (TestApp, Client) {
    let app = TestApp::with_mail(engine, |settings| {
        on(settings);
        change(settings);
    })
    .await;
    let ada = app.sign_up("ada").await;
    let link = app.mails().await[0].after("verify?token=");
    app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
    (app, ada)
}

async fn sign_in(app: &TestApp, ip: &str, agent: &str, password: &str) -> Reply {
    let headers = [("content-type", "application/json"), ("user-agent", agent)];
    let body = json!({"email": "ada@example.com", "password": password}).to_string();
    app.anonymous().from(ip).raw("POST", "/auth/login", &headers, body).await
}

fn kinds(mails: &[SentMail]) -> Vec<String> {
    mails.iter().map(|mail| mail.header("Subject")).collect()
}

/// Mails that come behind an answer.
async fn awaited(app: &TestApp) -> Vec<SentMail> {
    for _ in 0..100 {
        let mails = app.mails().await;
        if !mails.is_empty() {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Vec::new()
}

both! {
    async fn whoever_changes_the_password_the_owner_is_notified(engine: Engine) {
        let (app, ada) = with_ada(engine, |settings| settings.password_change = PasswordChange::Fresh).await;
        let new = "another long pass phrase";
        let body = json!({"current_password": PASSWORD, "new_password": new});
        let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
        ada.from("203.0.113.7").raw("POST", "/auth/password", &headers, body.to_string()).await.expect(204);
        let mails = app.mails().await;
        assert_eq!(kinds(&mails), ["Your password was changed"]);
        let mail = &mails[0];
        assert!(mail.header("To").contains("ada@example.com"));
        for part in ["2026-11-20 12:00 UTC", "203.0.113.7", "Firefox, Linux"] {
            assert!(mail.text().contains(part), "{part}: {}", mail.text());
        }
        assert!(mail.text().contains("https://auth.example.org/auth/pages/forgot"), "{}", mail.text());
        ada.patch("/auth/me", json!({"password": "a third long pass phrase"})).await.expect(200);
        assert_eq!(kinds(&app.mails().await), ["Your password was changed"]);
        app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.com"})).await.expect(202);
        let token = app.mails().await[0].after("reset?token=");
        app.anonymous().post("/auth/password/reset", json!({"token": token, "new_password": PASSWORD})).await.expect(204);
        assert_eq!(kinds(&app.mails().await), ["Your password was changed"]);
    }

    async fn nobody_is_notified_of_a_change_that_did_not_happen(engine: Engine) {
        let (app, ada) = with_ada(engine, |_| {}).await;
        let body = json!({"current_password": "wrong", "new_password": "another long pass phrase"});
        ada.post("/auth/password", body).await.expect(403);
        assert!(app.mails().await.is_empty());
    }

    async fn only_what_was_chosen_is_reported_and_nothing_by_default(engine: Engine) {
        let off = TestApp::with_mail(engine, |_| {}).await;
        let ada = off.sign_up("ada").await;
        let link = off.mails().await[0].after("verify?token=");
        off.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        for (app, client, subjects) in [
            (off, ada, Vec::new()),
            {
                let chosen = Notices::parse(&["new-device".into()]).unwrap();
                let (app, ada) = with_ada(engine, |settings| settings.notices = chosen).await;
                (app, ada, vec!["New sign-in to your account"])
            },
        ] {
            let body = json!({"current_password": PASSWORD, "new_password": "another long pass phrase"});
            client.post("/auth/password", body).await.expect(204);
            sign_in(&app, "203.0.113.7", FIREFOX, "another long pass phrase").await.expect(200);
            assert_eq!(kinds(&app.mails().await), subjects);
        }
    }

    async fn an_unverified_address_gets_no_notice(engine: Engine) {
        let app = TestApp::with_mail(engine, on).await;
        let eve = app.sign_up("ada").await;
        assert_eq!(app.mails().await.len(), 1, "the link to verify");
        let body = json!({"current_password": PASSWORD, "new_password": "another long pass phrase"});
        eve.post("/auth/password", body).await.expect(204);
        sign_in(&app, "198.51.100.1", CHROME, "another long pass phrase").await.expect(200);
        assert!(app.mails().await.is_empty());
    }

    async fn a_sign_in_from_a_new_device_is_reported_once(engine: Engine) {
        let app = TestApp::with_mail(engine, on).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let link = app.mails().await[0].after("verify?token=");
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        // The first one, then another address of the provider and an update of the browser.
        for (ip, agent) in [
            ("203.0.113.7", FIREFOX.to_owned()),
            ("203.0.9.9", FIREFOX.replace("130", "152")),
        ] {
            sign_in(&app, ip, &agent, PASSWORD).await.expect(200);
            assert!(app.mails().await.is_empty(), "{ip} {agent}");
        }
        for (ip, agent) in [("203.0.113.7", CHROME), ("198.51.100.1", FIREFOX)] {
            sign_in(&app, ip, agent, PASSWORD).await.expect(200);
            let mails = app.mails().await;
            assert_eq!(kinds(&mails), ["New sign-in to your account"], "{ip}");
            assert!(mails[0].text().contains(ip), "{}", mails[0].text());
            sign_in(&app, ip, agent, PASSWORD).await.expect(200);
            assert!(app.mails().await.is_empty(), "once");
        }
        // Both are known by now, if not together.
        sign_in(&app, "198.51.100.1", CHROME, PASSWORD).await.expect(200);
        assert!(app.mails().await.is_empty());
        sign_in(&app, "192.0.2.1", "curl/8.10.1", "wrong").await.expect(401);
        assert!(app.mails().await.is_empty(), "nobody signed in");
    }

    async fn a_device_whose_session_its_owner_ended_is_a_new_one_again(engine: Engine) {
        let (app, ada) = with_ada(engine, |_| {}).await;
        let stolen = sign_in(&app, "203.0.113.7", CHROME, PASSWORD).await.expect(200).json();
        assert_eq!(app.mails().await.len(), 1);
        let eve = ada.with_token(stolen["access_token"].as_str().unwrap());
        let list = eve.get("/auth/sessions").await.expect(200).json();
        let sessions = list.as_array().or_else(|| list["sessions"].as_array()).unwrap().clone();
        let own = sessions.iter().find(|one| one["current"] == true).unwrap();
        let path = format!("/auth/sessions/{}", own["id"].as_str().unwrap());
        ada.delete(&path).await.expect(204);
        sign_in(&app, "203.0.113.7", CHROME, PASSWORD).await.expect(200);
        assert_eq!(kinds(&app.mails().await), ["New sign-in to your account"]);
    }

    async fn registering_with_a_session_makes_its_device_known(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            on(settings);
            settings.registration_signs_in = true;
        })
        .await;
        let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        app.anonymous().from("203.0.113.7").raw("POST", "/auth/register", &headers, body).await.expect(201);
        let link = app.mails().await[0].after("verify?token=");
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        sign_in(&app, "203.0.113.7", FIREFOX, PASSWORD).await.expect(200);
        assert!(app.mails().await.is_empty());
        sign_in(&app, "203.0.113.7", CHROME, PASSWORD).await.expect(200);
        assert_eq!(app.mails().await.len(), 1);
    }

    async fn a_thief_with_the_password_cannot_bury_the_notice(engine: Engine) {
        let (app, _) = with_ada(engine, |_| {}).await;
        for number in 0..30 {
            sign_in(&app, "203.0.113.7", &format!("Agent{}/1", "x".repeat(number)), PASSWORD).await.expect(200);
        }
        assert_eq!(app.mails().await.len(), 20, "of one kind in an hour");
    }

    async fn a_stolen_session_is_reported(engine: Engine) {
        let (app, ada) = with_ada(engine, |_| {}).await;
        let first = ada.refresh_token.clone().unwrap();
        let mut token = first.clone();
        for _ in 0..2 {
            let reply = ada.post("/auth/refresh", json!({"refresh_token": token})).await.expect(200).json();
            reply["refresh_token"].as_str().unwrap().clone_into(&mut token);
        }
        for _ in 0..2 {
            let thief = app.anonymous().from("198.51.100.9");
            thief.post("/auth/refresh", json!({"refresh_token": first})).await.expect(401);
        }
        let mails = app.mails().await;
        assert_eq!(kinds(&mails), ["A session of your account was ended"], "once");
        assert!(mails[0].text().contains("198.51.100.9"), "{}", mails[0].text());
    }

    async fn a_lock_is_reported_once_and_not_for_each_guess(engine: Engine) {
        let (app, _) = with_ada(engine, |settings| settings.login_max_failures = 4).await;
        for guess in 0..3 {
            sign_in(&app, "198.51.100.9", CHROME, "wrong").await.expect(401);
            assert!(app.mails().await.is_empty(), "guess {guess}");
        }
        let guesses = (0..6).map(|_| sign_in(&app, "198.51.100.9", CHROME, "wrong"));
        futures_util::future::join_all(guesses).await;
        let mails = awaited(&app).await;
        assert_eq!(kinds(&mails), ["Too many wrong passwords for your account"]);
        assert!(mails[0].text().contains("198.51.100.9"), "{}", mails[0].text());
        for _ in 0..6 {
            app.advance(Duration::from_hours(1));
            sign_in(&app, "198.51.100.9", CHROME, "wrong").await.expect(401);
            sign_in(&app, "192.0.2.77", CHROME, "wrong").await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(app.mails().await.is_empty(), "the lock goes on");
    }

    async fn a_right_password_at_the_last_free_guess_locks_nothing(engine: Engine) {
        let (app, _) = with_ada(engine, |settings| settings.login_max_failures = 2).await;
        sign_in(&app, "203.0.113.7", CHROME, PASSWORD).await.expect(200);
        app.mails().await;
        for _ in 0..3 {
            sign_in(&app, "203.0.113.7", CHROME, "wrong").await.expect(401);
            sign_in(&app, "203.0.113.7", CHROME, PASSWORD).await.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(app.mails().await.is_empty());
    }

    async fn a_lock_of_an_address_without_an_account_notifies_nobody(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            on(settings);
            settings.login_max_failures = 2;
        })
        .await;
        for _ in 0..4 {
            sign_in(&app, "198.51.100.9", CHROME, "wrong").await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(app.mails().await.is_empty());
    }

    async fn an_address_changed_at_once_can_be_taken_back_from_the_old_mailbox(engine: Engine) {
        let (app, ada) = with_ada(engine, |settings| settings.email_change = EmailChange::Immediate).await;
        ada.patch("/auth/me", json!({"email": "eve@example.com"})).await.expect(200);
        let mails = app.mails().await;
        assert_eq!(kinds(&mails), ["Your e-mail address was changed"]);
        assert!(mails[0].header("To").contains("ada@example.com"));
        // Nobody has proven that mailbox, so nobody writes to it.
        ada.patch("/auth/me", json!({"email": "mallory@example.com"})).await.expect(200);
        assert!(app.mails().await.is_empty());
        let token = mails[0].after("undo?token=");
        app.anonymous().post("/auth/email/undo", json!({"token": token})).await.expect(200);
        ada.get("/auth/me").await.expect(401);
    }

    async fn what_a_client_calls_itself_is_text_in_the_mail_and_no_header(engine: Engine) {
        let (app, ada) = with_ada(engine, |_| {}).await;
        let agent = format!("<img src=x onerror=alert(1)>{{{{ 7*7 }}}}{}", "y".repeat(3000));
        sign_in(&app, "203.0.113.7", &agent, PASSWORD).await.expect(200);
        let mail = &app.mails().await[0];
        let text = mail.text();
        assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}"), "{text}");
        assert_eq!(text.matches("<img").count(), 1, "in the plain text alone: {text}");
        assert!(!text.contains(&"y".repeat(60)), "cut");
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["email"], "ada@example.com");
    }

    async fn a_disabled_account_gets_no_notice(engine: Engine) {
        let (app, ada) = with_ada(engine, |_| {}).await;
        let root = app.admin("root").await;
        app.mails().await;
        let body = json!({"current_password": PASSWORD, "new_password": "another long pass phrase"});
        ada.post("/auth/password", body).await.expect(204);
        let path = format!("/admin/users/{}", ada.user["id"].as_str().unwrap());
        root.patch(&path, json!({"is_active": false})).await.expect(200);
        assert!(app.mails().await.is_empty());
    }
}
