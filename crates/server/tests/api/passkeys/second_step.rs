//! A passkey as the second step of a sign-in that began with a password.

use serde_json::{Value, json};

use super::{answer, login_options, with_passkeys};
use crate::both;
use crate::sessions::part;
use crate::support::authenticator::Authenticator;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

/// The `mfa_token` of a sign-in by Ada's password.
async fn begun(app: &TestApp) -> Value {
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let reply = app.anonymous().post("/auth/login", body).await;
    let reply = reply.expect_problem(403, "mfa_required").json();
    assert_eq!(reply["methods"], json!(["passkey"]), "{reply}");
    reply["mfa_token"].clone()
}

/// Sends this authenticator's answer with the token.
async fn finish(client: &Client, one: &mut Authenticator, token: &Value) -> crate::support::Reply {
    let options = login_options(client).await;
    let mut body = answer(&options, &one.get(&options));
    body["mfa_token"] = token.clone();
    client.post("/auth/login/passkey", body).await
}

both! {
    async fn whoever_added_a_passkey_is_asked_for_it_after_the_password(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::security_key();
        let made = one.add_to(&ada, "Key").await;
        let token = begun(&app).await;
        let tokens = finish(&app.anonymous(), &mut one, &token).await.expect(200).json();
        let claims = part(tokens["access_token"].as_str().unwrap(), 1);
        assert_eq!(claims["amr"], json!(["pwd", "pop", "user", "mfa"]));
        assert_eq!(claims["acr"], "aal2");
        // The token has done its work.
        finish(&app.anonymous(), &mut one, &token).await.expect_problem(401, "invalid_token");
        // Without it, the passkey alone is two factors as well.
        let tokens = one.sign_in(&app.anonymous()).await.expect(200).json();
        let claims = part(tokens["access_token"].as_str().unwrap(), 1);
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pop", "user", "mfa"]), &json!("aal2")));
        // Once it is removed, the password is enough again.
        ada.delete(&format!("/auth/passkeys/{}", made["id"].as_str().unwrap())).await.expect(204);
        app.anonymous().login("ada@example.com", PASSWORD).await;
    }

    async fn nobody_else_s_passkey_finishes_a_sign_in(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let (mut adas, mut eves) = (Authenticator::security_key(), Authenticator::security_key());
        adas.add_to(&ada, "Key").await;
        eves.add_to(&eve, "Key").await;
        let token = begun(&app).await;
        finish(&app.anonymous(), &mut eves, &token).await.expect_problem(401, "invalid_credentials");
        for wrong in [json!("dwo_made-up"), json!("")] {
            finish(&app.anonymous(), &mut adas, &wrong).await.expect_problem(401, "invalid_token");
        }
        finish(&app.anonymous(), &mut adas, &token).await.expect(200);
    }

    async fn of_five_second_steps_at_once_one_finishes(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let token = begun(&app).await;
        let sent = (0..5).map(|_| {
            let (mut one, client, token) = (one.copy(), app.anonymous(), token.clone());
            async move { finish(&client, &mut one, &token).await.status }
        });
        let mut statuses = futures_util::future::join_all(sent).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401]);
    }
}
