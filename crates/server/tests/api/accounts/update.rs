//! `PATCH /auth/me`.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_name_is_set_trimmed_and_cleared_by_null(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(1));
        let user = ada.patch("/auth/me", json!({"name": " Countess "})).await.expect(200).json();
        assert_eq!((&user["name"], &user["updated_at"]), (&json!("Countess"), &json!("2026-11-20T12:01:00Z")));
        assert_eq!(user["roles"], json!(["user"]));
        assert_eq!(ada.get("/auth/me").await.json(), user);
        app.advance(Duration::from_mins(1));
        assert_eq!(ada.patch("/auth/me", json!({})).await.expect(200).json(), user, "absent keeps");
        let user = ada.patch("/auth/me", json!({"name": null})).await.expect(200).json();
        assert_eq!(user["name"], json!(null));
    }

    async fn nothing_else_can_be_changed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let body = json!({
            "id": "01a1f9de-b7f4-75ac-a3e6-9ca54bdb06d5", "roles": ["admin"], "is_active": false,
            "email_verified": true, "created_at": "2000-01-01T00:00:00Z", "hashed_password": "x",
        });
        assert_eq!(ada.patch("/auth/me", body).await.expect(200).json(), ada.user);
        ada.login("ada@example.com", crate::support::client::PASSWORD).await;
    }

    async fn a_bad_name_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for name in [json!(""), json!(" "), json!("x".repeat(101)), json!("a\u{1b}b"), json!(7)] {
            ada.patch("/auth/me", json!({"name": name})).await.expect_problem(422, "validation");
        }
        assert_eq!(ada.get("/auth/me").await.json(), ada.user);
        app.anonymous().patch("/auth/me", json!({"name": "x"})).await.expect(401);
    }

    async fn one_user_renames_only_oneself(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        eve.patch("/auth/me", json!({"name": "Eve II"})).await.expect(200);
        assert_eq!(ada.get("/auth/me").await.json(), ada.user);
    }
}
