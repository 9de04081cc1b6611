//! `DELETE /auth/sessions/{id}`.

use serde_json::{Value, json};

use super::list::listed;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

fn path(session: &Value) -> String {
    format!("/auth/sessions/{}", session["id"].as_str().expect("an id"))
}

both! {
    async fn one_session_is_ended_at_once_and_only_by_its_owner(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        let bob = app.sign_up("bob").await;
        let of_phone = listed(&phone).await.into_iter().find(|it| it["current"] == true).expect("it");
        let foreign = bob.delete(&path(&of_phone)).await.expect_problem(404, "not_found");
        let missing = bob.delete("/auth/sessions/00000000-0000-7000-8000-000000000000").await;
        let missing = missing.expect_problem(404, "not_found");
        let body = |reply: &crate::support::Reply| {
            let mut body = reply.json();
            body["request_id"] = Value::Null;
            body
        };
        assert_eq!(body(&foreign), body(&missing));
        phone.get("/auth/me").await.expect(200);
        ada.delete(&path(&of_phone)).await.expect(204);
        phone.get("/auth/me").await.expect_problem(401, "invalid_token");
        let token = json!({"refresh_token": phone.refresh_token});
        phone.post("/auth/refresh", token).await.expect_problem(401, "invalid_refresh_token");
        ada.delete(&path(&of_phone)).await.expect_problem(404, "not_found");
        ada.get("/auth/me").await.expect(200);
        ada.delete("/auth/sessions/x").await.expect_problem(422, "validation");
    }
}
