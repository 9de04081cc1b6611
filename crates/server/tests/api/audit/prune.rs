//! Retention: `AUDIT_RETENTION`, applied while there is work.

use std::time::Duration;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

const DAY: Duration = Duration::from_hours(24);

both! {
    async fn records_past_the_retention_time_are_removed_once_a_day_while_there_is_work(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.audit_retention = Some(DAY * 30)).await;
        let ada = app.admin("ada").await;
        app.audited(&ada, "login").await;
        app.advance(DAY * 29);
        let ada = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(app.audited(&ada, "login").await.len(), 2);
        app.advance(DAY + DAY / 2);
        let ada = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(app.audited(&ada, "login").await.len(), 2, "the first is gone");
        assert!(app.audited(&ada, "account.register").await.is_empty());
        let pruned = app.audited(&ada, "audit.prune").await;
        assert_eq!(pruned.len(), 1);
        assert_eq!((&pruned[0]["actor"], &pruned[0]["detail"]), (&"server".into(), &"3 records".into()));
    }

    async fn without_a_retention_time_nothing_is_removed(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.audit_retention = None).await;
        let ada = app.admin("ada").await;
        app.advance(DAY * 4000);
        let ada = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(app.audited(&ada, "login").await.len(), 2);
        assert_eq!(app.app.audit.prune().await.expect("nothing to do"), 0);
    }

    async fn many_old_records_are_removed_in_batches(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.audit_retention = Some(DAY)).await;
        for _ in 0..2500 {
            let origin = doorward::input::Origin::default();
            app.app.audit.note(doorward::audit::Record::from(&origin, doorward::audit::Event::Login));
        }
        app.app.audit.flush().await;
        app.advance(DAY * 2);
        assert_eq!(app.app.audit.prune().await.expect("pruned"), 2500);
        assert_eq!(app.app.audit.prune().await.expect("pruned"), 0);
    }
}
