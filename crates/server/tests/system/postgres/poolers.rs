//! Through PgBouncer in transaction mode, where each transaction may run on another server
//! connection. PgBouncer before 1.21, or with tracking off, runs another client's SQL under our
//! statement names; the engine must find that out by itself.

use doorward::sql::{DbError, Sql};
use doorward::{statement, step};
use tokio::task::JoinSet;

use crate::postgres::data::{
    ALL_TASKS, ONE, RENAME, RENAME_USER, USER_NAME, database, open, task, user,
};
use crate::support::pooler::{Pooler, TOO_OLD, TRACKS};

/// With one server connection this sees what every client has left there.
const NAMES: Sql = statement!("NAMES", "SELECT count(*) FROM pg_prepared_statements");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_users_behind_a_pooler_never_see_each_others_rows() {
    let Some(pooler) = Pooler::start("").await else { return };
    isolated(&pooler).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_takes_turns_between_its_connections_is_safe_too() {
    let Some(pooler) = Pooler::start("server_round_robin=1").await else { return };
    isolated(&pooler).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_tracks_statements_is_safe_with_named_ones() {
    let on = |version| if version >= TRACKS { "max_prepared_statements=200" } else { TOO_OLD };
    let Some(pooler) = Pooler::with("", on).await else { return };
    isolated(&pooler).await;
    let Some(pooler) = Pooler::with("default_pool_size=1", on).await else { return };
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    user(&db).await;
    assert!(db.find::<i64>(step!(NAMES)).await.unwrap() > Some(0), "no name was used");
}

async fn isolated(pooler: &Pooler) {
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    let mut running = JoinSet::new();
    for number in 0..100 {
        let gate = user(&db).await;
        let id = task(&db, gate, &format!("of {number}")).await;
        let db = db.clone();
        running.spawn(async move {
            let own = vec![format!("of {number}")];
            for _ in 0..10 {
                let seen = db.read_as::<String>(gate, step!(ALL_TASKS)).await.unwrap();
                assert_eq!(seen, own);
                let renamed =
                    db.write_as::<String>(gate, step!(RENAME { id, title: own[0].as_str() }));
                assert_eq!(renamed.await.unwrap(), own);
                assert_eq!(db.find::<i64>(step!(ONE)).await.unwrap(), Some(1));
                // Nobody's name stays behind on the pooler's connections.
                assert!(db.execute::<String>(step!(ALL_TASKS)).await.unwrap().is_empty());
                assert!(db.query::<String>(step!(ALL_TASKS)).await.unwrap().is_empty());
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn behind_an_untracking_pooler_no_statement_keeps_a_name() {
    let off = |version| if version >= TRACKS { "max_prepared_statements=0" } else { "" };
    let Some(pooler) = Pooler::with("default_pool_size=1", off).await else { return };
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    let ada = user(&db).await;
    task(&db, ada, "a task").await;
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    assert_eq!(db.find::<i64>(step!(NAMES)).await.unwrap(), Some(0));
}

#[tokio::test]
async fn every_shape_of_parameter_works_without_prepared_statements() {
    let Some(pooler) = Pooler::start("").await else { return };
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    let ada = user(&db).await;
    const SHAPES: Sql = statement!(
        "SHAPES",
        "UPDATE users SET name = coalesce(:name, name), is_active = :active, updated_at = :now \
            WHERE id = :id AND (:flag = 1 OR :flag IS NULL) RETURNING is_active"
    );
    let none: Option<String> = None;
    let done = db
        .execute::<bool>(step!(SHAPES {
            id: ada.user_id,
            name: none,
            active: true,
            now: ada.now,
            flag: None::<i64>
        }))
        .await
        .unwrap();
    assert_eq!(done, [true]);
    let done = db
        .execute::<bool>(step!(SHAPES {
            id: ada.user_id,
            name: "Ada",
            active: false,
            now: ada.now,
            flag: 1i64
        }))
        .await
        .unwrap();
    assert_eq!(done, [false]);
    let read = db.read_as::<String>(ada, step!(ALL_TASKS)).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    let steps = vec![step!(RENAME_USER { id: ada.user_id, name: "changed" })];
    let write = db.write_all_as(ada, steps).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
    let name = db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
    assert_eq!(name.as_deref(), Some("Ada"));
}

/// Migrations belong on the direct host, but nobody is harmed where there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_migrators_behind_a_pooler_apply_each_migration_once() {
    use doorward::config::DatabaseUrl;
    use doorward::schema::migrate::Migrator;
    let Some(pooler) = Pooler::start("").await else { return };
    let url = pooler.before(&crate::support::postgres::fresh_database().await);
    let url = DatabaseUrl::parse(&url).unwrap();
    let up = async || Migrator::new(&url).up(None, &mut |_| {}).await;
    let (one, two) = tokio::join!(up(), up());
    let count = one.unwrap().migrations.len() + two.unwrap().migrations.len();
    assert_eq!(count, doorward::schema::MIGRATIONS.len());
    let report = doorward::schema::verify::verify(&Migrator::new(&url)).await.unwrap();
    assert!(report.problems().is_empty(), "{:?}", report.problems());
    assert_eq!(report.attempts.len(), 8);
}
