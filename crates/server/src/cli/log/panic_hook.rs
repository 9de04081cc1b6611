//! Logs a panic as one line: its location and its request. A message built at run time is omitted, because it
//! may quote client data: slicing a string within a character quotes all of it. The client gets the request
//! id.

use std::panic::PanicHookInfo;

/// Replaces Rust's own report on stderr.
pub(in crate::cli) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(what = constant(panic), place, "panic");
        super::flush();
    }));
}

/// The message, if it is a constant.
fn constant(panic: &PanicHookInfo<'_>) -> &'static str {
    panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("not logged: it may quote a request")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use axum::body::{Body, to_bytes};
    use axum::http::{Request, Uri};
    use axum::routing::get;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::app::App;
    use crate::clock::Clock;
    use crate::config::{DatabaseUrl, LogFormat, Secret, Settings};
    use crate::crypto::Random;
    use crate::db::Database;
    use crate::http::{Declared, Routes};

    /// Set in the process that acts as the server; a hook applies to the whole process.
    const PLAYED: &str = "PANIC_HOOK_TEST_LOG_FORMAT";
    const SENT: &str = "hunter2-in-a-query";

    async fn cut(uri: Uri) -> String {
        let text = uri.query().unwrap_or_default().replace("e=", "é");
        // The message of this panic quotes the text.
        text[..1].to_owned()
    }

    async fn constant() -> &'static str {
        panic!("a message of the source")
    }

    /// Serves one request to each route, and prints the responses on stdout.
    async fn play(format: LogFormat) {
        let database = DatabaseUrl::Sqlite(":memory:".into());
        let mut settings = Settings::new(database, Secret::new("s".repeat(40)));
        settings.log_format = format;
        crate::cli::log::start(&settings).unwrap();
        install();
        let db = Database::open(&settings.database).await.unwrap();
        let app = App::new(settings, db, Clock::system(), Random::system());
        let routes = Routes::default()
            .add_undescribed(Declared::STRICT, "/cut", get(cut))
            .add_undescribed(Declared::STRICT, "/constant", get(constant));
        let service = app.surround(routes);
        for (path, id) in [("/cut", "first-id"), ("/constant", "second-id")] {
            let uri = format!("{path}?e={SENT}");
            let request = Request::get(uri).header("x-request-id", id).body(Body::empty()).unwrap();
            let response = service.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let kind = head.headers["content-type"].to_str().unwrap().to_owned();
            let body = String::from_utf8(to_bytes(body, 65_536).await.unwrap().to_vec()).unwrap();
            let status = head.status.as_u16();
            println!("\nANSWER {}", json!({"status": status, "kind": kind, "body": body}));
        }
        crate::cli::log::flush();
    }

    /// The output of such a process: the responses, and stderr.
    fn played(format: &str) -> (Vec<Value>, String) {
        let name = "cli::log::panic_hook::tests::a_panic_is_one_line_without_what_a_client_sent";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([name, "--exact", "--nocapture"]).env(PLAYED, format);
        let output = command.env("RUST_BACKTRACE", "1").output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let answers = stdout.lines().filter_map(|line| line.strip_prefix("ANSWER "));
        let answers = answers.map(|line| serde_json::from_str(line).unwrap()).collect();
        (answers, String::from_utf8(output.stderr).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_one_line_without_what_a_client_sent() {
        match std::env::var(PLAYED).as_deref() {
            Ok("json") => return play(LogFormat::Json).await,
            Ok(_) => return play(LogFormat::Text).await,
            Err(_) => {}
        }
        for format in ["text", "json"] {
            let (answers, log) = played(format);
            assert!(!log.contains(SENT) && !log.contains('é'), "{log}");
            let panics: Vec<&str> =
                log.lines().filter(|line| line.contains("panic_hook.rs:")).collect();
            assert_eq!(panics.len(), 2, "{log}");
            assert!(panics[0].contains("first-id") && panics[0].contains("not logged"), "{log}");
            assert!(
                panics[1].contains("second-id") && panics[1].contains("of the source"),
                "{log}"
            );
            // The panic, the internal error, the request: one line each, without a backtrace.
            assert_eq!(log.lines().count(), 6, "{log}");
            let is_json = |line: &str| serde_json::from_str::<Value>(line).is_ok();
            assert_eq!(log.lines().all(is_json), format == "json", "{log}");
            assert_eq!(answers.len(), 2, "{answers:?}");
            for (answer, id) in answers.iter().zip(["first-id", "second-id"]) {
                assert_eq!(answer["status"], 500);
                assert_eq!(answer["kind"], "application/problem+json");
                let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
                assert_eq!((&body["code"], &body["request_id"]), (&json!("internal"), &json!(id)));
                for inside in [SENT, "panic", ".rs", "of the source"] {
                    assert!(!answer.to_string().contains(inside), "{answer}");
                }
            }
        }
    }
}
