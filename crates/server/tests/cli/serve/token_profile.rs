//! What `config check` says of `TOKEN_PROFILE`.

use crate::program::Program;

#[test]
fn the_profile_for_neon_needs_a_key_pair_and_an_https_address() {
    let program = Program::ready().env("TOKEN_PROFILE", "neon");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("TOKEN_PROFILE=neon needs TOKEN_ALGORITHM=EdDSA"), "{said}");
    assert!(said.contains("set PUBLIC_URL to an https address"), "{said}");
    let program =
        program.env("TOKEN_ALGORITHM", "EdDSA").env("PUBLIC_URL", "https://auth.example.com");
    let said = program.run(&["config", "check"]).expect(0);
    assert!(
        !format!("{}{}", said.stdout, said.stderr).contains("TOKEN_PROFILE"),
        "{}",
        said.stderr
    );
    let said = program.env("TOKEN_PROFILE", "supabase").run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("TOKEN_PROFILE must be doorward or neon"), "{said}");
}

#[test]
fn neon_auth_is_named_once_and_by_the_address_that_the_console_shows() {
    let url = "https://ep-a.neonauth.aws.neon.tech/neondb/auth";
    let program = Program::ready().env("NEON_AUTH_URL", &format!("{url}/.well-known/jwks.json"));
    program.run(&["config", "check"]).expect(0);
    let program = program.env("BETTER_AUTH_URL", "https://ep-a.neonauth.aws.neon.tech");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("NEON_AUTH_URL names an issuer that counts already"), "{said}");
    let program = Program::ready().env("NEON_AUTH_BASE_URL", "http://auth.example.com/x");
    let said = program.run(&["config", "check"]).expect(0);
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(said.contains("NEON_AUTH_URL: the keys of"), "{said}");
}
