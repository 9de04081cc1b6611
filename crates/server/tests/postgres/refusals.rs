//! What is said when no connection comes about: one sentence, what to do in it, no password.

use doorward::config::DatabaseUrl;
use doorward::db::{Database, DbError};

use crate::support::postgres::{self, PASSWORD, free_port};

async fn refused(url: &str) -> String {
    let url = DatabaseUrl::parse(url).unwrap();
    match Database::open(&url).await {
        Err(DbError::Away(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_way_to_be_refused_has_its_own_sentence() {
    let port = postgres::shared().port;
    let closed = free_port();
    for (url, told) in [
        (
            format!("postgres://postgres:hunter2@127.0.0.1:{port}/postgres"),
            "refused the password of user postgres",
        ),
        (
            format!("postgres://nobody:hunter2@127.0.0.1:{port}/postgres"),
            "refused the password of user nobody",
        ),
        (format!("postgres://postgres@127.0.0.1:{port}/postgres"), "asks for a password"),
        (
            format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/absent"),
            "has no database absent",
        ),
        (
            format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=require"),
            "does not offer TLS",
        ),
        (format!("postgres://postgres:hunter2@127.0.0.1:{closed}/postgres"), "Nothing listens"),
        ("postgres://postgres:hunter2@absent.invalid/postgres".into(), "absent.invalid"),
        ("postgres:///postgres?host=/nowhere".into(), "/nowhere"),
    ] {
        let sentence = refused(&url).await;
        assert!(sentence.contains(told), "{url}: {sentence}");
        assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        assert!(!sentence.contains("hunter2") && !sentence.contains("p@ss"), "{sentence}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_used_once_it_is() {
    const ONE: doorward::db::Sql = crate::data::ONE;
    let port = free_port();
    let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres");
    let db = Database::open_lazily(&DatabaseUrl::parse(&url).unwrap()).await.unwrap();
    for _ in 0..5 {
        let away = db.find::<i64>(ONE, Vec::new()).await;
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
    while db.find::<i64>(ONE, Vec::new()).await.is_err() {
        assert!(began.elapsed().as_secs() < 5, "not found within 5 s");
    }
}
