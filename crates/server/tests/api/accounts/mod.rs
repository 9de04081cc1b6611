//! `/auth/register` and `/auth/me`, one file for each, mirroring `src/accounts/`.

use doorward::db::FromRow;
use doorward::sql::{Sql, Step};
use doorward::{statement, step};

use crate::support::TestApp;

mod custom_fields;
mod delete;
mod delete_by_post;
mod export;
mod me;
mod naming;
mod receipt;
mod register;
mod registered_session;
mod replaced_password;
mod update;

/// Runs a statement as an operator with a SQL shell would.
pub(crate) async fn sql<T: FromRow>(app: &TestApp, text: &'static str) -> Vec<T> {
    let sql = Sql::constant("test", text);
    run(app, step!(sql)).await
}

/// The same with parameters.
pub(crate) async fn run<T: FromRow>(app: &TestApp, step: Step) -> Vec<T> {
    app.app.db.execute(step).await.expect("the statement runs")
}

/// Disables the account with this address, or enables it.
pub(crate) async fn set_active(app: &TestApp, key: &str, is_active: bool) {
    const SET: Sql =
        statement!("SET", "UPDATE users SET is_active = :is_active WHERE email_key = :key");
    run::<()>(app, step!(SET { key, is_active })).await;
}

/// Makes the account with this address an admin.
pub(crate) async fn grant_admin(app: &TestApp, key: &str) {
    const GRANT: Sql = statement!(
        "GRANT",
        "INSERT INTO user_roles (user_id, role) \
            SELECT u.id, 'admin' FROM users u WHERE u.email_key = :key"
    );
    run::<()>(app, step!(GRANT { key })).await;
}

/// Stores this in place of an account's hash.
pub(crate) async fn set_hash(app: &TestApp, key: &str, hash: Option<&str>) {
    const SET: Sql =
        statement!("SET", "UPDATE users SET hashed_password = :hash WHERE email_key = :key");
    run::<()>(app, step!(SET { key, hash })).await;
}

/// The stored hash of an address.
pub(crate) async fn stored_hash(app: &TestApp, key: &str) -> String {
    const FIND: Sql =
        statement!("FIND", "SELECT hashed_password FROM users WHERE email_key = :key");
    let mut rows: Vec<String> = run(app, step!(FIND { key })).await;
    rows.pop().expect("a user with a password")
}
