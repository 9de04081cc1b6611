//! Tests row-level security: inserts two users with a task each, tries to read, change, delete and write
//! across as one of them, and rolls everything back. It runs against the actual policy, view and role, so it
//! detects any change to them.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::{Attempt, Report};
use crate::clock::Clock;
use crate::crypto::Random;
use crate::schema::migrate::error::MigrateResult;
use crate::schema::migrate::postgres::answer;

const REFUSED: &str = "refused";

/// Makes the attempts and adds them, with a sentence for each that succeeded.
pub(in crate::schema) async fn prove(client: &Client, report: &mut Report) -> MigrateResult<()> {
    let there = |name: &str| {
        report.answers.first().is_some_and(|tables| {
            tables.rows.iter().any(|row| row.first().and_then(Option::as_deref) == Some(name))
        })
    };
    if !["users", "tasks", "own_tasks"].into_iter().all(there) {
        return Ok(());
    }
    let (random, now) = (Random::system(), Clock::system().now());
    let (ada, grace) = (random.id(now), random.id(now));
    client.batch_execute("BEGIN; SET LOCAL statement_timeout = '10s'").await?;
    let mut attempts = nobody_yet(client).await?;
    report.planted = plant(ada, grace, &random, now);
    match client.batch_execute(&report.planted).await {
        Ok(()) => attempts.extend(across(client, ada, grace, random.id(now)).await?),
        Err(error) => report.isolation.push(format!(
            "Row-level security could not be tested, because the test rows were rejected: {}.",
            crate::schema::migrate::postgres::describe(&error)
        )),
    }
    client.batch_execute("ROLLBACK").await?;
    let broken = attempts.iter().filter(|attempt| !attempt.holds());
    report.isolation.extend(broken.map(|attempt| {
        format!(
            "Row-level security does not work: {} returned {} instead of {}.",
            attempt.what, attempt.answer, attempt.expected
        )
    }));
    report.attempts = attempts;
    Ok(())
}

async fn nobody_yet(client: &Client) -> MigrateResult<Vec<Attempt>> {
    let sql = "SELECT count(*) FROM own_tasks";
    Ok(vec![attempt(client, "reading without setting a user", sql.into(), "0").await?])
}

/// Two users with a task each, inserted as the server would.
fn plant(ada: Uuid, grace: Uuid, random: &Random, now: time::OffsetDateTime) -> String {
    let mut sql = format!(
        "INSERT INTO users (id, created_at, updated_at) VALUES\n    \
         ('{ada}', now(), now()), ('{grace}', now(), now());\n"
    );
    for owner in [ada, grace] {
        let (act, write) = (acting_as(&owner.to_string()), task(random.id(now), owner));
        sql = format!("{sql}{act};\n{write};\n");
    }
    sql
}

fn task(id: Uuid, owner: Uuid) -> String {
    format!(
        "INSERT INTO own_tasks (id, user_id, title, title_search, completed, priority, version, \
         due_sort, created_at, updated_at)\n    \
         VALUES ('{id}', '{owner}', 'proof', 'proof', FALSE, 0, 1, now(), now(), now())"
    )
}

fn acting_as(user: &str) -> String {
    format!("SELECT set_config('doorward.user_id', '{user}', true)")
}

/// What Grace, who acts last, and an unset user can do to Ada's task.
async fn across(client: &Client, ada: Uuid, grace: Uuid, id: Uuid) -> MigrateResult<Vec<Attempt>> {
    let counted =
        |work: String| format!("WITH done AS ({work} RETURNING 1) SELECT count(*) FROM done");
    let of_ada = format!("WHERE user_id = '{ada}'");
    let count = "SELECT count(*) FROM own_tasks";
    let steps = [
        ("reading one's own task", format!("{count} WHERE user_id = '{grace}'"), "1"),
        ("reading other users' tasks", format!("{count} WHERE user_id <> '{grace}'"), "0"),
        (
            "changing another's task",
            counted(format!("UPDATE own_tasks SET completed = TRUE {of_ada}")),
            "0",
        ),
        ("deleting another's task", counted(format!("DELETE FROM own_tasks {of_ada}")), "0"),
        (
            "giving one's own task to another",
            format!("UPDATE own_tasks SET user_id = '{ada}' WHERE user_id = '{grace}'"),
            REFUSED,
        ),
        ("writing a task for another", task(id, ada), REFUSED),
    ];
    let mut attempts = Vec::new();
    for (what, sql, expected) in steps {
        attempts.push(attempt(client, what, sql, expected).await?);
    }
    let empty = format!("{};\n{count}", acting_as(""));
    attempts.push(attempt(client, "reading as an empty user", empty, "0").await?);
    Ok(attempts)
}

async fn attempt(
    client: &Client,
    what: &'static str,
    sql: String,
    expected: &'static str,
) -> MigrateResult<Attempt> {
    client.batch_execute("SAVEPOINT attempt").await?;
    let found = match answer(client, &sql).await {
        Ok((_, rows)) => rows
            .into_iter()
            .next_back()
            .and_then(|row| row.into_iter().next().flatten())
            .unwrap_or_else(|| "done".into()),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => REFUSED.into(),
        Err(error) => crate::schema::migrate::postgres::describe(&error),
    };
    client.batch_execute("ROLLBACK TO attempt").await?;
    Ok(Attempt { what, sql, answer: found, expected })
}
