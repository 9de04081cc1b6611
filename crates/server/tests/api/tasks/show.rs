//! `GET /api/tasks/{id}`.

use serde_json::json;

use super::{make, path};
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_client_that_has_this_version_gets_304(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = path(&make(&ada, json!({"title": "x"})).await);
        for known in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*", "W/\"x,y\" ,W/\"1\""] {
            let reply = ada.raw("GET", &path, &[("if-none-match", known)], "").await.expect(304);
            assert_eq!(reply.header("etag"), "\"1\"");
            assert!(reply.bytes.is_empty());
        }
        for other in ["\"2\"", "1", "\"01\"", "garbage", ""] {
            let reply = ada.raw("GET", &path, &[("if-none-match", other)], "").await.expect(200);
            assert_eq!(reply.header("etag"), "\"1\"");
        }
        ada.patch(&path, json!({"title": "y"})).await.expect(200);
        let reply = ada.raw("GET", &path, &[("if-none-match", "\"1\"")], "").await.expect(200);
        assert_eq!(reply.header("etag"), "\"2\"");
    }

    async fn a_malformed_id_is_422_with_a_token_and_401_without(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for id in [
            "1",
            "not-a-uuid",
            "01890a5d-ac96-774b-bcce-b302099a805",
            "01890a5dac96774bbcceb302099a8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
            "01890a5d-ac96-774b-bcce-b302099a8057%00",
            "01890a5d-ac96-774b-bcce-b302099a805%C3%A9",
            "%ff",
            "%27%20OR%201=1--",
        ] {
            let path = format!("/api/tasks/{}", id.replace(['{', '}'], "%7B"));
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                let json = [("content-type", "application/json")];
                app.anonymous().raw(method, &path, &json, "{}").await.expect_problem(401, "not_authenticated");
                ada.raw(method, &path, &json, "{}").await.expect_problem(422, "validation");
            }
            let complete = format!("{path}/complete");
            ada.raw("PATCH", &complete, &[], "").await.expect_problem(422, "validation");
        }
    }

    async fn a_missing_task_is_404(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for id in [
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "01890A5D-AC96-774B-BCCE-B302099A8057",
        ] {
            ada.get(&format!("/api/tasks/{id}")).await.expect_problem(404, "not_found");
        }
    }
}
