//! `/auth/register` and `/auth/me`, one file for each, mirroring `src/accounts/`.

use doorward::db::FromRow;
use doorward::sql::{Sql, Step, Value};

use crate::support::TestApp;

mod delete;
mod delete_by_post;
mod me;
mod register;
mod spellings;
mod update;

/// Runs a statement as an operator with a SQL shell would.
pub(crate) async fn sql<T: FromRow>(
    app: &TestApp,
    text: &'static str,
    params: Vec<Value>,
) -> Vec<T> {
    let sqlite = text.replace('$', "?").leak();
    let sql = Sql { sqlite, ..Sql::constant("test", text) };
    app.app.db.execute(Step::new(sql, params)).await.expect("the statement runs")
}

/// The stored hash of an address.
pub(crate) async fn stored_hash(app: &TestApp, key: &str) -> String {
    let text = "SELECT hashed_password FROM users WHERE email_key = $1";
    let mut rows: Vec<String> = sql(app, text, doorward::params![key]).await;
    rows.pop().expect("a user with a password")
}
