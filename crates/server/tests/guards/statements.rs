//! SQL is not checked when it is compiled, so every statement is prepared here on both engines, in
//! every form in which it may be sent.

use doorward::sql::Sql;

use crate::architecture::{code, refuse, rust_files};
use crate::support::TestApp;

/// The statements of every store, with the folder that owns them.
const STORES: [(&str, &[Sql]); 20] = [
    ("keys", doorward::keys::STATEMENTS),
    ("audit", doorward::audit::STATEMENTS),
    ("single_use", doorward::single_use::STATEMENTS),
    ("outbox", doorward::mail::STATEMENTS),
    ("guesses", doorward::guesses::STATEMENTS),
    ("passwords", doorward::passwords::STATEMENTS),
    ("accounts", doorward::accounts::STATEMENTS),
    ("roles", doorward::roles::STATEMENTS),
    ("users", doorward::users::STATEMENTS),
    ("identities", doorward::identities::STATEMENTS),
    ("api_keys", doorward::api_keys::STATEMENTS),
    ("factors", doorward::factors::STATEMENTS),
    ("devices", doorward::devices::STATEMENTS),
    ("sessions", doorward::sessions::STATEMENTS),
    ("passkeys", doorward::passkeys::STATEMENTS),
    ("codes", doorward::codes::STATEMENTS),
    ("emails", doorward::emails::STATEMENTS),
    ("tasks", doorward::tasks::STATEMENTS),
    ("tasks/list", doorward::tasks::LIST_STATEMENTS),
    ("exports", doorward::exports::STATEMENTS),
];

/// Those of the gate, which is no store.
const GATE: [(&str, &[Sql]); 2] =
    [("gate", doorward::gate::STATEMENTS), ("gate", doorward::gate::FIRST_USE_STATEMENTS)];

#[test]
fn no_store_is_left_out() {
    let files = rust_files("crates/server/src");
    let stores: Vec<_> = files.iter().filter(|(name, _)| name.ends_with("/store.rs")).collect();
    assert_eq!(stores.len(), STORES.len(), "a store is missing from STORES");
    for (name, _) in stores {
        assert!(STORES.iter().any(|(folder, _)| name.contains(&format!("/{folder}/"))), "{name}");
    }
}

#[test]
fn the_tasks_alone_go_through_the_owners_view_and_all_of_them_do() {
    for (folder, statements) in STORES {
        for sql in statements {
            assert_eq!(sql.is_owned, folder.starts_with("tasks"), "{folder}: {}", sql.name);
        }
    }
}

#[test]
fn no_text_is_searched_for_the_view_or_rewritten() {
    let files = rust_files("crates/server/src");
    let bad: Vec<_> = files
        .iter()
        .filter(|(name, _)| !name.contains("/src/schema/"))
        // It asks whether the view is there, on PostgreSQL alone.
        .filter(|(name, _)| !name.ends_with("/db/postgres/isolation.rs"))
        .filter(|(name, text)| {
            let text = code(text).replace("{own_tasks}", "");
            let data = ["/src/sql/", "/src/gate/", "/src/db/"].iter().any(|it| name.contains(it));
            text.contains("own_tasks") || data && text.contains(".replace")
        })
        .map(|(name, _)| name.clone())
        .collect();
    refuse(&bad, "`statement!` spells a text for each engine; name the view `{own_tasks}`");
}

both! {
    async fn every_statement_prepares(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (folder, statements) in STORES.into_iter().chain(GATE) {
            assert!(!statements.is_empty(), "{folder} declares no statement");
            for sql in statements {
                let prepared = app.app.db.prepare(*sql).await;
                assert!(prepared.is_ok(), "{folder}: {}: {}\n{prepared:?}", sql.name, sql.postgres);
            }
        }
    }

    async fn a_statement_with_a_mistake_does_not_prepare(engine: Engine) {
        let app = TestApp::start(engine).await;
        let wrong = doorward::statement!("WRONG", "SELECT no_such_column FROM users WHERE id = :id");
        assert!(app.app.db.prepare(wrong).await.is_err());
    }
}

/// The tables that a statement names behind this word, which ends in a space.
fn behind<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let ends = |c: char| !(c.is_ascii_lowercase() || c == '_');
    text.split(word).skip(1).filter_map(|rest| rest.split(ends).next()).collect()
}

/// What `serve` asks of the login at its start is what the statements do.
#[test]
fn the_privileges_asked_for_are_those_that_statements_use() {
    let mut used = std::collections::BTreeSet::new();
    for sql in STORES.into_iter().chain(GATE).flat_map(|(_, statements)| statements) {
        let text = sql.postgres;
        for (word, privilege) in [
            ("INSERT INTO ", "INSERT"),
            ("UPDATE ", "UPDATE"),
            ("DELETE FROM ", "DELETE"),
            ("FROM ", "SELECT"),
            ("JOIN ", "SELECT"),
        ] {
            for table in behind(text, word) {
                used.insert((table, privilege));
                if privilege == "INSERT" && text.contains("DO UPDATE") {
                    used.insert((table, "UPDATE"));
                }
            }
        }
    }
    let asked = doorward::schema::USES;
    let mut asked_for = std::collections::BTreeSet::new();
    for line in asked.split('(').skip(1) {
        let mut parts = line.split('\'').skip(1).step_by(2);
        let (table, privileges) =
            (parts.next().expect("a table"), parts.next().expect("privileges"));
        asked_for.extend(privileges.split(", ").map(|privilege| (table, privilege)));
    }
    let made = doorward::schema::MIGRATIONS.iter().flat_map(|one| behind(one.up, "CREATE TABLE "));
    let tables: Vec<_> = made.chain(["own_tasks", "doorward_migrations"]).collect();
    used.retain(|(table, _)| tables.contains(table));
    let missing: Vec<_> = used.difference(&asked_for).collect();
    let idle: Vec<_> = asked_for.difference(&used).filter(|it| it.1 != "SELECT").collect();
    assert!(missing.is_empty() && idle.is_empty(), "not asked for {missing:?}, not used {idle:?}");
}

/// And the functions, which somebody may have taken from everybody.
#[test]
fn the_functions_asked_for_are_those_that_statements_call() {
    let mut called = std::collections::BTreeSet::new();
    for sql in STORES.into_iter().chain(GATE).flat_map(|(_, statements)| statements) {
        called.extend(
            behind(sql.postgres, "doorward_")
                .into_iter()
                .filter(|name| sql.postgres.contains(&format!("doorward_{name}("))),
        );
    }
    let asked: std::collections::BTreeSet<_> =
        behind(doorward::schema::CALLS, "'doorward_").into_iter().collect();
    assert_eq!(called, asked);
}
