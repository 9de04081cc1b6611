//! A server killed while a mail is on its way.

use std::time::Duration;

use doorward::clock::Clock;

use super::{ask, deliver, only};
use crate::support::TestApp;
use crate::support::process::Server;
use crate::support::smtp::{SmtpServer, by_patient_smtp};

/// The settings of a server that sends by this mail server.
fn by_settings(smtp: &SmtpServer) -> [(&'static str, String); 3] {
    [
        ("SMTP_URL", smtp.url()),
        ("MAIL_FROM", "Doorward <post@example.org>".to_owned()),
        ("PUBLIC_URL", "https://auth.example.org".to_owned()),
    ]
}

both! {
    async fn what_a_killed_server_was_sending_is_sent_by_another(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        ask(&app, "hang@example.com").await;
        let dir = tempfile::tempdir().expect("a temp dir");
        let settings = by_settings(&smtp);
        // It finds the mail at its start.
        let mut server = Server::with(&app.url, dir.path(), &settings).await;
        smtp.hangs().await;
        assert_eq!(only(&app).await.state, "sending");
        server.kill();
        // Not before the lease ends, which the killed one may still hold for two minutes.
        let now = Clock::system().now();
        let early = TestApp::over(&app.url, Clock::frozen(now), 3, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        assert_eq!(deliver(&early).await, 0);
        let later = now + Duration::from_mins(3);
        let late = TestApp::over(&app.url, Clock::frozen(later), 4, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        assert_eq!(deliver(&late).await, 1, "{:?}", only(&late).await);
        smtp.has(1).await;
        assert_eq!(only(&late).await.state, "sent");
    }

    async fn what_a_stopped_server_was_sending_is_due_at_once_for_another(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        ask(&app, "hang@example.com").await;
        let dir = tempfile::tempdir().expect("a temp dir");
        let settings = by_settings(&smtp);
        let mut server = Server::with(&app.url, dir.path(), &settings).await;
        smtp.hangs().await;
        assert_eq!(only(&app).await.state, "sending");
        let stopped = std::process::Command::new("kill").arg(server.id().to_string()).status();
        assert!(stopped.expect("kill runs").success());
        assert!(server.ended().await.success());
        let now = Clock::system().now();
        let other = TestApp::over(&app.url, Clock::frozen(now), 3, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        assert_eq!(deliver(&other).await, 1, "{:?}", only(&other).await);
        smtp.has(1).await;
        assert_eq!(only(&other).await.state, "sent");
    }

    async fn a_server_that_starts_sends_what_waits_and_stops_without_delay(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_patient_smtp(&smtp.url(), Duration::from_secs(20))).await;
        ask(&app, "ada@example.com").await;
        let dir = tempfile::tempdir().expect("a temp dir");
        let settings = by_settings(&smtp);
        let _server = Server::with(&app.url, dir.path(), &settings).await;
        let sent = smtp.has(1).await;
        assert_eq!(sent[0].header("To"), "ada@example.com");
    }
}
