//! The steps of a migrator, derived from the history. Pure.

use crate::schema::history;
use crate::schema::history::{HistoryRow, State, statuses};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migration::{MIGRATIONS, Migration};
use crate::schema::script::{Direction, SchemaStep, downward};

/// The migrations that are not applied, oldest first.
pub(in crate::schema) fn missing(is_applied: impl Fn(i64) -> bool) -> Vec<Migration> {
    MIGRATIONS.iter().filter(|migration| !is_applied(migration.version)).copied().collect()
}

/// The steps up to `to`, or to the newest.
pub(in crate::schema) fn pending_steps(
    history: &[HistoryRow],
    to: Option<i64>,
) -> MigrateResult<Vec<SchemaStep>> {
    let to = known(to)?.unwrap_or(i64::MAX);
    refuse_edited(history)?;
    Ok(missing(|version| history.iter().any(|record| record.version == version))
        .iter()
        .filter(|migration| migration.version <= to)
        .filter_map(|migration| history::find(migration.version))
        .map(|migration| SchemaStep { migration, direction: Direction::Up })
        .collect())
}

/// The steps down to `to`, or one down.
pub(in crate::schema) fn rollback_steps(
    history: &[HistoryRow],
    to: Option<i64>,
) -> MigrateResult<Vec<SchemaStep>> {
    let to = known(to)?;
    let Some(newest) = history.iter().map(|record| record.version).max() else {
        return Ok(Vec::new());
    };
    let to = to.unwrap_or(newest - 1);
    let gone = history.iter().filter(|record| record.version > to);
    if let Some(unknown) = gone.clone().find(|record| history::find(record.version).is_none()) {
        return Err(MigrateError::Refused(format!(
            "This binary does not know migration {:04} {}: roll it back with the newer binary that \
             applied it.",
            unknown.version, unknown.name
        )));
    }
    let applied: Vec<i64> = gone.map(|record| record.version).collect();
    let mut steps = downward(newest, to);
    steps.retain(|step| applied.contains(&step.migration.version));
    Ok(steps)
}

fn known(to: Option<i64>) -> MigrateResult<Option<i64>> {
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    match to {
        Some(version) if !(0..=newest).contains(&version) => Err(MigrateError::Refused(format!(
            "There is no migration {version}: this binary has 1 to {newest}, and 0 means none."
        ))),
        to => Ok(to),
    }
}

fn refuse_edited(history: &[HistoryRow]) -> MigrateResult<()> {
    let edited = statuses(history).into_iter().filter(|status| status.state == State::Changed);
    let names: Vec<_> =
        edited.map(|status| format!("{:04} {}", status.version, status.name)).collect();
    if names.is_empty() { Ok(()) } else { Err(MigrateError::Edited(names)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_does_not_exist_is_refused() {
        assert!(known(Some(999)).is_err());
        assert!(known(Some(-1)).is_err());
        assert_eq!(known(Some(0)).unwrap(), Some(0));
    }

    #[test]
    fn a_rollback_past_a_newer_binarys_migration_is_refused() {
        let record = |version| HistoryRow {
            version,
            name: "later".into(),
            checksum: String::new(),
            applied_at: String::new(),
        };
        let error = rollback_steps(&[record(1), record(99)], None).unwrap_err();
        assert!(error.to_string().contains("0099 later"), "{error}");
    }
}
