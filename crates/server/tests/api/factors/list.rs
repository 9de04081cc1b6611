//! `GET /auth/mfa`.

use serde_json::json;

use super::add_phone;
use crate::both;
use crate::support::TestApp;

both! {
    async fn everybody_sees_their_own_factors_and_no_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let held = ada.get("/auth/mfa").await.expect(200).json();
        let members: Vec<&String> = held["factors"][0].as_object().unwrap().keys().collect();
        assert_eq!(members, ["created_at", "id", "kind", "last_used_at", "name"]);
        assert_eq!(held["factors"][0]["id"], phone.id);
        let none = json!({"factors": [], "recovery_codes_left": 0});
        assert_eq!(eve.get("/auth/mfa").await.expect(200).json(), none);
        app.anonymous().get("/auth/mfa").await.expect_problem(401, "not_authenticated");
    }
}
