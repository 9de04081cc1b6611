//! The schema: its migrations, the login's privileges, differences from what the migrations create, and
//! whether row-level security works. As seen by `db status` and `db verify`.

use crate::cli::doctor::finding::{CheckName, Finding, Health};
use crate::cli::doctor::patient::Patient;
use crate::cli::doctor::settings::is_sqlite;
use crate::db::Database;
use crate::schema::migrate::Migrator;
use crate::schema::verify::{Report, verify};
use crate::schema::{MIGRATIONS, Schema, State, Status as Applied, Unfit};

const MIGRATED: CheckName = CheckName("schema.migrations");
const PRIVILEGES: CheckName = CheckName("schema.privileges");
const DRIFT: CheckName = CheckName("schema.drift");
const ISOLATION: CheckName = CheckName("schema.isolation");

/// Maximum number of differences listed.
const MOST: usize = 5;

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    let migrator = Migrator::of(&patient.settings);
    let (migrations, privileges, verified) = tokio::join!(
        patient.within(MIGRATED, async {
            match migrator.status().await {
                Ok(all) => migrations(&all),
                Err(error) => MIGRATED.failed(error.to_string(), "See `doorward db status`"),
            }
        }),
        patient.within(PRIVILEGES, privileges(patient)),
        patient.all_within(DRIFT, async {
            match verify(&migrator).await {
                Ok(report) => compared(patient, &report),
                Err(error) => vec![DRIFT.failed(error.to_string(), "See `doorward db verify`")],
            }
        }),
    );
    let mut found = vec![migrations, privileges];
    found.extend(verified);
    found
}

fn migrations(all: &[Applied]) -> Finding {
    let names = |state: State| -> Vec<String> {
        let such = all.iter().filter(|one| one.state == state);
        such.map(|one| format!("{:04} {}", one.version, one.name)).collect()
    };
    let (pending, changed, unknown) =
        (names(State::Pending), names(State::Changed), names(State::Unknown));
    if !changed.is_empty() {
        return MIGRATED.failed(
            format!("Edited after they were applied: {}", changed.join(", ")),
            "Run the binary that belongs to this database, or restore the files",
        );
    }
    if pending.len() == all.len() {
        return MIGRATED.failed("There are no tables yet", "Run `doorward db migrate`");
    }
    if !pending.is_empty() {
        return MIGRATED.failed(
            format!("{} are pending: {}", pending.len(), pending.join(", ")),
            "Run `doorward db migrate`",
        );
    }
    if !unknown.is_empty() {
        return MIGRATED.warning(
            format!("A newer binary has migrated this database: {}", unknown.join(", ")),
            "Upgrade this binary; it keeps working until then",
        );
    }
    MIGRATED.ok(format!("All {} are applied", MIGRATIONS.len()))
}

/// The privileges of the server's login on the server's host.
async fn privileges(patient: &Patient) -> Finding {
    if is_sqlite(&patient.settings) {
        return PRIVILEGES.skipped("SQLite has no logins");
    }
    let db = match Database::open_lazily(&patient.settings.database).await {
        Ok(db) => db,
        Err(error) => return PRIVILEGES.failed(error.to_string(), "See database.sign-in"),
    };
    match db.schema().await {
        Ok(Schema::Current) => PRIVILEGES.ok("The login has all privileges that the server needs"),
        Ok(Schema::Behind) => {
            PRIVILEGES.skipped("They can be checked once all migrations are applied")
        }
        // Reported by separate checks.
        Ok(Schema::Unfit(Unfit::ReadOnly | Unfit::Exposed)) => {
            PRIVILEGES.skipped("They can be checked once the other problems are fixed")
        }
        Ok(Schema::Unfit(unfit)) => {
            if let Unfit::Privileges(grants) = &unfit {
                return PRIVILEGES.failed(
                    "The login lacks privileges that the server needs",
                    format!("As the owner of the tables or an administrator, run: {grants};"),
                );
            }
            PRIVILEGES.of_sentence(Health::Failed, &format!("The database {unfit}"))
        }
        Err(error) => PRIVILEGES.failed(error.to_string(), "See `doorward db status`"),
    }
}

fn compared(patient: &Patient, report: &Report) -> Vec<Finding> {
    let applied = report.migrations.iter().any(|one| one.state != State::Pending);
    if !applied {
        return vec![DRIFT.skipped("There are no tables yet")];
    }
    let Report { drift, isolation, .. } = report;
    let next = if is_sqlite(&patient.settings) {
        "`doorward db verify` shows the SQL and all results"
    } else {
        "`doorward db verify` shows the SQL and all results; `doorward db repair` restores row-level security"
    };
    let mut found = Vec::new();
    if drift.is_empty() {
        found.push(DRIFT.ok("All tables, indexes, constraints and functions match the migrations"));
    } else {
        let named: Vec<&str> = drift.iter().take(MOST).map(String::as_str).collect();
        let more = drift.len().saturating_sub(MOST);
        let more = if more == 0 { String::new() } else { format!(" And {more} more.") };
        found.push(DRIFT.failed(format!("{}{more}", named.join(" ")), next));
    }
    if is_sqlite(&patient.settings) {
        found.push(ISOLATION.skipped("SQLite has none: every statement has the owner's id"));
    } else if let Some(problem) = isolation.first() {
        found.push(
            ISOLATION
                .failed(problem.as_str(), "Run `doorward db repair`, then `doorward db verify`"),
        );
    } else if report.attempts.is_empty() {
        found.push(ISOLATION.failed(
            "It could not be tested: tables are missing",
            "Fix the schema first: see schema.drift",
        ));
    } else {
        let count = report.attempts.len();
        found.push(ISOLATION.ok(format!(
            "{count} attempts to bypass row-level security with rows of two users failed as expected; all were \
                rolled back"
        )));
    }
    found
}
