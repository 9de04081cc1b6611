//! `GET /auth/devices`.

use serde_json::json;

use super::{inside, trust, with_ada};
use crate::both;
use crate::factors::add_phone;

both! {
    async fn everybody_sees_their_own_named_by_the_client_and_no_token(engine: Engine) {
        let (app, phone, ada) = with_ada(engine).await;
        let eve = app.sign_up("eve").await;
        let (eves, ..) = add_phone(&app, &eve).await;
        trust(&app, &eves, "eve").await;
        let device = trust(&app, &phone, "ada").await;
        let before = ada.get("/auth/devices").await.expect(200);
        assert_eq!(before.header("cache-control"), "no-store");
        let before = before.json();
        assert_eq!(before.as_array().unwrap().len(), 1, "{before}");
        let names: Vec<&String> = before[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["created_at", "expires_at", "id", "ip", "last_used_at", "name"]);
        assert_eq!((&before[0]["name"], &before[0]["ip"]), (&json!("Firefox, Linux"), &json!("203.0.113.7")));
        assert_eq!(before[0]["last_used_at"], json!(null));
        inside(&app, &device).await;
        let after = ada.get("/auth/devices").await.expect(200);
        assert!(after.json()[0]["last_used_at"].is_string() && !after.text().contains("dwd_"));
        assert_eq!(after.json()[0]["expires_at"], before[0]["expires_at"]);
        app.anonymous().get("/auth/devices").await.expect_problem(401, "not_authenticated");
    }
}
