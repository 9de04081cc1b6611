//! Questions about the database itself: does it answer, is its schema current, does a session live.

use crate::db::Database;
use crate::gate::Gate;
use crate::schema::migrate::plan::missing;
use crate::sql::{DbError, Result, Sql};
use crate::{statement, step};

/// How the schema stands to this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Every migration this binary knows is applied; perhaps newer ones too.
    Current,
    /// Migrations are waiting.
    Behind,
}

const APPLIED: Sql = statement!("APPLIED", "SELECT version FROM doorward_migrations");
const NOTHING: Sql = statement!("NOTHING", "SELECT 1 AS one");

impl Database {
    /// Whether the schema is current, in one round trip; an error if the database does not answer.
    pub async fn schema(&self) -> Result<Schema> {
        match self.query::<i64>(step!(APPLIED)).await {
            Ok(applied) if missing(|version| applied.contains(&version)).is_empty() => {
                Ok(Schema::Current)
            }
            // The history table is made by the first migration.
            Ok(_) | Err(DbError::Internal(_)) => Ok(Schema::Behind),
            Err(away) => Err(away),
        }
    }

    /// `SessionEnded` unless the gate's session lives and its user is active.
    pub async fn check(&self, gate: Gate) -> Result<()> {
        self.read_as::<()>(gate, step!(NOTHING)).await.map(drop)
    }
}
