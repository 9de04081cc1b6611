//! SQL is not checked when it is compiled, so every statement is prepared here on both engines, in
//! every form in which it may be sent.

use doorward::sql::Sql;

use crate::architecture::rust_files;
use crate::support::TestApp;

/// The statements of every store, with the folder that owns them.
const STORES: [(&str, &[Sql]); 10] = [
    ("keys", doorward::keys::STATEMENTS),
    ("audit", doorward::audit::STATEMENTS),
    ("guesses", doorward::guesses::STATEMENTS),
    ("passwords", doorward::passwords::STATEMENTS),
    ("accounts", doorward::accounts::STATEMENTS),
    ("roles", doorward::roles::STATEMENTS),
    ("users", doorward::users::STATEMENTS),
    ("identities", doorward::identities::STATEMENTS),
    ("sessions", doorward::sessions::STATEMENTS),
    ("tasks", doorward::tasks::STATEMENTS),
];

#[test]
fn no_store_is_left_out() {
    let files = rust_files("crates/server/src");
    let stores: Vec<_> = files.iter().filter(|(name, _)| name.ends_with("/store.rs")).collect();
    assert_eq!(stores.len(), STORES.len(), "a store is missing from STORES");
    for (name, _) in stores {
        assert!(STORES.iter().any(|(folder, _)| name.contains(&format!("/{folder}/"))), "{name}");
    }
}

both! {
    async fn every_statement_prepares(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (folder, statements) in STORES.into_iter().chain([("gate", doorward::gate::STATEMENTS)]) {
            assert!(!statements.is_empty(), "{folder} declares no statement");
            for sql in statements {
                let prepared = app.app.db.prepare(*sql).await;
                assert!(prepared.is_ok(), "{folder}: {}: {}\n{prepared:?}", sql.name, sql.text);
            }
        }
    }

    async fn a_statement_with_a_mistake_does_not_prepare(engine: Engine) {
        let app = TestApp::start(engine).await;
        let wrong = doorward::statement!("WRONG", "SELECT no_such_column FROM users WHERE id = $1");
        assert!(app.app.db.prepare(wrong).await.is_err());
    }
}
