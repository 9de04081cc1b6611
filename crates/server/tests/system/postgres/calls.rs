//! What one call does: its rows, its isolation, its gate, its errors.

use doorward::sql::{DbError, Sql};
use doorward::{statement, step};

use crate::postgres::data::{ALL_TASKS, RENAME, RENAME_USER, USER_NAME, database, task, user};

const SESSION_ENDS: Sql =
    statement!("SESSION_ENDS", "UPDATE sessions SET ended_at = :now WHERE id = :id");
const DISABLE: Sql = statement!("DISABLE", "UPDATE users SET is_active = FALSE WHERE id = :id");
const CONFIRMED: Sql = statement!("CONFIRMED", "SELECT confirmed FROM sessions WHERE id = :id");

#[tokio::test]
async fn each_user_reads_and_changes_own_tasks_only_even_as_superuser() {
    let (db, _) = database().await;
    let (ada, bob) = (user(&db).await, user(&db).await);
    let adas = task(&db, ada, "ada's").await;
    task(&db, bob, "bob's").await;
    assert_eq!(db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap(), ["ada's"]);
    assert_eq!(db.read_as::<String>(bob, step!(ALL_TASKS)).await.unwrap(), ["bob's"]);
    let stolen =
        db.write_as::<String>(bob, step!(RENAME { id: adas, title: "stolen" })).await.unwrap();
    assert!(stolen.is_empty());
    assert_eq!(db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap(), ["ada's"]);
    // Outside the gate nobody is set, so nothing is seen.
    assert!(db.query::<String>(step!(ALL_TASKS)).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_session_reads_nothing_and_its_write_is_rolled_back() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    db.execute::<()>(step!(SESSION_ENDS { id: ada.session_id, now: ada.now })).await.unwrap();
    let read = db.read_as::<String>(ada, step!(ALL_TASKS)).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    // A table without row-level security: only the rollback protects it.
    let write =
        db.write_as::<()>(ada, step!(RENAME_USER { id: ada.user_id, name: "changed" })).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
    let name = db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
    assert_eq!(name.as_deref(), Some(""));
}

#[tokio::test]
async fn a_disabled_user_reads_nothing_and_changes_nothing() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    db.execute::<()>(step!(DISABLE { id: ada.user_id })).await.unwrap();
    let read = db.read_as::<String>(ada, step!(ALL_TASKS)).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    let write =
        db.write_as::<()>(ada, step!(RENAME_USER { id: ada.user_id, name: "changed" })).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
}

#[tokio::test]
async fn a_session_that_has_expired_is_refused_by_the_callers_clock() {
    let (db, _) = database().await;
    let mut ada = user(&db).await;
    ada.now += time::Duration::days(1);
    let read = db.read_as::<String>(ada, step!(ALL_TASKS)).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
}

#[tokio::test]
async fn the_first_use_of_a_generation_confirms_it() {
    let (db, _) = database().await;
    let mut ada = user(&db).await;
    ada.generation = 2;
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    assert_eq!(db.find::<i64>(step!(CONFIRMED { id: ada.session_id })).await.unwrap(), Some(2));
    ada.generation = 3;
    task(&db, ada, "a task").await;
    assert_eq!(db.find::<i64>(step!(CONFIRMED { id: ada.session_id })).await.unwrap(), Some(3));
    ada.generation = 1;
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    assert_eq!(db.find::<i64>(step!(CONFIRMED { id: ada.session_id })).await.unwrap(), Some(3));
}

#[tokio::test]
async fn a_unique_violation_undoes_the_whole_bundle() {
    const EMAIL: Sql = statement!(
        "EMAIL",
        "UPDATE users SET email_key = (SELECT email_key FROM users WHERE id = :other) WHERE id = :id"
    );
    let (db, _) = database().await;
    let (ada, bob) = (user(&db).await, user(&db).await);
    let alone = db.execute::<()>(step!(EMAIL { id: ada.user_id, other: bob.user_id })).await;
    assert!(matches!(alone, Err(DbError::Unique(_))), "{alone:?}");
    let steps = vec![
        step!(RENAME_USER { id: ada.user_id, name: "changed" }),
        step!(EMAIL { id: ada.user_id, other: bob.user_id }),
    ];
    let bundle = db.write_all_as(ada, steps).await;
    assert!(matches!(bundle, Err(DbError::Unique(_))), "{bundle:?}");
    let name = db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
    assert_eq!(name.as_deref(), Some(""));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_encoded_undoes_the_bundle_and_leaves_nobody_signed_in() {
    let (db, _) = database().await;
    let ada = user(&db).await;
    task(&db, ada, "secret").await;
    for _ in 0..20 {
        let steps = vec![
            step!(RENAME_USER { id: ada.user_id, name: "changed" }),
            step!(RENAME { id: "not a uuid", title: "changed" }),
        ];
        let bundle = db.write_all_as(ada, steps).await;
        assert!(matches!(bundle, Err(DbError::Internal(_))), "{bundle:?}");
        // The same connection serves the next caller; a transaction left open would show the task.
        let seen = db.execute::<String>(step!(ALL_TASKS)).await.unwrap();
        assert!(seen.is_empty());
    }
    let name = db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
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
                let seen = db.read_as::<String>(gate, step!(ALL_TASKS)).await.unwrap();
                assert_eq!(seen, mine);
                if round % 4 == 0 {
                    let title = format!("of {number} in round {round:02}");
                    task(&db, gate, &title).await;
                    mine.push(title);
                }
                // A bundle that reads sees its own user only.
                let seen = db.write_as::<String>(gate, step!(ALL_TASKS)).await.unwrap();
                assert_eq!(seen, mine);
                assert!(db.execute::<String>(step!(ALL_TASKS)).await.unwrap().is_empty());
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
        let write = db.write_as::<String>(ada, step!(ALL_TASKS));
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros * 10), write).await;
        let seen = db.execute::<String>(step!(ALL_TASKS)).await.unwrap();
        assert!(seen.is_empty(), "after {micros}");
    }
}
