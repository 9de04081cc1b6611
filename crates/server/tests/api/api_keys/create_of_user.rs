//! `POST /admin/users/{id}/keys`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn an_administrator_makes_keys_of_service_accounts_and_of_nobody_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let service = root.makes_service("backup").await;
        let body = json!({"name": "first", "scopes": ["tasks:read", "tasks:write"]});
        let made = root.post(&service.at("/keys"), body.clone()).await.expect(201);
        assert!(made.header("location").starts_with(&service.at("/keys/")));
        let program = app.anonymous().with_token(made.json()["key"].as_str().unwrap());
        let task = program.post("/api/tasks", json!({"title": "x"})).await.expect(201).json();
        assert_eq!(task["user_id"], service.user["id"]);
        let ada = app.sign_up("ada").await;
        root.post(&ada.at("/keys"), body.clone()).await.expect_problem(404, "not_found");
        root.post(&root.at("/keys"), body.clone()).await.expect_problem(404, "not_found");
        let nobody = "/admin/users/0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b/keys";
        root.post(nobody, body.clone()).await.expect_problem(404, "not_found");
        ada.post(&service.at("/keys"), body).await.expect_problem(403, "insufficient_scope");
    }

    async fn its_scopes_are_out_of_the_accounts_permissions_and_its_maker_holds_them(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let service = root.makes_service("support").await;
        let body = json!({"name": "x", "scopes": ["users:read"]});
        let refused = root.post(&service.at("/keys"), body.clone()).await;
        let refused = refused.expect_problem(403, "insufficient_scope").json();
        assert_eq!(refused["detail"], "The owner of the key lacks the permission users:read.");
        root.post("/admin/roles", json!({"name": "reader", "permissions": ["users:read"]})).await.expect(201);
        root.raw("PUT", &service.at("/roles/reader"), &[], "").await.expect(204);
        let officer = app.officer(&root, "keeper", &["keys:write"]).await;
        officer.post(&service.at("/keys"), body.clone()).await.expect_problem(403, "insufficient_scope");
        let made = root.post(&service.at("/keys"), body).await.expect(201).json();
        let program = app.anonymous().with_token(made["key"].as_str().unwrap());
        program.get("/admin/users?is_service=true").await.expect(200);
        root.delete(&service.at("/roles/reader")).await.expect(204);
        program.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        root.delete(&service.at("")).await.expect(204);
        program.get("/admin/users").await.expect_problem(401, "invalid_token");
    }
}
