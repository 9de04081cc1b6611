//! Mail through a real mail server, good and bad.

mod accounts;
mod counted;
mod idle;
mod killed;
mod logs;
mod refusals;
mod tls;
mod two_servers;

use doorward::input::Origin;
use doorward::mail::{Ask, Kind, OutboxEntry};

use crate::support::TestApp;

/// Asks for a mail to this address, as a feature does.
async fn ask(app: &TestApp, address: &str) {
    let ask = Ask::address(Kind::Test, address, Origin::default());
    let step = app.app.mail.ask(&ask).expect("mail is on");
    let rows = app.app.db.write(vec![step]).await.expect("written");
    assert_eq!(rows[0].len(), 1, "the outbox takes it");
    app.app.mail.asked(&ask, &rows[0]);
}

/// Delivers what is due; how many mails the server took.
async fn deliver(app: &TestApp) -> usize {
    app.delivery().deliver_due().await.expect("the outbox is there")
}

/// The only mail of the outbox.
async fn only(app: &TestApp) -> OutboxEntry {
    let mut all = app.app.outbox().list(true, 10).await.expect("listed");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}
