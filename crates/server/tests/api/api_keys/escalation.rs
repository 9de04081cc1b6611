//! A key is no way to more than its scopes: not by roles, not by other accounts, not by other keys.

use serde_json::json;

use super::ALL;
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_key_makes_no_key_and_no_service_accounts_key(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let program = root.program(&ALL).await;
        let body = json!({"name": "child", "scopes": ["tasks:read"]});
        program.post("/auth/keys", body.clone()).await.expect_problem(403, "insufficient_scope");
        let service = program.makes_service("backup").await;
        program.post(&service.at("/keys"), body).await.expect_problem(403, "insufficient_scope");
        assert_eq!(root.get(&service.at("/keys")).await.json(), json!([]));
        assert_eq!(root.get("/auth/keys").await.json().as_array().unwrap().len(), 1);
    }

    async fn an_admins_key_gives_no_more_than_its_own_scopes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        root.post("/admin/roles", json!({"name": "reader", "permissions": ["users:read"]})).await.expect(201);
        root.post("/admin/roles", json!({"name": "plain"})).await.expect(201);
        let program = root.program(&["users:read", "users:write", "roles:grant", "roles:write"]).await;
        let account = json!({"email": "mallory@example.com", "password": "a horse of mallory"});
        let made = program.post("/admin/users", account).await.expect(201).json();
        let at = |more: &str| format!("/admin/users/{}{more}", made["id"].as_str().unwrap());
        let give = async |role: &str| program.raw("PUT", &at(&format!("/roles/{role}")), &[], "").await;
        give("admin").await.expect_problem(403, "insufficient_scope");
        give("reader").await.expect(204);
        give("plain").await.expect(204);
        let strong = json!({"name": "strong", "permissions": ["audit:read"]});
        program.post("/admin/roles", strong.clone()).await.expect_problem(403, "insufficient_scope");
        root.post("/admin/roles", strong).await.expect(201);
        give("strong").await.expect_problem(403, "insufficient_scope");
        let rise = json!({"permissions": ["users:read", "audit:read"]});
        program.put("/admin/roles/reader", rise).await.expect_problem(403, "insufficient_scope");
        program.delete("/admin/roles/strong").await.expect_problem(403, "insufficient_scope");
        let granter = root.program(&["roles:grant"]).await;
        granter.raw("PUT", &at("/roles/plain"), &[], "").await.expect_problem(403, "insufficient_scope");
    }

    async fn a_key_acts_on_nobody_who_holds_more_than_it_nor_on_its_owner(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let second = app.admin("second").await;
        let officer = app.officer(&root, "support", &["users:read", "users:write", "sessions:write"]).await;
        let ada = app.sign_up("ada").await;
        let program = officer.program(&["users:write", "sessions:write", "users:read"]).await;
        let weak = root.program(&["users:write", "sessions:write"]).await;
        let off = json!({"is_active": false});
        for (who, whom) in [(&weak, &second), (&weak, &officer), (&weak, &root), (&program, &officer), (&program, &root)] {
            who.patch(&whom.at(""), off.clone()).await.expect_problem(403, "insufficient_scope");
            who.delete(&whom.at("")).await.expect_problem(403, "insufficient_scope");
            who.delete(&whom.at("/sessions")).await.expect_problem(403, "insufficient_scope");
        }
        weak.delete("/admin/sessions").await.expect_problem(403, "insufficient_scope");
        for who in [&program, &weak] {
            who.patch(&ada.at(""), json!({"name": "Ada"})).await.expect(200);
        }
        for whom in [&second, &officer, &root] {
            whom.get("/auth/me").await.expect(200);
        }
    }
}
