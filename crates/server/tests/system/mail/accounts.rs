//! Mails about accounts, and text in them that would like to be more than text.

use doorward::input::Origin;
use doorward::mail::{Ask, Kind};
use serde_json::json;

use super::{ask, deliver};
use crate::support::TestApp;
use crate::support::client::PASSWORD;
use crate::support::smtp::{SmtpServer, by_smtp};

both! {
    async fn deleting_an_account_deletes_its_waiting_mails(engine: Engine) {
        let app = TestApp::with(engine, by_smtp("smtp://127.0.0.1:9")).await;
        let ada = app.sign_up("ada").await;
        let ask = Ask::user(Kind::PasswordChanged, ada.id(), Origin::default());
        let step = app.app.mail.ask(&ask).expect("mail is on");
        app.app.db.write(vec![step]).await.expect("written");
        let waiting = app.app.outbox().list(true, 10).await.expect("listed");
        assert!(waiting.iter().any(|mail| mail.user == Some(ada.id())), "{waiting:?}");
        ada.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        let waiting = app.app.outbox().list(true, 10).await.expect("listed");
        assert!(waiting.iter().all(|mail| mail.user != Some(ada.id())), "{waiting:?}");
    }

    async fn an_international_domain_is_sent_to_in_a_labels(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "Ada@bücher.example").await;
        assert_eq!(deliver(&app).await, 1);
        assert!(server.has(1).await[0].header("To").ends_with("@xn--bcher-kva.example"));
    }

    async fn an_old_mail_is_removed_and_a_young_one_stays(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let app = TestApp::with(engine, by_smtp(&server.url())).await;
        ask(&app, "ada@example.com").await;
        assert_eq!(deliver(&app).await, 1);
        app.advance(std::time::Duration::from_hours(6 * 24));
        assert_eq!(app.delivery().prune().await.expect("pruned"), 0);
        app.advance(std::time::Duration::from_hours(25));
        assert_eq!(app.delivery().prune().await.expect("pruned"), 1);
    }
}
