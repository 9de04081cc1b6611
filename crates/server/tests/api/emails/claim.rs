//! `REQUIRE_VERIFIED_EMAIL=claim`: everybody signs in, and the token says whose address is proven.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::config::UnverifiedEmail;
use serde_json::{Value, json};

use super::verify;
use crate::both;
use crate::support::TestApp;
use crate::support::client::{Client, PASSWORD};

fn said(client: &Client) -> Value {
    let token = client.token.as_deref().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["email_verified"].clone()
}

both! {
    async fn the_token_says_whether_the_address_is_proven(engine: Engine) {
        let named = UnverifiedEmail::Named;
        let app = TestApp::with_mail(engine, |settings| settings.unverified_email = named).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(said(&ada), json!(false));
        verify(&app, &app.mails().await[0].after("token=")).await.expect(204);
        assert_eq!(said(&ada.login("ada@example.com", PASSWORD).await), json!(true));
        ada.get("/auth/me").await.expect(200);
        let off = TestApp::start(engine).await;
        assert_eq!(said(&off.sign_up("ada").await), Value::Null);
    }
}
