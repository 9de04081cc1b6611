//! `doorward dev`: the first minute with Doorward.

use std::os::unix::fs::PermissionsExt;

use crate::program::{Program, SECRET, shell};

const LAST_LINE: &str = "Stop with Ctrl-C";

fn mode(path: std::path::PathBuf) -> u32 {
    std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777
}

/// The lines that a person pastes.
fn pasted(said: &[String]) -> Vec<String> {
    said.iter().filter(|it| it.starts_with("curl ") || it.starts_with("TOKEN=")).cloned().collect()
}

#[test]
fn dev_prints_three_curl_lines_that_work_when_pasted() {
    for extra in [
        &[][..],
        &[("TASKS_PATH", "/api/{user_id}/tasks"), ("AUTH_PATH", "/api/v1/auth")],
        &[("PASSWORD_MIN_LENGTH", "40")],
    ] {
        let mut program = Program::new();
        for (name, value) in extra {
            program = program.env(name, value);
        }
        let mut server = program.start(&["dev", "--port", "0"]);
        let lines = pasted(server.until(LAST_LINE));
        assert_eq!(lines.len(), 3, "{lines:?}");
        let printed = shell(&lines.join("\n"));
        let answers: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&printed)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|_| panic!("{printed}"));
        assert_eq!(answers[0]["email"], "ada@example.com", "{printed}");
        assert_eq!(answers[1]["title"], "Try Doorward", "{printed}");
        assert_eq!(answers[1]["user_id"], answers[0]["id"], "{printed}");
    }
}

#[test]
fn dev_names_each_table_that_it_creates() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    let said = server.until(LAST_LINE).join("\n");
    for table in ["users", "roles", "user_roles", "sessions", "tasks"] {
        assert!(said.contains(&format!("Created table {table}\n")), "{said}");
    }
}

#[test]
fn a_second_dev_start_keeps_the_data() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    let first = pasted(server.until(LAST_LINE));
    shell(&first.join("\n"));
    assert_eq!(server.stop("INT").code, Some(0));
    let secret = std::fs::read(program.folder().join(".doorward/secret")).expect("a secret");

    let mut server = program.start(&["dev", "--port", "0"]);
    let said = server.until(LAST_LINE).to_vec();
    assert!(!said.join("\n").contains("Created"), "{said:?}");
    // The account of the first start signs in again.
    let again = pasted(&said);
    let token = shell(&format!("{}\necho $TOKEN", again[1]));
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    let kept = std::fs::read(program.folder().join(".doorward/secret")).expect("a secret");
    assert_eq!(secret, kept);
}

#[test]
fn what_dev_keeps_is_private() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    let said = server.until(LAST_LINE).join("\n");
    let folder = program.folder().join(".doorward");
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!(mode(folder.join("secret")), 0o600);
    let secret = std::fs::read_to_string(folder.join("secret")).expect("a secret");
    assert_eq!(secret.trim().len(), 64);
    assert!(!said.contains(secret.trim()) && said.contains("Secret     .doorward/secret"));
    assert_eq!(std::fs::read_to_string(folder.join(".gitignore")).expect("it"), "*\n");
}

#[test]
fn dev_ignores_database_url_and_says_so() {
    let program = Program::new().env("DATABASE_URL", "postgres://ada:hunter2@db.example/app");
    let mut server = program.start(&["dev", "--port", "0"]);
    let said = server.until(LAST_LINE).join("\n");
    assert!(said.contains("DATABASE_URL is ignored"), "{said}");
    assert!(!said.contains("hunter2"));
    drop(server);
    let mut server = program.start(&["dev", "--port", "0", "--database-url", "sqlite:mine.db"]);
    let said = server.until(LAST_LINE).join("\n");
    assert!(!said.contains("is ignored"), "{said}");
    assert!(program.folder().join("mine.db").exists());
}

#[test]
fn dev_uses_a_secret_that_is_set() {
    let program = Program::new().env("SECRET_KEY", SECRET);
    let mut server = program.start(&["dev", "--port", "0"]);
    let said = server.until(LAST_LINE).join("\n");
    assert!(said.contains("Secret     the one you set"), "{said}");
    assert!(!program.folder().join(".doorward/secret").exists());
}

#[test]
fn dev_lets_any_local_origin_call_and_no_other() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    let url = server.url();
    let allowed = |origin: &str| {
        let headers = shell(&format!("curl -si {url}/livez -H 'Origin: {origin}'"));
        headers.to_lowercase().contains("access-control-allow-origin")
    };
    assert!(allowed("http://localhost:5173") && allowed("http://127.0.0.1:3000"));
    assert!(!allowed("https://evil.example") && !allowed("http://localhost.evil.example"));
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    let url = server.url();
    let port = url.rsplit(':').next().expect("a port");
    let ended = Program::new().run(&["dev", "--port", port]).expect(1);
    let sentence = format!(
        "127.0.0.1:{port} is in use by another process: stop it, or choose another port with \
         --port or PORT."
    );
    assert_eq!(ended.errors(), [sentence]);
}
