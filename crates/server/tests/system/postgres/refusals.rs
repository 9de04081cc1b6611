//! What is said when no connection comes about: one sentence, what to do in it, no password.

use doorward::app::App;
use doorward::clock::Clock;
use doorward::config::DatabaseUrl;
use doorward::crypto::Random;
use doorward::db::Database;
use doorward::sql::DbError;
use doorward::step;
use futures_util::future::join_all;
use serde_json::json;

use crate::postgres::data::NOW;
use crate::support::postgres::{self, PASSWORD, free_port};
use crate::support::{Client, TestApp};

/// The sentence, and whether the server is there and said no.
async fn refused(url: &str) -> (String, bool) {
    let url = DatabaseUrl::parse(url).unwrap();
    match Database::open(&url).await {
        Err(DbError::Away(sentence)) => (sentence, false),
        Err(DbError::NotAdmitted(sentence)) => (sentence, true),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_way_to_be_refused_has_its_own_sentence() {
    let port = postgres::shared().port;
    let closed = free_port();
    let at = format!("127.0.0.1:{port}");
    for (url, message, is_no) in [
        (
            format!("postgres://postgres:hunter2@{at}/postgres"),
            "rejected the password of user postgres",
            true,
        ),
        (
            format!("postgres://nobody:hunter2@{at}/postgres"),
            "rejected the password of user nobody",
            true,
        ),
        (format!("postgres://postgres@{at}/postgres"), "requires a password", true),
        (format!("postgres://postgres:{PASSWORD}@{at}/absent"), "has no database absent", true),
        (
            format!("postgres://postgres:{PASSWORD}@{at}/postgres?sslmode=require"),
            "does not offer TLS",
            true,
        ),
        (
            format!("postgres://postgres:hunter2@127.0.0.1:{closed}/postgres"),
            "Nothing listens",
            false,
        ),
        ("postgres://postgres:hunter2@absent.invalid/postgres".into(), "absent.invalid", false),
        ("postgres:///postgres?host=/nowhere".into(), "/nowhere", false),
    ] {
        let (sentence, said_no) = refused(&url).await;
        assert!(sentence.contains(message), "{url}: {sentence}");
        assert_eq!(said_no, is_no, "{url}: {sentence}");
        assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        assert!(!sentence.contains("hunter2") && !sentence.contains("p@ss"), "{sentence}");
    }
}

/// Other products that a wrong port leads to: one that speaks first, and two that answer in their own way.
#[tokio::test]
async fn what_is_not_postgresql_is_called_that_at_once() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for (first, then) in [
        (&b"\x4a\x00\x00\x00\x0a8.0.36\x00more of the greeting"[..], &b""[..]),
        (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (b"", b"-ERR unknown command\r\n"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let _ = client.write_all(first).await;
                    let mut heard = [0; 64];
                    let _ = client.read(&mut heard).await;
                    let _ = client.write_all(then).await;
                });
            }
        });
        let began = std::time::Instant::now();
        let (sentence, said_no) =
            refused(&format!("postgres://ada:hunter2@127.0.0.1:{port}/app")).await;
        assert!(said_no && sentence.contains("is not PostgreSQL: check the host"), "{sentence}");
        assert!(!sentence.contains("hunter2") && sentence.ends_with('.'), "{sentence}");
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_used_once_it_is() {
    const ONE: doorward::sql::Sql = crate::postgres::data::ONE;
    let port = free_port();
    let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres");
    let db = Database::open_lazily(&DatabaseUrl::parse(&url).unwrap()).await.unwrap();
    for _ in 0..5 {
        let away = db.find::<i64>(step!(ONE)).await;
        assert!(matches!(away, Err(DbError::Away(_))), "{away:?}");
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let server = ("127.0.0.1", postgres::shared().port);
                let mut server = tokio::net::TcpStream::connect(server).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let began = std::time::Instant::now();
    while db.find::<i64>(step!(ONE)).await.is_err() {
        assert!(began.elapsed().as_secs() < 30, "not found within 30 s");
    }
}

/// The way out of a request that needs a database that is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_every_answer_is_503_and_tells_nothing_of_it() {
    let there =
        TestApp::over(&postgres::migrated_database().await, Clock::frozen(NOW), 1, |_| {}).await;
    let ada = there.sign_up("ada").await;
    let mut settings = (*there.app.settings).clone();
    let port = free_port();
    let url = format!("postgres://doorward_owner:{PASSWORD}@127.0.0.1:{port}/secret_name");
    settings.database = DatabaseUrl::parse(&url).unwrap();
    let db = Database::open_lazily(&settings.database).await.unwrap();
    let app = App::new(settings, db, Clock::frozen(NOW), Random::seeded(2));
    let refresh = json!({"refresh_token": ada.refresh_token}).to_string();
    let ada = Client::anonymous(app.router()).with_token(&ada.token.unwrap());
    let account = r#"{"email":"eve@example.com","password":"a long and sound one"}"#;
    let change = r#"{"current_password":"a","new_password":"a long and sound one"}"#;
    let requests = [
        ("POST", "/auth/register", account),
        ("POST", "/auth/login", account),
        ("POST", "/auth/refresh", &refresh),
        ("GET", "/auth/me", ""),
        ("PATCH", "/auth/me", r#"{"name":"x"}"#),
        ("PATCH", "/auth/me", "not json"),
        ("POST", "/auth/me/delete", account),
        ("POST", "/auth/logout", ""),
        ("GET", "/auth/sessions", ""),
        ("POST", "/auth/password", change),
        ("POST", "/auth/revoke", r#"{"token":"x.y.z"}"#),
        ("GET", "/api/tasks", ""),
        ("POST", "/api/tasks", r#"{"title":"x"}"#),
        ("DELETE", "/api/tasks/00000000-0000-7000-8000-000000000000", ""),
        ("GET", "/api/tasks/x", ""),
        ("GET", "/admin/users", ""),
        ("PUT", "/admin/roles/x", "{}"),
        ("GET", "/.well-known/jwks.json", ""),
    ];
    let json = [("content-type", "application/json")];
    let replies = requests
        .iter()
        .map(|(method, path, body)| ada.raw(method, path, &json, (*body).to_owned()));
    for ((method, path, _), reply) in requests.iter().zip(join_all(replies).await) {
        if reply.status == 200 && *path == "/auth/revoke" {
            // A token of nobody's is answered without a look.
            continue;
        }
        assert_eq!(reply.status, 503, "{method} {path}: {}", reply.text());
        let reply = reply.expect_problem(503, "unavailable");
        assert!(reply.header("retry-after").parse::<u64>().is_ok(), "{method} {path}");
        let whole = format!("{:?} {}", reply.headers, reply.text()).to_lowercase();
        let port = port.to_string();
        for inside in ["127.0.0.1", "postgres", "doorward_owner", "secret_name", "listens", &port] {
            assert!(!whole.contains(inside), "{method} {path}: {whole}");
        }
    }
}
