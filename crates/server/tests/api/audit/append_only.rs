//! The database itself refuses to change or remove records.

use doorward::sql::{Sql, Step};

use crate::both;
use crate::support::TestApp;

both! {
    async fn records_cannot_be_changed_or_removed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let before = ada.get("/admin/audit").await.expect(200).json();
        let mut attempts = vec![
            "UPDATE audit_log SET outcome = 'success'",
            "UPDATE audit_log SET actor_id = NULL",
            "DELETE FROM audit_log",
            "DELETE FROM audit_log WHERE event = 'login'",
        ];
        if engine == Engine::Postgres {
            attempts.push("TRUNCATE audit_log");
        }
        for text in attempts {
            let done = app.app.db.execute::<()>(Step::new(Sql::constant("ATTEMPT", text), Vec::new())).await;
            let error = done.expect_err(text).to_string();
            assert!(error.contains("audit_log is append-only"), "{text}: {error}");
        }
        assert_eq!(ada.get("/admin/audit").await.expect(200).json(), before);
    }
}
