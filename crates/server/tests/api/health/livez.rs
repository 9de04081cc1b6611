//! `GET /livez`.

use serde_json::json;

use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_server_is_alive_whatever_its_database_says(engine: Engine) {
        let app = TestApp::start(engine).await;
        let alive = app.anonymous().get("/livez").await.expect(200).json();
        assert_eq!(alive, json!({"status": "alive"}));
        sql::<()>(&app, "ALTER TABLE users RENAME TO gone").await;
        app.anonymous().get("/livez").await.expect(200);
    }
}
