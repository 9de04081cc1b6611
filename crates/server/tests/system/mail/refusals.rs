//! Servers that refuse, put off, fall silent or are not there.

use std::time::{Duration, Instant};

use super::{ask, deliver, only};
use crate::support::TestApp;
use crate::support::postgres::free_port;
use crate::support::smtp::{SmtpServer, by_smtp};

const MINUTE: Duration = Duration::from_secs(61);

both! {
    async fn a_mail_is_sent_once_and_then_says_nothing_any_more(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "ada@example.com").await;
        assert_eq!(deliver(&app).await, 1);
        let mail = only(&app).await;
        assert_eq!((mail.state.as_str(), mail.to, mail.due_at), ("sent", None, None));
        let sent = server.has(1).await;
        assert_eq!(sent[0].header("Message-ID"), format!("<{}@example.org>", mail.id));
        assert_eq!(deliver(&app).await, 0);
    }

    async fn a_greylisted_mail_is_sent_a_minute_later(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "grey@example.com").await;
        assert_eq!(deliver(&app).await, 0);
        let mail = only(&app).await;
        assert!(mail.last_error.is_some_and(|why| why.contains("451 4.7.1 Greylisted")));
        assert_eq!(deliver(&app).await, 0, "not before it is due");
        app.advance(MINUTE);
        assert_eq!(deliver(&app).await, 1);
        server.has(1).await;
    }

    async fn a_refused_recipient_fails_at_once_with_the_words_of_the_server(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "refused@example.com").await;
        ask(&app, "ada@example.com").await;
        assert_eq!(deliver(&app).await, 1, "the other mail is sent all the same");
        let listed = app.app.outbox().list(false, 10).await.expect("listed");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].state, "failed");
        let why = listed[0].last_error.clone().unwrap_or_default();
        assert_eq!(why, "The server rejected the recipient: 550 5.1.1 No such mailbox here.");
        app.advance(Duration::from_hours(80));
        assert_eq!(deliver(&app).await, 0, "nobody tries again");
    }

    async fn a_connection_lost_behind_the_text_sends_the_same_message_again(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "drop@example.com").await;
        assert_eq!(deliver(&app).await, 0);
        app.advance(MINUTE);
        assert_eq!(deliver(&app).await, 1);
        let sent = server.has(2).await;
        assert_eq!(sent[0].header("Message-ID"), sent[1].header("Message-ID"));
        assert_eq!(sent[0].0, sent[1].0);
    }

    async fn a_recipient_that_hangs_does_not_hold_up_the_others(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "hang@example.com").await;
        for n in 0..5 {
            ask(&app, &format!("ada{n}@example.com")).await;
        }
        let delivery = app.delivery();
        let began = Instant::now();
        let delivering = tokio::spawn(async move { delivery.deliver_due().await });
        server.has(5).await;
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        assert_eq!(delivering.await.expect("ends").expect("delivered"), 5);
        app.advance(MINUTE);
        assert_eq!(deliver(&app).await, 1);
        server.has(6).await;
    }

    async fn a_mail_waits_for_a_server_that_is_not_there(engine: Engine) {
        let port = free_port();
        let app = TestApp::with(engine, by_smtp(&format!("smtp://127.0.0.1:{port}"))).await;
        for n in 0..8 {
            ask(&app, &format!("ada{n}@example.com")).await;
        }
        assert_eq!(deliver(&app).await, 0);
        let listed = app.app.outbox().list(false, 10).await.expect("listed");
        assert!(listed.iter().filter(|mail| mail.attempts > 0).count() <= 4, "{listed:?}");
        assert!(listed.iter().all(|mail| mail.state != "failed"));
        let Some(server) = SmtpServer::with(port, &[]).await else { return };
        app.advance(MINUTE);
        assert_eq!(deliver(&app).await, 8);
        server.has(8).await;
    }

    async fn a_mail_is_given_up_after_three_days_and_can_be_tried_again(engine: Engine) {
        let port = free_port();
        let app = TestApp::with(engine, by_smtp(&format!("smtp://127.0.0.1:{port}"))).await;
        ask(&app, "ada@example.com").await;
        let mut attempts = 0;
        while let Some(due) = only(&app).await.due_at {
            app.advance(Duration::try_from(due - app.clock.now()).unwrap_or_default());
            assert_eq!(deliver(&app).await, 0);
            attempts += 1;
        }
        assert_eq!((attempts, only(&app).await.state.as_str()), (10, "failed"));
        let Some(server) = SmtpServer::with(port, &[]).await else { return };
        assert_eq!(deliver(&app).await, 0);
        assert_eq!(app.app.outbox().retry_failed().await.expect("due").len(), 1);
        assert_eq!(deliver(&app).await, 1);
        server.has(1).await;
    }
}
