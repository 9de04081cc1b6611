//! `db rls-sql`: a role that may only call sees the rows of whom its token names; and what raw SQL can forge.

use crate::db::schema::Schema;
use crate::program::Program;
use crate::support::Engine;

const ADA: &str = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
const EVE: &str = "7f9619ff-8b86-4011-b42d-00c04fc964ff";

/// A database with a table of notes of two people.
async fn notes(role: &str, kind: &str, more: &[&str]) -> Schema {
    let schema = Schema::empty(Engine::Postgres).await;
    schema.sql(&format!(
        "CREATE SCHEMA app; CREATE TABLE app.\"Notes\" (id integer PRIMARY KEY, text text, \"Owner\" {kind}); \
         INSERT INTO app.\"Notes\" VALUES (1, 'of ada', '{ADA}'), (2, 'of eve', '{EVE}'), (3, 'of nobody', NULL)"
    ));
    let arguments = ["rls-sql", "--table", "app.Notes", "--owner-column", "Owner", "--role", role];
    let script = schema.db(&[&arguments, more].concat()).expect(0).stdout;
    schema.sql(&script);
    schema.sql(&format!("GRANT USAGE ON SCHEMA app TO \"{role}\""));
    // Again, as after an upgrade.
    schema.sql(&script);
    schema
}

/// What the role is answered in a transaction whose claims are these, as `PostgREST` sets them.
fn asked(schema: &Schema, role: &str, claims: &str, sql: &str) -> String {
    let claims = claims.replace('\'', "''");
    let set = format!("SELECT set_config('request.jwt.claims', '{claims}', true) IS NULL");
    let said = schema.sql(&format!("BEGIN; SET LOCAL ROLE \"{role}\"; {set}; {sql}; ROLLBACK"));
    said.trim_start_matches('f').trim().to_owned()
}

const READ: &str = "SELECT string_agg(text, ',' ORDER BY id) FROM app.\"Notes\"";

fn of(user: &str) -> String {
    format!(r#"{{"sub": "{user}", "role": "authenticated", "exp": 4102444800}}"#)
}

#[tokio::test]
async fn a_caller_reads_and_writes_the_own_rows_alone() {
    let role = "rls_reader";
    for (kind, more) in [("uuid", [].as_slice()), ("text", ["--owner-type", "text"].as_slice())] {
        let schema = notes(role, kind, more).await;
        assert_eq!(asked(&schema, role, &of(ADA), READ), "of ada", "{kind}");
        assert_eq!(asked(&schema, role, &of(EVE), READ), "of eve", "{kind}");
        let change = "UPDATE app.\"Notes\" SET text = 'x' RETURNING id";
        assert_eq!(asked(&schema, role, &of(ADA), change), "1", "{kind}");
        assert_eq!(asked(&schema, role, &of(ADA), "DELETE FROM app.\"Notes\" RETURNING id"), "1");
        let own = format!("INSERT INTO app.\"Notes\" VALUES (4, 'new', '{ADA}') RETURNING id");
        assert_eq!(asked(&schema, role, &of(ADA), &own), "4", "{kind}");
        let refused = std::panic::catch_unwind(|| asked(&schema, role, &of(EVE), &own));
        let why = *refused.expect_err("a row of somebody else").downcast::<String>().expect("text");
        assert!(why.contains("row-level security"), "{why}");
        let gift = format!("UPDATE app.\"Notes\" SET \"Owner\" = '{EVE}'");
        assert!(std::panic::catch_unwind(|| asked(&schema, role, &of(ADA), &gift)).is_err());
    }
}

#[tokio::test]
async fn without_claims_that_name_a_user_there_is_nothing() {
    let role = "rls_nobody";
    let schema = notes(role, "uuid", &[]).await;
    let expired = format!(r#"{{"sub": "{ADA}", "exp": 1600000000}}"#);
    let odd_date = format!(r#"{{"sub": "{ADA}", "exp": "tomorrow"}}"#);
    for claims in [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        r#"{"sub": null}"#,
        r#"{"sub": 7}"#,
        r#"{"sub": ""}"#,
        r#"{"sub": "ada"}"#,
        r#"{"sub": "' OR true --"}"#,
        r#"{"sub": "\u0000"}"#,
        r#"{"sub": ["x"]}"#,
        &expired,
        &odd_date,
        &format!("[{}]", of(ADA)),
    ] {
        assert_eq!(asked(&schema, role, claims, READ), "", "{claims}");
    }
    let never_set = format!("SET ROLE \"{role}\"; {READ}");
    assert_eq!(schema.sql(&never_set).trim(), "");
}

#[tokio::test]
async fn a_forged_setting_is_believed_and_the_script_says_so() {
    let role = "rls_forger";
    let schema = notes(role, "uuid", &[]).await;
    // What raw SQL may do, whichever user the connection was meant for.
    let forge =
        format!("SELECT set_config('request.jwt.claims', '{}', true) IS NULL; {READ}", of(EVE));
    let said = asked(&schema, role, &of(ADA), &forge);
    assert_eq!(said.lines().last(), Some("of eve"), "{said}");
    let script = schema.db(&["rls-sql"]).expect(0).stdout;
    assert!(
        script.contains("What can be forged: request.jwt.claims is an ordinary setting"),
        "{script}"
    );
    // The owner is not held to it, which it says too.
    assert_eq!(schema.sql(READ).trim(), "of ada,of eve,of nobody");
    assert!(script.contains("the owner of a table see all of its rows"), "{script}");
}

#[tokio::test]
async fn claims_of_another_issuer_count_only_where_none_is_named() {
    let role = "rls_issuer";
    let schema = notes(role, "uuid", &["--issuer", "https://auth.example.com"]).await;
    let by = |issuer: &str| format!(r#"{{"sub": "{ADA}", "iss": {issuer}}}"#);
    assert_eq!(asked(&schema, role, &by("\"https://auth.example.com\""), READ), "of ada");
    for issuer in ["\"https://evil.example\"", "null", "[\"https://auth.example.com\"]"] {
        assert_eq!(asked(&schema, role, &by(issuer), READ), "", "{issuer}");
    }
    assert_eq!(asked(&schema, role, &of(ADA), READ), "");
}

#[test]
fn names_are_quoted_and_no_database_is_needed() {
    let program = Program::new().env("DATABASE_URL", "postgresql://ada:hunter2@127.0.0.1:1/app");
    let odd = ["db", "rls-sql", "--table", "a\"; DROP TABLE users; --", "--owner-column", "o\"w"];
    let script = program.run(&odd).expect(0).stdout;
    assert!(script.contains("ALTER TABLE \"a\"\"; DROP TABLE users; --\" ENABLE"), "{script}");
    assert!(script.contains("USING (\"o\"\"w\" = (SELECT doorward.uid()))"), "{script}");
    for wrong in ["a.b.c", "", "a\nb", "a.", "{role}", "$$"] {
        let ended = program.run(&["db", "rls-sql", "--table", wrong]).expect(2);
        assert!(
            ended.stderr.contains("TABLE") || ended.stderr.contains("name"),
            "{}",
            ended.stderr
        );
    }
    let json = program.run(&["db", "rls-sql", "--table", "notes", "--json"]).expect(0).json();
    assert!(json["sql"].as_str().is_some_and(|sql| sql.contains("ON \"notes\"")), "{json}");
}
