//! `GET /admin/users/{id}/keys`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn whoever_may_administer_keys_sees_those_of_others(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let officer = app.officer(&root, "keeper", &["keys:write"]).await;
        let found = officer.get(&ada.at("/keys")).await.expect(200);
        assert_eq!(found.json()[0]["id"], made["id"]);
        assert!(!found.text().contains("dwk_"), "{}", found.text());
        ada.get(&officer.at("/keys")).await.expect_problem(403, "insufficient_scope");
        let nobody = "/admin/users/0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b/keys";
        officer.get(nobody).await.expect_problem(404, "not_found");
        officer.get("/admin/users/x/keys").await.expect_problem(422, "validation");
    }
}
