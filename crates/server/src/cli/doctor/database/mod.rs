//! The database as seen by a server, and its schema.

mod postgres;
mod schema;
mod sqlite;

use super::finding::Finding;
use super::patient::Patient;
use crate::config::DatabaseUrl;

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    match &patient.settings.database {
        DatabaseUrl::Sqlite(file) => Box::pin(sqlite::file(patient, file)).await,
        DatabaseUrl::Postgres(url) => Box::pin(postgres::server(patient, url)).await,
    }
}
