//! What one call does: its rows, its isolation, its gate, its errors.

use doorward::params;
use doorward::sql::{DbError, Sql, Step};

use crate::postgres::data::{ALL_TASKS, RENAME, RENAME_USER, USER_NAME, database, task, user};

const SESSION_ENDS: Sql =
    Sql { name: "SESSION_ENDS", text: "UPDATE sessions SET ended_at = $2 WHERE id = $1" };
const DISABLE: Sql =
    Sql { name: "DISABLE", text: "UPDATE users SET is_active = FALSE WHERE id = $1" };
const CONFIRMED: Sql =
    Sql { name: "CONFIRMED", text: "SELECT confirmed FROM sessions WHERE id = $1" };

#[tokio::test]
async fn each_user_reads_and_changes_own_tasks_only_even_as_superuser() {
    let (db, _) = database().await;
    let (ada, bob) = (user(&db).await, user(&db).await);
    let adas = task(&db, ada, "ada's").await;
    task(&db, bob, "bob's").await;
    assert_eq!(db.read_as::<String>(ada, ALL_TASKS, params![]).await.unwrap(), ["ada's"]);
    assert_eq!(db.read_as::<String>(bob, ALL_TASKS, params![]).await.unwrap(), ["bob's"]);
    let stolen = db.write_as::<String>(bob, RENAME, params![adas, "stolen"]).await.unwrap();
    assert!(stolen.is_empty());
    assert_eq!(db.read_as::<String>(ada, ALL_TASKS, params![]).await.unwrap(), ["ada's"]);
    // Outside the gate nobody is set, so nothing is seen.
    assert!(db.query::<String>(ALL_TASKS, params![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_session_reads_nothing_and_its_write_is_rolled_back() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    db.execute::<()>(SESSION_ENDS, params![ada.session_id, ada.now]).await.unwrap();
    let read = db.read_as::<String>(ada, ALL_TASKS, params![]).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    // A table without row-level security: only the rollback protects it.
    let write = db.write_as::<()>(ada, RENAME_USER, params![ada.user_id, "changed"]).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
    let name = db.find::<String>(USER_NAME, params![ada.user_id]).await.unwrap();
    assert_eq!(name.as_deref(), Some(""));
}

#[tokio::test]
async fn a_disabled_user_reads_nothing_and_changes_nothing() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    db.execute::<()>(DISABLE, params![ada.user_id]).await.unwrap();
    let read = db.read_as::<String>(ada, ALL_TASKS, params![]).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    let write = db.write_as::<()>(ada, RENAME_USER, params![ada.user_id, "changed"]).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
}

#[tokio::test]
async fn a_session_that_has_expired_is_refused_by_the_callers_clock() {
    let (db, _) = database().await;
    let mut ada = user(&db).await;
    ada.now += time::Duration::days(1);
    let read = db.read_as::<String>(ada, ALL_TASKS, params![]).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
}

#[tokio::test]
async fn the_first_use_of_a_generation_confirms_it() {
    let (db, _) = database().await;
    let mut ada = user(&db).await;
    ada.generation = 2;
    db.read_as::<String>(ada, ALL_TASKS, params![]).await.unwrap();
    assert_eq!(db.find::<i64>(CONFIRMED, params![ada.session_id]).await.unwrap(), Some(2));
    ada.generation = 3;
    task(&db, ada, "a task").await;
    assert_eq!(db.find::<i64>(CONFIRMED, params![ada.session_id]).await.unwrap(), Some(3));
    ada.generation = 1;
    db.read_as::<String>(ada, ALL_TASKS, params![]).await.unwrap();
    assert_eq!(db.find::<i64>(CONFIRMED, params![ada.session_id]).await.unwrap(), Some(3));
}

#[tokio::test]
async fn a_unique_violation_undoes_the_whole_bundle() {
    const EMAIL: Sql = Sql {
        name: "EMAIL",
        text: "UPDATE users SET email_key = (SELECT email_key FROM users WHERE id = $2) WHERE id = $1",
    };
    let (db, _) = database().await;
    let (ada, bob) = (user(&db).await, user(&db).await);
    let alone = db.execute::<()>(EMAIL, params![ada.user_id, bob.user_id]).await;
    assert!(matches!(alone, Err(DbError::Unique)), "{alone:?}");
    let steps = vec![
        Step::new(RENAME_USER, params![ada.user_id, "changed"]),
        Step::new(EMAIL, params![ada.user_id, bob.user_id]),
    ];
    let bundle = db.write_all_as(ada, steps).await;
    assert!(matches!(bundle, Err(DbError::Unique)), "{bundle:?}");
    let name = db.find::<String>(USER_NAME, params![ada.user_id]).await.unwrap();
    assert_eq!(name.as_deref(), Some(""));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_encoded_undoes_the_bundle_and_leaves_nobody_signed_in() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    task(&db, ada, "secret").await;
    for _ in 0..20 {
        let steps = vec![
            Step::new(RENAME_USER, params![ada.user_id, "changed"]),
            Step::new(RENAME, params!["not a uuid", "changed"]),
        ];
        let bundle = db.write_all_as(ada, steps).await;
        assert!(matches!(bundle, Err(DbError::Internal(_))), "{bundle:?}");
        // The same connection serves the next caller; a transaction left open would show the task.
        let seen = db.execute::<String>(ALL_TASKS, params![]).await.unwrap();
        assert!(seen.is_empty());
    }
    let name = db.find::<String>(USER_NAME, params![ada.user_id]).await.unwrap();
    assert_eq!(name.as_deref(), Some(""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_users_on_shared_connections_never_see_each_others_rows() {
    let (db, _) = database().await;
    let mut people = Vec::new();
    for number in 0..64 {
        let gate = user(&db).await;
        task(&db, gate, &format!("of {number}")).await;
        people.push(gate);
    }
    let mut running = tokio::task::JoinSet::new();
    for (number, gate) in people.into_iter().enumerate() {
        let db = db.clone();
        running.spawn(async move {
            let mut mine = vec![format!("of {number}")];
            for round in 0..20 {
                let seen = db.read_as::<String>(gate, ALL_TASKS, params![]).await.unwrap();
                assert_eq!(seen, mine);
                if round % 4 == 0 {
                    let title = format!("of {number} in round {round:02}");
                    task(&db, gate, &title).await;
                    mine.push(title);
                }
                // A bundle that reads sees its own user only.
                let seen = db.write_as::<String>(gate, ALL_TASKS, params![]).await.unwrap();
                assert_eq!(seen, mine);
                assert!(db.execute::<String>(ALL_TASKS, params![]).await.unwrap().is_empty());
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_give_up_leave_no_half_transaction_behind() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    task(&db, ada, "secret").await;
    for micros in 0..200u64 {
        let write = db.write_as::<String>(ada, ALL_TASKS, params![]);
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros * 10), write).await;
        let seen = db.execute::<String>(ALL_TASKS, params![]).await.unwrap();
        assert!(seen.is_empty(), "after {micros}");
    }
}
