//! Queries about the database itself: whether it is usable, whether its schema is current, whether a session
//! is live.

use crate::db::Database;
use crate::gate::Gate;
use crate::row;
use crate::schema::fitness::{DIAGNOSIS, Diagnosis, Fitness, STANDING, USES, Unfit};
use crate::schema::migrate::plan::missing;
use crate::schema::migration::MIGRATIONS;
use crate::sql::{DbError, Result, Sql};
use crate::{statement, step, text};

/// The state of the database for this binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// All migrations of this binary are applied, possibly newer ones too, and it is usable.
    Current,
    /// Migrations are pending.
    Behind,
    /// It responds, but is not usable.
    Unfit(Unfit),
}

row! {
    /// A row of the history, and other facts.
    struct Standing {
        version: Option<i64> = "m.version",
        isolated: bool = "s.isolated",
        fitness: Fitness = ..,
    }
}

const APPLIED: Sql = statement!("APPLIED", "SELECT version FROM doorward_migrations");
const STANDS: Sql = statement!(
    "STANDS",
    text!(
        "SELECT ",
        Standing::COLUMNS,
        " FROM ",
        STANDING,
        " LEFT JOIN doorward_migrations m ON TRUE"
    )
);
const DIAGNOSE: Sql =
    statement!("DIAGNOSE", text!("SELECT ", Diagnosis::COLUMNS, " FROM ", DIAGNOSIS));
const TABLES: Sql = statement!("TABLES", "SELECT name FROM sqlite_master WHERE type = 'table'");
const NOTHING: Sql = statement!("NOTHING", "SELECT 1 AS one");

impl Database {
    /// Whether the database is usable and its schema current, in one round trip, or two if something is
    /// wrong; an error if it does not respond.
    pub async fn schema(&self) -> Result<Schema> {
        if self.is_postgres() {
            return self.standing().await;
        }
        match self.probe::<i64>(step!(APPLIED)).await {
            Ok(applied) => Ok(compared(&applied)),
            // The first migration creates the history table.
            Err(DbError::Internal(_) | DbError::Unready(_)) => {
                let tables = self.probe::<String>(step!(TABLES)).await?;
                // Created since the history was read.
                if tables.iter().any(|name| name == "doorward_migrations") {
                    return Ok(compared(&self.probe::<i64>(step!(APPLIED)).await?));
                }
                let known =
                    |name: &&String| USES.contains(&format!("('{name}'")) || *name == "tasks";
                let ours: Vec<_> = tables.iter().filter(known).map(String::as_str).collect();
                let occupied = Schema::Unfit(Unfit::Occupied(ours.join(", ")));
                Ok(if ours.is_empty() { Schema::Behind } else { occupied })
            }
            Err(away) => Err(away),
        }
    }

    /// The newest migration in the history that is unknown to this binary.
    pub async fn newer(&self) -> Result<Option<i64>> {
        let applied = self.probe::<i64>(step!(APPLIED)).await?;
        let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
        Ok(applied.into_iter().max().filter(|newest| *newest > known))
    }

    async fn standing(&self) -> Result<Schema> {
        let rows = match self.probe::<Standing>(step!(STANDS)).await {
            Ok(rows) => rows,
            Err(DbError::Internal(_) | DbError::Unready(_)) => return self.diagnosis().await,
            Err(away) => return Err(away),
        };
        let unfit = rows.first().and_then(|row| row.fitness.unfit());
        let isolated = rows.first().is_some_and(|row| row.isolated);
        let applied: Vec<i64> = rows.iter().filter_map(|row| row.version).collect();
        Ok(match (unfit, compared(&applied)) {
            (Some(unfit), _) => Schema::Unfit(unfit),
            (None, Schema::Current) if !isolated => {
                self.distrust();
                Schema::Unfit(Unfit::Exposed)
            }
            (None, compared) => compared,
        })
    }

    /// Why the history cannot be read.
    async fn diagnosis(&self) -> Result<Schema> {
        let found = self.probe::<Diagnosis>(step!(DIAGNOSE)).await?.into_iter().next();
        Ok(found.and_then(Diagnosis::unfit).map_or(Schema::Behind, Schema::Unfit))
    }

    /// `SessionEnded` unless the gate's session is live and its user active.
    pub async fn check(&self, gate: Gate) -> Result<()> {
        self.read_as::<()>(gate, step!(NOTHING)).await.map(drop)
    }
}

fn compared(applied: &[i64]) -> Schema {
    let waiting = missing(|version| applied.contains(&version));
    if waiting.is_empty() { Schema::Current } else { Schema::Behind }
}
