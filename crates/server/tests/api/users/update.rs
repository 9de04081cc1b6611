//! `PATCH /admin/users/{id}`: disabling ends tokens at once.

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn what_is_absent_stays_and_null_clears(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let before = ada.get(&bob.at("")).await.expect(200).json();
        app.advance(std::time::Duration::from_secs(5));
        let now = ada.patch(&bob.at(""), json!({"name": "Robert"})).await.expect(200).json();
        assert_eq!(now["name"], "Robert");
        assert_ne!(now["updated_at"], before["updated_at"]);
        for field in ["id", "email", "is_active", "email_verified", "roles", "created_at", "banned_until"] {
            assert_eq!(now[field], before[field], "{field}");
        }
        let now = ada.patch(&bob.at(""), json!({"name": null, "email_verified": true})).await;
        let now = now.expect(200).json();
        assert_eq!((&now["name"], &now["email_verified"]), (&json!(null), &json!(true)));
        let forged = json!({"id": ada.user["id"], "email": "eve@example.com", "roles": ["admin"],
            "created_at": "2000-01-01T00:00:00Z", "hashed_password": "x"});
        let now = ada.patch(&bob.at(""), forged).await.expect(200).json();
        assert_eq!((&now["id"], &now["email"], &now["roles"]),
            (&before["id"], &before["email"], &before["roles"]));
        assert_eq!(now["created_at"], before["created_at"]);
    }

    async fn disabling_kills_every_token_at_once_and_enabling_revives_none(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let phone = bob.login("bob@example.com", PASSWORD).await;
        ada.patch(&bob.at(""), json!({"is_active": false})).await.expect(200);
        let refresh = |it: &crate::support::Client| json!({"refresh_token": it.refresh_token});
        for client in [&bob, &phone] {
            client.get("/auth/me").await.expect_problem(401, "invalid_token");
            client.get("/api/tasks").await.expect_problem(401, "invalid_token");
            let reply = client.post("/auth/refresh", refresh(client)).await;
            reply.expect_problem(401, "invalid_refresh_token");
        }
        let login = json!({"email": "bob@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", login).await.expect_problem(403, "account_disabled");
        let wrong = json!({"email": "bob@example.com", "password": "not the password"});
        app.anonymous().post("/auth/login", wrong).await.expect_problem(401, "invalid_credentials");
        ada.patch(&bob.at(""), json!({"is_active": true})).await.expect(200);
        bob.get("/auth/me").await.expect_problem(401, "invalid_token");
        phone.post("/auth/refresh", refresh(&phone)).await.expect_problem(401, "invalid_refresh_token");
        bob.login("bob@example.com", PASSWORD).await.get("/auth/me").await.expect(200);
    }

    async fn bad_changes_are_422_and_change_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let bad = json!({"name": "", "is_active": null, "email_verified": "yes",
            "banned_until": "2026-11-20T12:00:00Z", "ban_reason": " "});
        let reply = ada.patch(&bob.at(""), bad).await.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(5), "{reply}");
        for until in [json!("tomorrow"), json!(1), json!("9999-12-31T23:59:59-01:00"), json!("infinity")] {
            ada.patch(&bob.at(""), json!({"banned_until": until})).await.expect_problem(422, "validation");
        }
        bob.get("/auth/me").await.expect(200);
        let nobody = "/admin/users/00000000-0000-7000-8000-000000000000";
        ada.patch(nobody, json!({})).await.expect_problem(404, "not_found");
    }
}
