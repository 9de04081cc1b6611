//! Nothing is sent in plain text to another machine, or to one that cannot prove who it is.

use std::time::Duration;

use doorward::config::AuthorityFile;

use super::{ask, deliver, only};
use crate::support::postgres::free_port;
use crate::support::smtp::{SmtpServer, by_patient_smtp, by_smtp, certificates};
use crate::support::{Engine, TestApp};

const STEP: Duration = Duration::from_secs(20);

async fn why(app: &TestApp) -> String {
    ask(app, "ada@example.com").await;
    assert_eq!(deliver(app).await, 0);
    let mail = only(app).await;
    assert_eq!(mail.state, "waiting", "the mail stays");
    mail.last_error.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_machine_without_starttls_gets_nothing() {
    let Some(server) = SmtpServer::start().await else { return };
    let app = TestApp::with(Engine::Sqlite, by_smtp(&server.url_of_another_machine())).await;
    let why = why(&app).await;
    assert!(why.contains("does not support STARTTLS"), "{why}");
    assert!(server.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_vouches_for_gets_nothing_and_one_of_an_own_authority_does() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let [authority, certificate, key] = certificates(dir.path());
    let Some(server) = SmtpServer::with(free_port(), &[&certificate, &key, "pass:word@1"]).await
    else {
        return;
    };
    let url = format!("smtp://post:pass%3Aword%401@0.0.0.0:{}", server.port);
    let app = TestApp::with(Engine::Sqlite, by_patient_smtp(&url, STEP)).await;
    let sentence = why(&app).await;
    assert!(sentence.contains("certificate"), "{sentence}");
    assert!(server.mails().is_empty());

    let trusting = TestApp::with(Engine::Sqlite, |settings| {
        by_patient_smtp(&url, STEP)(settings);
        settings.smtp_ca_file =
            Some(AuthorityFile::open(authority.as_ref()).expect("a certificate"));
    })
    .await;
    ask(&trusting, "ada@example.com").await;
    assert_eq!(deliver(&trusting).await, 1, "{:?}", only(&trusting).await);
    server.has(1).await;

    let wrong = url.replace("word", "wort");
    let app = TestApp::with(Engine::Sqlite, |settings| {
        by_patient_smtp(&wrong, STEP)(settings);
        settings.smtp_ca_file =
            Some(AuthorityFile::open(authority.as_ref()).expect("a certificate"));
    })
    .await;
    let sentence = why(&app).await;
    assert!(
        sentence.contains("rejected the user name or password") && sentence.contains("535"),
        "{sentence}"
    );
    assert!(!sentence.contains("wort"), "{sentence}");
}
