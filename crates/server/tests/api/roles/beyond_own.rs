//! Nobody gives, makes or changes more than they hold.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_grant_cannot_exceed_the_granter_s_own_permissions(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant", "users:read"]).await;
        let bob = app.sign_up("bob").await;
        ada.post("/admin/roles", json!({"name": "reader", "permissions": ["users:read"]})).await.expect(201);
        ada.post("/admin/roles", json!({"name": "auditor", "permissions": ["audit:read", "users:read"]})).await.expect(201);
        eve.raw("PUT", &bob.at("/roles/reader"), &[], "").await.expect(204);
        for (to, role) in [(&bob, "auditor"), (&bob, "admin"), (&eve, "auditor"), (&eve, "admin")] {
            let reply = eve.raw("PUT", &to.at(&format!("/roles/{role}")), &[], "").await;
            reply.expect_problem(403, "insufficient_scope");
        }
        let reply = eve.raw("PUT", &eve.at("/roles/auditor"), &[], "").await;
        assert!(reply.text().contains("audit:read"), "{}", reply.text());
        assert_eq!(ada.get(&bob.at("")).await.json()["roles"], json!(["reader", "user"]));
        assert_eq!(ada.get(&eve.at("")).await.json()["roles"], json!(["granter", "user"]));
        eve.delete(&ada.at("/roles/admin")).await.expect_problem(403, "insufficient_scope");
        eve.delete(&bob.at("/roles/reader")).await.expect(204);
    }

    async fn a_role_cannot_be_made_or_changed_beyond_its_maker_s_own(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "maker", &["roles:write", "users:read"]).await;
        let own = json!({"name": "reader", "permissions": ["users:read"]});
        eve.post("/admin/roles", own).await.expect(201);
        let more = json!({"name": "more", "permissions": ["users:read", "users:write"]});
        eve.post("/admin/roles", more).await.expect_problem(403, "insufficient_scope");
        let rise = json!({"permissions": ["roles:write", "users:read", "roles:grant"]});
        // The role she holds herself: the change must not allow itself.
        eve.put("/admin/roles/maker", rise.clone()).await.expect_problem(403, "insufficient_scope");
        eve.put("/admin/roles/reader", rise).await.expect_problem(403, "insufficient_scope");
        ada.post("/admin/roles", json!({"name": "strong", "permissions": ["users:write"]})).await.expect(201);
        eve.put("/admin/roles/strong", json!({"permissions": []})).await.expect_problem(403, "insufficient_scope");
        eve.delete("/admin/roles/strong").await.expect_problem(403, "insufficient_scope");
        let roles = ada.get("/admin/roles").await.json();
        let names: Vec<_> = roles.as_array().expect("roles").iter().map(|it| it["name"].clone()).collect();
        assert_eq!(names, ["admin", "user", "maker", "reader", "strong"]);
    }

    async fn nobody_acts_on_a_user_who_holds_more(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let _second = app.admin("second").await;
        let eve = app.officer(&ada, "support", &["users:read", "users:write"]).await;
        let bob = app.sign_up("bob").await;
        let off = json!({"is_active": false});
        eve.patch(&ada.at(""), off.clone()).await.expect_problem(403, "insufficient_scope");
        eve.delete(&ada.at("")).await.expect_problem(403, "insufficient_scope");
        assert_eq!(ada.get(&ada.at("")).await.expect(200).json()["is_active"], true);
        eve.patch(&bob.at(""), off).await.expect(200);
        eve.delete(&bob.at("")).await.expect(204);
    }

    async fn a_role_that_only_other_services_know_is_given_by_its_holders_and_by_who_makes_roles(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant"]).await;
        let friend = app.sign_up("friend").await;
        ada.post("/admin/roles", json!({"name": "billing-admin", "permissions": []})).await.expect(201);
        for to in [&eve, &friend] {
            let reply = eve.raw("PUT", &to.at("/roles/billing-admin"), &[], "").await;
            reply.expect_problem(403, "insufficient_scope");
            assert!(!ada.get(&to.at("")).await.text().contains("billing-admin"));
        }
        ada.raw("PUT", &friend.at("/roles/billing-admin"), &[], "").await.expect(204);
        eve.delete(&friend.at("/roles/billing-admin")).await.expect_problem(403, "insufficient_scope");
        ada.raw("PUT", &eve.at("/roles/billing-admin"), &[], "").await.expect(204);
        eve.delete(&friend.at("/roles/billing-admin")).await.expect(204);
        eve.raw("PUT", &friend.at("/roles/user"), &[], "").await.expect(204);
        let maker = app.officer(&ada, "maker", &["roles:grant", "roles:write"]).await;
        maker.raw("PUT", &friend.at("/roles/billing-admin"), &[], "").await.expect(204);
    }
}
