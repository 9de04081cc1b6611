//! `--password-hash-stdin`: accounts whose password another program has hashed.

use serde_json::json;

use crate::administration::{create, http, ready, refused};
use crate::program::{Program, SECRET};

/// passlib's, of `password`.
const HASH: &str =
    "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS\n";
const CREATE: [&str; 4] = ["user", "create", "bob@example.com", "--password-hash-stdin"];

both! {
    async fn a_hash_made_elsewhere_is_stored_and_its_password_signs_in(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET).env("PORT", "0");
        program.fed(&CREATE, HASH).expect(0);
        create(&program, "ada@example.com");
        let set = ["user", "set-password", "ada@example.com", "--password-hash-stdin"];
        let ended = program.fed(&set, HASH).expect(0);
        assert_eq!(ended.stdout, "Set the password of ada@example.com and ended its sessions.\n");
        let mut server = program.start(&["serve"]);
        let address = server.url().trim_start_matches("http://").to_owned();
        for email in ["ada@example.com", "bob@example.com"] {
            for (password, status) in [("another", 401), ("password", 200), ("password", 200)] {
                let body = json!({"email": email, "password": password}).to_string();
                assert_eq!(http(&address, "POST", "/auth/login", None, &body).0, status, "{email} {password}");
            }
        }
    }
}

#[test]
fn what_no_password_can_be_verified_with_is_refused_before_anything_is_done() {
    let program = Program::new();
    program.run(&["db", "migrate"]).expect(0);
    let too_costly = format!("$2b$31${}\n", ".".repeat(53));
    for (text, why) in [
        ("password\n", "is not a password hash of a supported kind."),
        ("pbkdf2_sha256$x$y$z\n", "is not a well-formed hash of Django's PBKDF2."),
        (&too_costly, "is a hash of bcrypt that would take too much memory or time to verify."),
    ] {
        refused(program.fed(&CREATE, text), 1, &format!("The text on standard input {why}"));
    }
    assert_eq!(program.run(&["user", "list", "--json"]).expect(0).json(), json!([]));
    let both = [&CREATE[..], &["--password-stdin"]].concat();
    let ended = program.fed(&both, HASH).expect(2);
    assert!(ended.stderr.contains("cannot be used with"), "{ended:?}");
}

/// On a processor with none of the instructions that ours is written for, `auto` is the crate's.
#[test]
fn a_server_says_which_code_makes_argon2id_hashes() {
    let kernels = ["avx512", "avx2", "reference"];
    for (setting, named) in
        [("auto", &kernels[..]), ("portable", &["portable"]), ("reference", &["reference"])]
    {
        let program = Program::ready().env("PORT", "0").env("PASSWORD_KERNEL", setting);
        let mut server = program.start(&["serve", "--migrate"]);
        let line = server.until("Argon2id hashes are computed by kernel").last().cloned();
        let line = line.expect("the line just read");
        assert!(named.iter().any(|name| line.ends_with(&format!("kernel {name}"))), "{line}");
        server.url();
        assert_eq!(server.stop("TERM").code, Some(0));
    }
}
