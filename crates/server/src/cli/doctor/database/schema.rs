//! The schema: its migrations, what the login may do, whether it is what the migrations make, and whether
//! row-level security holds when it is tried. All of it as `db status` and `db verify` see it.

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

/// How many differences are named.
const MOST: usize = 5;
/// How `verify` begins what it says of row-level security.
const ON_ISOLATION: &str = "Row-level security";
const ON_MIGRATIONS: &str = "The migration ";

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
            "Upgrade this binary; it serves meanwhile",
        );
    }
    MIGRATED.ok(format!("All {} are applied", MIGRATIONS.len()))
}

/// What the server's own login may do on the server's own host.
async fn privileges(patient: &Patient) -> Finding {
    if is_sqlite(&patient.settings) {
        return PRIVILEGES.skipped("SQLite has no logins");
    }
    let db = match Database::open_lazily(&patient.settings.database).await {
        Ok(db) => db,
        Err(error) => return PRIVILEGES.failed(error.to_string(), "See database.sign-in"),
    };
    match db.schema().await {
        Ok(Schema::Current) => PRIVILEGES.ok("The login may do all that the server does"),
        Ok(Schema::Behind) => PRIVILEGES.skipped("They are known once every migration is applied"),
        // Told by the checks of their own.
        Ok(Schema::Unfit(Unfit::ReadOnly | Unfit::Exposed)) => {
            PRIVILEGES.skipped("They matter once what failed beside them is put right")
        }
        Ok(Schema::Unfit(unfit)) => {
            if let Unfit::Privileges(grants) = &unfit {
                return PRIVILEGES.failed(
                    "The login lacks privileges that the server needs",
                    format!("Let the owner of the tables or an administrator run: {grants};"),
                );
            }
            PRIVILEGES.told(Health::Failed, &format!("The database {unfit}"))
        }
        Err(error) => PRIVILEGES.failed(error.to_string(), "See `doorward db status`"),
    }
}

fn compared(patient: &Patient, report: &Report) -> Vec<Finding> {
    let applied = report.migrations.iter().any(|one| one.state != State::Pending);
    if !applied {
        return vec![DRIFT.skipped("There are no tables yet")];
    }
    let (isolation, drift): (Vec<&String>, Vec<&String>) = report
        .drift
        .iter()
        .filter(|told| !told.starts_with(ON_MIGRATIONS))
        .partition(|told| told.starts_with(ON_ISOLATION));
    let next = if is_sqlite(&patient.settings) {
        "`doorward db verify` shows the SQL and all answers"
    } else {
        "`doorward db verify` shows the SQL and all answers; `doorward db repair` puts row-level security back"
    };
    let mut found = Vec::new();
    if drift.is_empty() {
        found.push(
            DRIFT.ok("Every table, index, constraint and function is as the migrations make it"),
        );
    } else {
        let named: Vec<&str> = drift.iter().take(MOST).map(|told| told.as_str()).collect();
        let more = drift.len().saturating_sub(MOST);
        let more = if more == 0 { String::new() } else { format!(" And {more} more.") };
        found.push(DRIFT.failed(format!("{}{more}", named.join(" ")), next));
    }
    if is_sqlite(&patient.settings) {
        found.push(
            ISOLATION.skipped("SQLite has none: every statement names the owner of its rows"),
        );
    } else if let Some(told) = isolation.first() {
        found.push(
            ISOLATION.failed(told.as_str(), "Run `doorward db repair`, then `doorward db verify`"),
        );
    } else if report.attempts.is_empty() {
        found.push(ISOLATION.failed(
            "It could not be tried: tables are missing",
            "Put the schema right first: see schema.drift",
        ));
    } else {
        let count = report.attempts.len();
        found.push(ISOLATION.ok(format!(
            "{count} attempts to get past row-level security with two users' rows: all held, all undone"
        )));
    }
    found
}
