//! What ends at one process has ended at the other with the very next request.

use serde_json::json;

use crate::replicas::pair::Pair;
use crate::support::client::PASSWORD;

both! {
    async fn a_logout_at_one_process_is_known_to_the_other_at_once(engine: Engine) {
        let pair = Pair::start(engine).await;
        pair.sign_up("ada").await;
        for path in ["/auth/logout", "/auth/logout?scope=all"] {
            let ada = pair.one.anonymous().login("ada@example.com", PASSWORD).await;
            let there = pair.there(&ada);
            there.get("/api/tasks").await.expect(200);
            ada.post_empty(path).await.expect(204);
            there.get("/api/tasks").await.expect_problem(401, "invalid_token");
            let token = json!({"refresh_token": ada.refresh_token});
            there.post("/auth/refresh", token).await.expect_problem(401, "invalid_refresh_token");
        }
    }

    async fn a_ban_at_one_process_is_known_to_the_other_at_once(engine: Engine) {
        let pair = Pair::start(engine).await;
        let (root, bob) = (pair.admin("root").await, pair.sign_up("bob").await);
        let there = pair.there(&bob);
        there.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        let ban = json!({"banned_until": "9999-12-31T23:59:59Z"});
        root.patch(&bob.at(""), ban).await.expect(200);
        let task = there.post("/api/tasks", json!({"title": "x"})).await;
        task.expect_problem(401, "invalid_token");
        let login = json!({"email": "bob@example.com", "password": PASSWORD});
        pair.two.anonymous().post("/auth/login", login.clone()).await.expect_problem(403, "account_disabled");
        root.patch(&bob.at(""), json!({"banned_until": null})).await.expect(200);
        pair.two.anonymous().post("/auth/login", login).await.expect(200);
    }

    async fn a_role_taken_at_one_process_is_gone_at_the_other_at_once(engine: Engine) {
        let pair = Pair::start(engine).await;
        let (root, eve) = (pair.admin("root").await, pair.sign_up("eve").await);
        let role = json!({"name": "reader", "permissions": ["users:read"]});
        root.post("/admin/roles", role).await.expect(201);
        let there = pair.there(&eve);
        for _ in 0..3 {
            there.get("/admin/users").await.expect_problem(403, "insufficient_scope");
            root.raw("PUT", &eve.at("/roles/reader"), &[], "").await.expect(204);
            there.get("/admin/users").await.expect(200);
            root.delete(&eve.at("/roles/reader")).await.expect(204);
        }
        root.raw("PUT", &eve.at("/roles/reader"), &[], "").await.expect(204);
        there.get("/admin/users").await.expect(200);
        root.put("/admin/roles/reader", json!({"permissions": []})).await.expect(200);
        there.get("/admin/users").await.expect_problem(403, "insufficient_scope");
    }

    async fn a_password_changed_at_one_process_is_the_password_at_the_other(engine: Engine) {
        let pair = Pair::start(engine).await;
        let ada = pair.sign_up("ada").await;
        let elsewhere = pair.two.anonymous().login("ada@example.com", PASSWORD).await;
        let new = "tortoise hare beetle";
        let change = json!({"current_password": PASSWORD, "new_password": new});
        let changed = ada.post("/auth/password", change).await;
        assert!(matches!(changed.status, 200 | 204), "{}", changed.text());
        elsewhere.get("/auth/me").await.expect_problem(401, "invalid_token");
        let old = json!({"email": "ada@example.com", "password": PASSWORD});
        pair.two.anonymous().post("/auth/login", old).await.expect(401);
        pair.two.anonymous().login("ada@example.com", new).await;
    }
}
