//! What a server's log says of mails, at its most talkative: no token, link, code or text of one.

use doorward::mail::Kind;
use serde_json::json;

use crate::support::TestApp;
use crate::support::client::PASSWORD;
use crate::support::process::Server;
use crate::support::smtp::{SmtpServer, by_smtp};

both! {
    async fn the_log_holds_nothing_that_a_mail_opens_whatever_becomes_of_it(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&smtp.url())).await;
        let dir = tempfile::tempdir().expect("a temp dir");
        let settings = [
            ("SMTP_URL", smtp.url()),
            ("MAIL_FROM", "Doorward <post@example.org>".to_owned()),
            ("PUBLIC_URL", "https://auth.example.org".to_owned()),
            ("SMTP_TIMEOUT", "1s".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
        ];
        let server = Server::with(&app.url, dir.path(), &settings).await;
        let client = server.anonymous();
        // Sent, refused, put off, dropped after it was taken, taken for spam.
        let names = ["ada", "refused", "grey", "drop", "spam"];
        for name in names {
            let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
            client.post("/auth/register", body).await.expect(201);
        }
        for _ in 0..500 {
            let all = app.app.outbox().list(true, 10).await.expect("listed");
            let tried = |mail: &&doorward::mail::OutboxEntry| mail.state == "sent" || mail.last_error.is_some();
            if all.iter().filter(tried).count() == names.len() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let mut tokens: Vec<String> = smtp.mails().iter().map(|mail| mail.after("verify?token=")).collect();
        for mail in app.app.outbox().list(true, 10).await.expect("listed") {
            assert_eq!(mail.kind, Kind::VerifyEmail.as_str());
            let by = doorward::audit::Actor::operator();
            if let Some(text) = app.app.outbox().reveal(&by, mail.id).await.expect("revealed") {
                let (_, rest) = text.text.split_once("verify?token=").expect("a link");
                tokens.push(rest.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
        assert!(tokens.len() >= names.len(), "{tokens:?}");
        let used = &tokens[0];
        client.get(&format!("/auth/pages/verify?token={used}")).await.expect(200);
        client.post("/auth/email/verify", json!({"token": used})).await;
        client.post("/auth/email/verify", json!({"token": used})).await.expect(400);
        let log = server.log();
        assert!(log.contains("DEBUG request") && log.contains(" sent "), "{log}");
        for token in &tokens {
            // A part of it would be enough to find the rest by trying.
            let part = &token[token.len() - 16..];
            assert!(!log.contains(part), "a token is in the log");
        }
        assert!(!log.contains("pages/verify?token"), "a link is in the log");
        assert!(!log.contains(PASSWORD) && !log.contains("Please confirm"), "a text is in the log");
    }
}
