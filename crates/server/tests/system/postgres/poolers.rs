//! Through PgBouncer in transaction mode, where each transaction may run on another server
//! connection. PgBouncer before 1.21, or with tracking off, runs another client's SQL under our
//! statement names; the engine must find that out by itself.

use doorward::params;
use doorward::sql::{DbError, Sql, Step};
use tokio::task::JoinSet;

use crate::postgres::data::{
    ALL_TASKS, ONE, RENAME, RENAME_USER, USER_NAME, database, open, task, user,
};
use crate::support::pooler::{Pooler, TOO_OLD, TRACKS};

/// With one server connection this sees what every client has left there.
const NAMES: Sql = Sql { name: "NAMES", text: "SELECT count(*) FROM pg_prepared_statements" };

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
    assert!(db.find::<i64>(NAMES, params![]).await.unwrap() > Some(0), "no name was used");
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
                let seen = db.read_as::<String>(gate, ALL_TASKS, params![]).await.unwrap();
                assert_eq!(seen, own);
                let renamed = db.write_as::<String>(gate, RENAME, params![id, own[0].as_str()]);
                assert_eq!(renamed.await.unwrap(), own);
                assert_eq!(db.find::<i64>(ONE, params![]).await.unwrap(), Some(1));
                // Nobody's name stays behind on the pooler's connections.
                assert!(db.execute::<String>(ALL_TASKS, params![]).await.unwrap().is_empty());
                assert!(db.query::<String>(ALL_TASKS, params![]).await.unwrap().is_empty());
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
    db.read_as::<String>(ada, ALL_TASKS, params![]).await.unwrap();
    assert_eq!(db.find::<i64>(NAMES, params![]).await.unwrap(), Some(0));
}

#[tokio::test]
async fn every_shape_of_parameter_works_without_prepared_statements() {
    let Some(pooler) = Pooler::start("").await else { return };
    let (_, url) = database().await;
    let db = open(&pooler.before(&url)).await;
    let ada = user(&db).await;
    const SHAPES: Sql = Sql {
        name: "SHAPES",
        text: "UPDATE users SET name = coalesce($2, name), is_active = $3, updated_at = $4 \
            WHERE id = $1 AND ($5 = 1 OR $5 IS NULL) RETURNING is_active",
    };
    let none: Option<String> = None;
    let done = db
        .execute::<bool>(SHAPES, params![ada.user_id, none, true, ada.now, None::<i64>])
        .await
        .unwrap();
    assert_eq!(done, [true]);
    let done = db
        .execute::<bool>(SHAPES, params![ada.user_id, "Ada", false, ada.now, 1i64])
        .await
        .unwrap();
    assert_eq!(done, [false]);
    let read = db.read_as::<String>(ada, ALL_TASKS, params![]).await;
    assert!(matches!(read, Err(DbError::SessionEnded)), "{read:?}");
    let steps = vec![Step::new(RENAME_USER, params![ada.user_id, "changed"])];
    let write = db.write_all_as(ada, steps).await;
    assert!(matches!(write, Err(DbError::SessionEnded)), "{write:?}");
    let name = db.find::<String>(USER_NAME, params![ada.user_id]).await.unwrap();
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
    assert_eq!(report.drift, Vec::<String>::new());
    assert_eq!(report.attempts.len(), 8);
}
