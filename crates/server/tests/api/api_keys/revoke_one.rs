//! `DELETE /admin/users/{id}/keys/{key_id}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn one_key_of_a_user_is_revoked_and_the_others_stay(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let officer = app.officer(&root, "keeper", &["keys:write"]).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let first = ada.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let second = ada.program(&["tasks:read"]).await;
        let at = |whose: &crate::support::Client| whose.at(&format!("/keys/{}", first["id"].as_str().unwrap()));
        officer.delete(&at(&bob)).await.expect_problem(404, "not_found");
        ada.delete(&at(&ada)).await.expect_problem(403, "insufficient_scope");
        officer.delete(&ada.at("/keys/x")).await.expect_problem(422, "validation");
        officer.delete(&at(&ada)).await.expect(204);
        officer.delete(&at(&ada)).await.expect_problem(404, "not_found");
        ada.with_token(first["key"].as_str().unwrap()).get("/api/tasks").await.expect(401);
        second.get("/api/tasks").await.expect(200);
        let of_root = root.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let above = root.at(&format!("/keys/{}", of_root["id"].as_str().unwrap()));
        officer.delete(&above).await.expect_problem(403, "insufficient_scope");
    }
}
