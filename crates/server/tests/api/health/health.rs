//! `GET /health`.

use serde_json::json;

use super::ask;
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_server_whose_database_answers_is_healthy_and_says_its_version(engine: Engine) {
        let app = TestApp::start(engine).await;
        let healthy =
            json!({"status": "healthy", "database": "ok", "version": env!("CARGO_PKG_VERSION")});
        assert_eq!(ask(&app, "/health").await.expect(200).json(), healthy);
    }
}
