//! What ends the trust in every device of an account: another password, other factors, a ban, signing out
//! everywhere.

use doorward::audit::Actor;
use doorward::passwords::Password;
use serde_json::json;

use super::{inside, sign_in, trust, trusting, with_ada};
use crate::both;
use crate::factors::{Phone, add_phone, bytes, mfa_token, second_step, with_tokens};
use crate::support::authenticator::Authenticator;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

const NEW: &str = "an entirely new password";

/// Whether no device of Ada's is left, and this one lets nobody in by this password.
async fn is_over(app: &TestApp, device: &str, password: &str) {
    let body = json!({"email": "ada@example.com", "password": password, "device_token": device});
    app.anonymous().post("/auth/login", body).await.expect_problem(403, "mfa_required");
    assert!(bytes(app, "SELECT digest AS bytes FROM trusted_devices").await.is_empty());
}

/// Ada signed in with a code a moment ago, and a device that she trusts.
async fn trusted(engine: Engine) -> (TestApp, Phone, Client, String) {
    let (app, phone, ada) = with_ada(engine).await;
    let device = trust(&app, &phone, "ada").await;
    inside(&app, &device).await;
    let again = ada.post("/auth/reauthenticate", json!({"code": phone.code(&app)})).await;
    let ada = with_tokens(&ada, &again.expect(200).json());
    app.advance(std::time::Duration::from_secs(30));
    (app, phone, ada, device)
}

both! {
    async fn a_changed_password(engine: Engine) {
        let (app, _, ada, device) = trusted(engine).await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        ada.post("/auth/password", body).await.expect(204);
        is_over(&app, &device, NEW).await;
    }

    async fn a_password_that_an_operator_sets(engine: Engine) {
        let (app, _, ada, device) = trusted(engine).await;
        let new = Password::parse(NEW.into()).unwrap();
        app.app.passwords.set(&Actor::operator(), ada.id(), new).await.unwrap();
        is_over(&app, &device, NEW).await;
    }

    async fn a_password_reset_by_a_mail(engine: Engine) {
        let app = TestApp::with_mail(engine, trusting).await;
        let ada = app.sign_up("ada").await;
        let link = app.mails().await[0].after("verify?token=");
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        let (phone, ..) = add_phone(&app, &ada).await;
        let device = trust(&app, &phone, "ada").await;
        let ask = json!({"email": "ada@example.com"});
        app.anonymous().post("/auth/password/forgot", ask).await.expect(202);
        let token = app.mails().await.last().unwrap().after("reset?token=");
        let body = json!({"token": token, "new_password": NEW});
        app.anonymous().post("/auth/password/reset", body).await.expect(204);
        is_over(&app, &device, NEW).await;
    }

    async fn a_password_that_changed_behind_the_server_s_back(engine: Engine) {
        let (app, _, _, device) = trusted(engine).await;
        // An old binary, which knows no devices, changes a password without ending them.
        crate::accounts::sql::<()>(&app, "UPDATE trusted_devices SET bound = 'of another password'").await;
        sign_in(&app, "ada", &device).await.expect_problem(403, "mfa_required");
    }

    async fn a_factor_that_is_added(engine: Engine) {
        let (app, _, ada, device) = trusted(engine).await;
        add_phone(&app, &ada).await;
        is_over(&app, &device, PASSWORD).await;
    }

    async fn a_passkey_that_is_added_or_removed(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            trusting(settings);
            crate::passkeys::take_passkeys(settings);
        }).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let device = trust(&app, &phone, "ada").await;
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        is_over(&app, &device, PASSWORD).await;
        let device = trust(&app, &phone, "ada").await;
        ada.delete(&format!("/auth/passkeys/{}", made["id"].as_str().unwrap())).await.expect(204);
        is_over(&app, &device, PASSWORD).await;
    }

    async fn a_factor_that_is_removed(engine: Engine) {
        let (app, phone, ada, _) = trusted(engine).await;
        let (other, ada, _) = add_phone(&app, &ada).await;
        let device = trust(&app, &other, "ada").await;
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect(204);
        is_over(&app, &device, PASSWORD).await;
    }

    async fn factors_that_an_operator_resets(engine: Engine) {
        let (app, _, ada, device) = trusted(engine).await;
        app.app.factors().reset(&Actor::operator(), ada.id()).await.unwrap();
        assert!(bytes(&app, "SELECT digest AS bytes FROM trusted_devices").await.is_empty());
        // Nor does it count again with the next phone.
        let again = app.anonymous().login("ada@example.com", PASSWORD).await;
        add_phone(&app, &again).await;
        is_over(&app, &device, PASSWORD).await;
    }

    async fn a_ban_also_once_it_is_lifted(engine: Engine) {
        let (app, _, ada, device) = trusted(engine).await;
        let root = app.admin("root").await;
        for is_active in [false, true] {
            root.patch(&ada.at(""), json!({"is_active": is_active})).await.expect(200);
        }
        is_over(&app, &device, PASSWORD).await;
    }

    async fn signing_out_everywhere_and_nowhere_else(engine: Engine) {
        let (app, phone, ada, device) = trusted(engine).await;
        inside(&app, &device).await.post_empty("/auth/logout").await.expect(204);
        ada.post_empty("/auth/logout?scope=others").await.expect(204);
        sign_in(&app, "ada", &device).await.expect(200);
        ada.post_empty("/auth/logout?scope=all").await.expect(204);
        is_over(&app, &device, PASSWORD).await;
        second_step(&app, &mfa_token(&app, "ada").await, &phone.code(&app)).await.expect(200);
    }

    async fn administrators_who_end_sessions(engine: Engine) {
        let (app, phone, ada, device) = trusted(engine).await;
        let root = app.admin("root").await;
        root.delete(&ada.at("/sessions")).await.expect(204);
        is_over(&app, &device, PASSWORD).await;
        let device = trust(&app, &phone, "ada").await;
        root.delete("/admin/sessions").await.expect(204);
        is_over(&app, &device, PASSWORD).await;
    }
}
