//! `db migrate --wait`: a service that starts at boot may be up before its database.

use std::time::Duration;

use tokio::time::sleep;

use super::{DbTarget, failure};
use crate::cli::Exit;
use crate::cli::serve::supervisor;
use crate::cli::terminal::note;
use crate::schema::MigrateError;
use crate::sql::DbError;

const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Returns once the database responds; logs what it waits for, and when that changes.
pub(super) async fn for_database(target: &DbTarget) -> Exit {
    let mut reported = String::new();
    loop {
        let why = match target.migrator.history().await {
            Ok(_) => return Ok(()),
            Err(MigrateError::Database(DbError::Away(why) | DbError::NotAdmitted(why))) => why,
            Err(error) => return Err(failure(&error)),
        };
        if reported != why {
            let sentence = format!("Waiting for {}: {why}", target.url);
            supervisor::status(&sentence).await;
            note(&sentence);
            reported = why;
        }
        sleep(BETWEEN_TRIES).await;
    }
}
