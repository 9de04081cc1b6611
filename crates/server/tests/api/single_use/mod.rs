//! Secrets that work once, below the routes that use them.

mod codes;
mod tokens;

use std::time::Duration;

use doorward::error::Error;
use doorward::single_use::{NewSecret, Opened, Purpose};
use uuid::Uuid;

use crate::support::{Client, TestApp};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// A secret of Ada's for this purpose.
fn secret(purpose: Purpose, ada: &Client) -> NewSecret<'static> {
    NewSecret { purpose, user: Some(id(ada)), bound: Some("what it is about"), lives: HOUR }
}

fn id(user: &Client) -> Uuid {
    user.user["id"].as_str().unwrap().parse().unwrap()
}

/// Uses what was opened; true for the one that did.
async fn claim(app: &TestApp, purpose: Purpose, opened: &Opened) -> bool {
    let claim = app.app.single_use.claim(purpose, opened).to_vec();
    match app.app.db.write(claim).await.map_err(Error::from) {
        Ok(_) => true,
        Err(Error::InvalidLink(_)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Why a token opens nothing.
fn why(opened: Result<Opened, Error>) -> &'static str {
    match opened {
        Err(Error::InvalidLink(why)) => why,
        other => panic!("{other:?}"),
    }
}
