//! `POST /auth/me/delete`, for clients that cannot send a body with DELETE.

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn the_alias_deletes_by_post(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        ada.post("/auth/me/delete", json!({"password": PASSWORD})).await.expect(204);
        ada.get("/auth/me").await.expect(401);
    }

    async fn a_wrong_or_missing_password_deletes_nothing_by_post_either(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = "/auth/me/delete";
        ada.post(path, json!({"password": "wrong"})).await.expect_problem(403, "wrong_password");
        for body in [json!({}), json!({"password": null})] {
            ada.post(path, body).await.expect_problem(422, "validation");
        }
        let body = json!({"password": PASSWORD});
        app.anonymous().post(path, body).await.expect_problem(401, "not_authenticated");
        ada.get("/auth/me").await.expect(200);
    }
}
