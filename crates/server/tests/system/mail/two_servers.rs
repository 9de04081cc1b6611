//! Several servers over one outbox.

use super::{ask, deliver};
use crate::support::TestApp;
use crate::support::smtp::{SmtpServer, by_smtp};

both! {
    async fn two_servers_at_once_send_each_mail_once(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        let other = app.replica().await;
        for n in 0..40 {
            ask(&app, &format!("ada{n}@example.com")).await;
        }
        let (one, two) = tokio::join!(deliver(&app), deliver(&other));
        assert_eq!(one + two, 40);
        let mut ids: Vec<_> =
            server.has(40).await.iter().map(|mail| mail.header("Message-ID")).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    }
}
