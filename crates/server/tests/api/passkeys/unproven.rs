//! Passkeys that a stranger may have added leave with the stranger.

use serde_json::json;

use super::take_passkeys;
use crate::both;
use crate::passwords::reset::{reset, token};
use crate::support::TestApp;
use crate::support::authenticator::Authenticator;

const NEW: &str = "seven green bicycles sing";

both! {
    async fn somebody_who_registered_another_s_address_does_not_keep_a_way_in(engine: Engine) {
        let app = TestApp::with_mail(engine, take_passkeys).await;
        // Eve registers Ada's address and adds a passkey; Ada sets a password by mail.
        let eve = app.sign_up("ada").await;
        let mut eves = Authenticator::synced();
        eves.add_to(&eve, "Mine").await;
        eves.sign_in(&app.anonymous()).await.expect(200);
        reset(&app, &token(&app).await, NEW).await.expect(204);
        eves.sign_in(&app.anonymous()).await.expect_problem(401, "invalid_credentials");
        let ada = app.anonymous().login("ada@example.com", NEW).await;
        assert_eq!(ada.get("/auth/passkeys").await.expect(200).json(), json!([]));
        // What Ada adds from now on outlives forgotten passwords.
        let mut adas = Authenticator::synced();
        adas.add_to(&ada, "Phone").await;
        reset(&app, &token(&app).await, "eight green bicycles sing").await.expect(204);
        adas.sign_in(&app.anonymous()).await.expect(200);
    }

    async fn taking_a_change_of_address_back_removes_every_passkey(engine: Engine) {
        let app = TestApp::with_mail(engine, take_passkeys).await;
        let ada = app.sign_up("ada").await;
        let verify = app.mails().await[0].after("token=");
        app.anonymous().post("/auth/email/verify", json!({"token": verify})).await.expect(204);
        let mut thiefs = Authenticator::synced();
        thiefs.add_to(&ada, "Phone").await;
        let link = crate::emails::confirm_link(&app, &ada, "eve@example.com").await;
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        let undo = app.mails().await[0].after("token=");
        app.anonymous().post("/auth/email/undo", json!({"token": undo})).await.expect(200);
        thiefs.sign_in(&app.anonymous()).await.expect_problem(401, "invalid_credentials");
    }
}
