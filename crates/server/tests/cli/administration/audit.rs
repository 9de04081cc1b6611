//! `doorward audit`.

use serde_json::Value;

use crate::program::Program;

fn database() -> Program {
    let program = Program::new();
    program.run(&["db", "migrate"]).expect(0);
    let create = ["user", "create", "ada@example.com", "--password-stdin"];
    program.fed(&create, "correct horse battery staple\n").expect(0);
    program
}

#[test]
fn the_log_is_shown_newest_last_a_line_each() {
    let program = database();
    program.run(&["role", "grant", "ada@example.com", "admin"]).expect(0);
    let shown = program.run(&["audit", "list"]).expect(0).stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].contains("account.create    success   by=cli  to="), "{shown}");
    assert!(lines[1].contains("role.grant") && lines[1].ends_with("detail=admin"), "{shown}");
    assert!(!shown.contains("ada@example.com"), "the log keeps ids alone");
    let last = program.run(&["audit", "list", "--limit", "1", "--json"]).expect(0).json();
    assert_eq!((last.as_array().map(Vec::len), &last[0]["event"]), (Some(1), &"role.grant".into()));
    let none = program.run(&["audit", "list", "--user", "ada@example.com", "--event", "login"]);
    assert_eq!(none.expect(0).stdout, "");
    let wrong = program.run(&["audit", "list", "--since", "yesterday"]).expect(2);
    assert_eq!(wrong.errors(), ["yesterday is not a time such as 2030-01-31T12:00:00Z."]);
}

#[test]
fn following_shows_what_was_and_then_what_happens_once() {
    let program = database();
    let mut follower = program.follow(&["audit", "list", "--follow", "--json"]);
    let event = |line: String| {
        let record: Value = serde_json::from_str(&line).expect("one document a line");
        record["event"].as_str().expect("an event").to_owned()
    };
    assert_eq!(event(follower.line()), "account.create");
    program.run(&["role", "grant", "ada@example.com", "admin"]).expect(0);
    assert_eq!(event(follower.line()), "role.grant");
    program.run(&["role", "create", "support"]).expect(0);
    program.run(&["role", "delete", "support", "--yes"]).expect(0);
    assert_eq!(event(follower.line()), "role.create");
    assert_eq!(event(follower.line()), "role.delete");
}

#[test]
fn pruning_says_how_many_records_went() {
    let program = database().env("AUDIT_RETENTION", "1d");
    let tables = rusqlite::Connection::open(program.folder().join("doorward.db")).expect("open");
    let old = "INSERT INTO audit_log (id, at, event, outcome, actor) \
        VALUES (zeroblob(16), '2026-01-01T00:00:00.000000Z', 'login', 'success', 'user')";
    tables.execute(old, []).expect("an old record");
    assert_eq!(program.run(&["audit", "prune"]).expect(0).stdout, "Removed 1 records.\n");
    let left = program.run(&["audit", "list", "--json"]).expect(0).json();
    assert_eq!(
        (left.as_array().map(Vec::len), &left[1]["event"]),
        (Some(2), &"audit.prune".into())
    );
}

#[test]
fn a_retention_time_below_a_day_is_refused() {
    for short in ["1s", "23h"] {
        let refused = database().env("AUDIT_RETENTION", short).run(&["audit", "prune"]).expect(78);
        assert!(refused.errors()[0].contains("must be a day or longer"), "{:?}", refused.errors());
    }
}
