//! Making, listing, changing and deleting roles.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_role_is_made_listed_changed_and_deleted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let made = json!({"name": "support", "description": " Helps people ",
            "permissions": ["users:write", "users:read", "users:read"]});
        let reply = ada.post("/admin/roles", made.clone()).await.expect(201);
        assert_eq!(reply.header("location"), "/admin/roles/support");
        let role = json!({"name": "support", "description": "Helps people",
            "permissions": ["users:read", "users:write"], "built_in": false});
        assert_eq!(reply.json(), role);
        ada.post("/admin/roles", made).await.expect_problem(409, "role_taken");
        let all = ada.get("/admin/roles").await.expect(200).json();
        let admin = json!({"name": "admin", "description": "Every permission",
            "permissions": ["*"], "built_in": true});
        assert_eq!((&all[0], &all[2]), (&admin, &role));
        let reply = ada.put("/admin/roles/support", json!({"description": "Reads"})).await;
        assert_eq!(reply.expect(200).json()["permissions"], json!(["users:read", "users:write"]));
        let reply = ada.put("/admin/roles/support", json!({"permissions": ["users:read"]})).await;
        let reply = reply.expect(200).json();
        assert_eq!((&reply["description"], &reply["permissions"]), (&json!("Reads"), &json!(["users:read"])));
        ada.delete("/admin/roles/support").await.expect(204);
        ada.delete("/admin/roles/support").await.expect_problem(404, "not_found");
        ada.put("/admin/roles/support", json!({})).await.expect_problem(404, "not_found");
    }

    async fn the_built_in_roles_stay_as_they_are(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for role in ["admin", "user"] {
            let path = format!("/admin/roles/{role}");
            ada.put(&path, json!({"permissions": []})).await.expect_problem(409, "role_built_in");
            ada.delete(&path).await.expect_problem(409, "role_built_in");
            ada.post("/admin/roles", json!({"name": role})).await.expect_problem(409, "role_taken");
        }
        ada.get("/admin/users").await.expect(200);
    }

    async fn bad_roles_are_422_with_every_problem_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bad = json!({"name": "Bad Name", "description": "a\u{0}", "permissions": ["*"]});
        let reply = ada.post("/admin/roles", bad).await.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(3), "{reply}");
        for permissions in [json!("users:read"), json!(["users:*"]), json!([null]), json!([["users:read"]])] {
            let role = json!({"name": "x", "permissions": permissions});
            ada.post("/admin/roles", role).await.expect_problem(422, "validation");
        }
        ada.post("/admin/roles", json!({})).await.expect_problem(422, "validation");
    }
}
