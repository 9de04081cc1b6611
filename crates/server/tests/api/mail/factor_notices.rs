//! `SECURITY_NOTICES` of second factors, passkeys, trusted devices and API keys: whoever changes how somebody
//! signs in, the owner of the account is told.

use std::time::Duration;

use doorward::audit::Actor;
use doorward::config::{Notices, Settings};
use serde_json::json;

use crate::both;
use crate::factors::{add_phone, mfa_token};
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::{Engine, TestApp};

/// With an account whose address is verified, told of these things.
async fn message(
    engine: Engine,
    of: &str,
    change: impl FnOnce(&mut Settings),
) -> (TestApp, Client) {
    let app = TestApp::with_mail(engine, |settings| {
        settings.notices = Notices::parse(&[of.into()]).unwrap();
        change(settings);
    })
    .await;
    let ada = app.sign_up("ada").await;
    let link = app.mails().await[0].after("verify?token=");
    app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
    (app, ada)
}

async fn subjects(app: &TestApp) -> Vec<String> {
    let mails = app.mails().await;
    assert!(mails.iter().all(|mail| mail.header("To").contains("ada@example.com")));
    mails.iter().map(|mail| mail.header("Subject")).collect()
}

both! {
    async fn an_app_that_is_added_or_removed_and_new_codes(engine: Engine) {
        let (app, ada) = message(engine, "on", |_| {}).await;
        let (phone, ada, _) = add_phone(&app, &ada.from("203.0.113.7")).await;
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1, "one for the app, none for one that waits");
        assert_eq!(mails[0].header("Subject"), "An authenticator app was added to your account");
        for part in ["203.0.113.7", "2026-11-20 12:00 UTC", "https://auth.example.org/auth/pages/forgot"] {
            assert!(mails[0].text().contains(part), "{part}: {}", mails[0].text());
        }
        ada.post_empty("/auth/mfa/recovery-codes").await.expect(200);
        assert_eq!(subjects(&app).await, ["New recovery codes were created for your account"]);
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect(204);
        assert_eq!(subjects(&app).await, ["An authenticator app was removed from your account"]);
        // What is refused is not told.
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect(404);
        ada.post_empty("/auth/mfa/recovery-codes").await.expect(409);
        assert!(subjects(&app).await.is_empty());
    }

    async fn factors_that_an_operator_removes(engine: Engine) {
        let (app, ada) = message(engine, "factors-reset", |_| {}).await;
        add_phone(&app, &ada).await;
        app.app.factors().reset(&Actor::operator().named("somebody-here"), ada.id()).await.unwrap();
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1, "the one that was chosen");
        assert_eq!(mails[0].header("Subject"), "The second factors of your account were removed");
        assert!(!mails[0].text().contains("somebody-here"), "{}", mails[0].text());
    }

    async fn a_passkey_that_is_added_or_removed(engine: Engine) {
        let (app, ada) = message(engine, "on", crate::passkeys::take_passkeys).await;
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        assert_eq!(subjects(&app).await, ["A passkey was added to your account"]);
        ada.delete(&format!("/auth/passkeys/{}", made["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(subjects(&app).await, ["A passkey was removed from your account"]);
    }

    async fn a_device_that_is_trusted(engine: Engine) {
        let (app, ada) = message(engine, "device-trusted", |settings| {
            settings.trusted_devices = Some(Duration::from_hours(24));
        }).await;
        let (phone, ..) = add_phone(&app, &ada).await;
        for (remembers, message) in [(false, vec![]), (true, vec!["One of your devices is now trusted"])] {
            let token = mfa_token(&app, "ada").await;
            let body = json!({"mfa_token": token, "code": phone.code(&app), "remember_device": remembers});
            app.anonymous().post("/auth/mfa/verify", body).await.expect(200);
            app.advance(Duration::from_secs(30));
            assert_eq!(subjects(&app).await, message);
        }
    }

    async fn an_api_key_that_is_made(engine: Engine) {
        let (app, ada) = message(engine, "on", |_| {}).await;
        let key = json!({"name": "ci", "scopes": ["tasks:read"]});
        let made = ada.post("/auth/keys", key).await.expect(201).json();
        let mails = app.mails().await;
        assert_eq!(mails[0].header("Subject"), "An API key was created for your account");
        assert!(!mails[0].0.contains(made["key"].as_str().unwrap()) && mails.len() == 1);
    }
}
