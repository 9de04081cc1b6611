//! What `config check` says of `ACCEPT_COOKIES`.

use crate::program::Program;

#[test]
fn cookies_need_better_auth_and_its_database() {
    let program = Program::ready().env("ACCEPT_COOKIES", "true");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("ACCEPT_COOKIES needs BETTER_AUTH_URL"), "{said}");
    let program = program.env("BETTER_AUTH_URL", "https://app.example.com");
    let said = program.run(&["config", "check"]).expect(0);
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(said.contains("ACCEPT_COOKIES has no effect with SQLite"), "{said}");
    let program = program
        .env("DATABASE_URL", "postgres://u:p@localhost/db?sslmode=disable")
        .env("BETTER_AUTH_COOKIE_PREFIX", "my shop");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("BETTER_AUTH_COOKIE_PREFIX must be of letters"), "{said}");
}
