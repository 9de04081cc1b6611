//! What asking for a mail costs the request that asks: round trips, counted by a proxy in between.

use std::collections::BTreeMap;

use doorward::clock::Clock;
use doorward::config::{MailFrom, Notices, Settings};
use serde_json::json;

use crate::postgres::data::NOW;
use crate::postgres::proxy::Proxy;
use crate::support::client::PASSWORD;
use crate::support::{TestApp, postgres};

const OTHER: &str = "tortoise hare beetle";

/// The fewest round trips of each request, its record included: connections open and statements are
/// prepared in the course of the rounds.
async fn fewest(change: impl FnOnce(&mut Settings)) -> BTreeMap<&'static str, usize> {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, change).await;
    let mails = app.app.mail.is_on();
    let mut fewest = BTreeMap::new();
    for round in 0..12 {
        let ada = app.sign_up(&format!("ada{round}")).await;
        let (email, new) = (format!("ada{round}@example.com"), format!("new{round}@example.com"));
        for (name, path, body, status) in [
            ("register", "/auth/register", json!({"email": new, "password": PASSWORD}), 201),
            ("forgot", "/auth/password/forgot", json!({"email": email}), 202),
            ("unknown", "/auth/password/forgot", json!({"email": "nobody@example.com"}), 202),
            (
                "change",
                "/auth/password",
                json!({"current_password": PASSWORD, "new_password": OTHER}),
                204,
            ),
        ] {
            let status = if status == 202 && !mails { 404 } else { status };
            app.app.audit.flush().await;
            let before = proxy.round_trips();
            ada.post(path, body).await.expect(status);
            app.app.audit.flush().await;
            let taken = proxy.round_trips() - before;
            let least = fewest.entry(name).or_insert(taken);
            *least = taken.min(*least);
        }
    }
    fewest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_a_mail_is_at_most_one_round_trip_more() {
    let folder = tempfile::tempdir().expect("a temp dir");
    let off = fewest(|_| {}).await;
    let on = fewest(|settings| {
        settings.mail_folder = Some(folder.path().to_owned());
        settings.mail_from =
            Some(MailFrom::parse("Doorward <post@example.org>").expect("a sender"));
        settings.public_url = Some("https://auth.example.org".into());
        settings.notices = Notices::parse(&["on".into()]).expect("notices");
    })
    .await;
    for name in ["register", "change"] {
        assert!(on[name] <= off[name] + 1, "{name}: {on:?}, without mail {off:?}");
    }
    // Asking is a write and its record; whether there is such an account makes no difference.
    assert_eq!((off["forgot"], on["forgot"], on["unknown"]), (0, 2, 2), "{on:?} {off:?}");
}
