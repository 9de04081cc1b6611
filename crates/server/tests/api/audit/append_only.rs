//! The database itself refuses to change or remove records.

use doorward::sql::{Sql, Step};
use doorward::step;

use crate::both;
use crate::support::TestApp;

fn attempt(text: &'static str) -> Step {
    let sql = Sql::constant("ATTEMPT", text);
    step!(sql)
}

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
        } else {
            attempts.push("REPLACE INTO audit_log SELECT * FROM audit_log LIMIT 1");
            attempts.push(
                "REPLACE INTO audit_log (rowid, id, at, event, outcome, actor) \
                 SELECT rowid, zeroblob(16), at, 'login', 'success', 'user' FROM audit_log LIMIT 1",
            );
        }
        for text in attempts {
            let done = app.app.db.execute::<()>(attempt(text)).await;
            let error = done.expect_err(text).to_string();
            assert!(error.contains("audit_log is append-only"), "{text}: {error}");
        }
        assert_eq!(ada.get("/admin/audit").await.expect(200).json(), before);
    }

    async fn the_horizon_cannot_be_moved_over_what_is_young(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let before = ada.get("/admin/audit").await.expect(200).json();
        let mut attempts = vec![
            "UPDATE audit_horizon SET at = '9999-12-31T00:00:00.000000Z'",
            "DELETE FROM audit_horizon",
            "INSERT INTO audit_horizon (only_row, at) VALUES (1, '9999-12-31T00:00:00.000000Z') \
             ON CONFLICT (only_row) DO UPDATE SET at = '9999-12-31T00:00:00.000000Z'",
            "UPDATE audit_horizon SET at = '1969-01-01T00:00:00.000000Z'",
        ];
        if engine == Engine::Postgres {
            attempts.push("UPDATE audit_horizon SET at = now() - INTERVAL '11 hours'");
            attempts.push("UPDATE audit_horizon SET at = 'infinity'");
            attempts.push("TRUNCATE audit_horizon");
        } else {
            attempts.push("UPDATE audit_horizon SET at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-11 hours')");
            attempts.push("UPDATE audit_horizon SET at = x'ff'");
            attempts.push("REPLACE INTO audit_horizon (only_row, at) VALUES (1, '9999-12-31T00:00:00.000000Z')");
        }
        for text in attempts {
            let done = app.app.db.execute::<()>(attempt(text)).await;
            let error = done.expect_err(text).to_string();
            assert!(error.contains("audit_horizon only moves forward"), "{text}: {error}");
        }
        assert_eq!(ada.get("/admin/audit").await.expect(200).json(), before);
    }

    async fn a_table_of_the_same_name_is_not_taken_for_the_horizon(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let before = ada.get("/admin/audit").await.expect(200).json();
        let table = match engine {
            Engine::Sqlite => "CREATE TEMPORARY TABLE audit_horizon AS SELECT '9999-12-31T00:00:00.000000Z' AS at",
            Engine::Postgres => "CREATE TEMPORARY TABLE audit_horizon AS SELECT timestamptz 'infinity' AS at",
        };
        let steps = vec![attempt(table), attempt("DELETE FROM audit_log")];
        let done = app.app.db.write(steps).await;
        let error = done.expect_err("refused").to_string();
        assert!(error.contains("audit_log is append-only"), "{error}");
        assert_eq!(ada.get("/admin/audit").await.expect(200).json(), before);
    }
}
