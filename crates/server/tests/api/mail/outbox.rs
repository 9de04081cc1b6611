//! The outbox.

use std::time::Duration;

use doorward::input::Origin;
use doorward::mail::{Ask, Kind};

use crate::both;
use crate::support::TestApp;

/// Asks for a mail to this address, as a feature does; whether the outbox took it.
async fn ask(app: &TestApp, address: &str, client: &str) -> bool {
    let client = Origin::new(client.parse().ok(), None, None);
    let ask = Ask::address(Kind::Test, address, client);
    let step = app.app.mail.ask(&ask).expect("mail is on");
    let rows = app.app.db.write(vec![step]).await.expect("written");
    app.app.mail.asked(&ask, &rows[0]);
    !rows[0].is_empty()
}

both! {
    async fn a_mail_asked_for_is_delivered_once(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        assert!(ask(&app, "ada@example.com", "192.0.2.1").await);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].header("To"), "ada@example.com");
        assert_eq!(mails[0].header("From"), "Doorward <post@example.org>");
        assert_eq!(mails[0].header("Auto-Submitted"), "auto-generated");
        assert!(app.mails().await.is_empty());
    }

    async fn nobody_can_flood_a_mailbox(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        for sender in 0..8 {
            let taken = ask(&app, "ada@example.com", &format!("192.0.2.{sender}")).await;
            assert_eq!(taken, sender < 5, "{sender}");
        }
        assert!(ask(&app, "bob@example.com", "192.0.2.1").await);
        assert_eq!(app.mails().await.len(), 6);
        app.advance(Duration::from_secs(3601));
        assert!(ask(&app, "ada@example.com", "192.0.2.1").await);
    }

    async fn ten_requests_at_the_same_time_send_no_more_than_the_bound(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        for _ in 0..4 {
            assert!(ask(&app, "ada@example.com", "192.0.2.1").await);
        }
        let asks = (0..10).map(|n| {
            let app = &app;
            async move { ask(app, "ada@example.com", &format!("192.0.2.{n}")).await }
        });
        let taken = futures_util::future::join_all(asks).await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
        assert_eq!(app.mails().await.len(), 5);
    }

    async fn one_client_cannot_make_the_server_write_to_everybody(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        for n in 0..32 {
            let taken = ask(&app, &format!("user{n}@example.com"), "192.0.2.1").await;
            assert_eq!(taken, n < 30, "{n}");
        }
        assert!(ask(&app, "ada@example.com", "192.0.2.2").await);
    }
}
