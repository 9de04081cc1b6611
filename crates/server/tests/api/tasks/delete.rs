//! `DELETE /api/tasks/{id}`.

use serde_json::{Value, json};

use super::{conditional, make_titled};
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_deleted_task_is_gone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        let kept = make_titled(&ada, "kept").await;
        let reply = ada.delete(&path).await.expect(204);
        assert!(reply.bytes.is_empty());
        ada.delete(&path).await.expect_problem(404, "not_found");
        ada.get(&path).await.expect_problem(404, "not_found");
        ada.patch(&path, json!({"title": "x"})).await.expect_problem(404, "not_found");
        ada.get(&kept).await.expect(200);
    }

    async fn if_match_protects_a_changed_task(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        ada.patch(&path, json!({"title": "newer"})).await.expect(200);
        conditional(&ada, "DELETE", &path, "\"1\"", Value::Null)
            .await
            .expect_problem(412, "precondition_failed");
        ada.get(&path).await.expect(200);
        conditional(&ada, "DELETE", &path, "\"2\"", Value::Null).await.expect(204);
    }
}
