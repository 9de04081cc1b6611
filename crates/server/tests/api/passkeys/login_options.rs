//! `POST /auth/login/passkey/options`.

use serde_json::{Value, json};

use super::{login_options, with_passkeys};
use crate::both;
use crate::support::authenticator::{Authenticator, RP_ID};

/// Everything but what is random.
fn shape(asked: &Value) -> Value {
    let mut asked = asked.clone();
    asked["publicKey"]["challenge"] = Value::Null;
    asked["ceremony"] = asked["ceremony"].as_str().unwrap().len().into();
    asked
}

both! {
    async fn they_say_nothing_about_who_has_passkeys(engine: Engine) {
        let app = with_passkeys(engine).await;
        let nobody = login_options(&app.anonymous()).await;
        assert_eq!(nobody["publicKey"]["allowCredentials"], json!([]));
        assert_eq!(nobody["publicKey"]["userVerification"], "required");
        assert_eq!(nobody["publicKey"]["rpId"], RP_ID);
        let ada = app.sign_up("ada").await;
        Authenticator::synced().add_to(&ada, "Phone").await;
        let named = json!({"email": "ada@example.com"});
        let reply = app.anonymous().post("/auth/login/passkey/options", named).await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(shape(&reply.json()), shape(&nobody));
        assert_ne!(reply.json()["publicKey"]["challenge"], nobody["publicKey"]["challenge"]);
    }
}
