//! `DELETE /admin/users/{id}/keys`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn all_keys_of_a_user_are_revoked_by_who_holds_as_much(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let officer = app.officer(&root, "keeper", &["keys:write"]).await;
        let ada = app.sign_up("ada").await;
        let programs = [ada.program(&["tasks:read"]).await, ada.program(&["tasks:read"]).await];
        let of_root = root.program(&["tasks:read"]).await;
        officer.delete(&root.at("/keys")).await.expect_problem(403, "insufficient_scope");
        of_root.get("/api/tasks").await.expect(200);
        officer.delete(&ada.at("/keys")).await.expect(204);
        for program in programs {
            program.get("/api/tasks").await.expect_problem(401, "invalid_token");
        }
        ada.get("/api/tasks").await.expect(200);
        officer.delete(&ada.at("/keys")).await.expect(204);
        ada.delete(&officer.at("/keys")).await.expect_problem(403, "insufficient_scope");
        let nobody = "/admin/users/0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b/keys";
        officer.delete(nobody).await.expect_problem(404, "not_found");
        let events = app.audited(&root, "api_key.revoke").await;
        assert_eq!((events.len(), &events[0]["detail"]), (2, &json!("all")));
    }
}
