//! Processes that start at once over a database without tables, told to make them or to wait for them.

use doorward::config::DatabaseUrl;
use doorward::db::Database;
use doorward::schema::Schema;

use crate::replicas::pair::{Pair, empty};
use crate::support::app::migrate;

both! {
    async fn two_processes_start_at_once_over_an_empty_database(engine: Engine) {
        for _ in 0..5 {
            let (url, dir) = empty(engine).await;
            let pair = Pair::over(url, dir, &[]).await;
            let ada = pair.sign_up("ada").await;
            pair.there(&ada).get("/auth/me").await.expect(200);
        }
    }
}

both! {
    async fn a_schema_that_is_being_made_is_behind_and_never_another_applications(engine: Engine) {
        for _ in 0..if engine == Engine::Sqlite { 12 } else { 4 } {
            let (url, _dir) = empty(engine).await;
            let db = Database::open(&DatabaseUrl::parse(&url).unwrap()).await.unwrap();
            let migrating = tokio::spawn(async move { migrate(&url).await });
            let mut seen = Schema::Behind;
            while seen != Schema::Current {
                seen = db.schema().await.expect("an answer");
                assert!(matches!(seen, Schema::Behind | Schema::Current), "{seen:?}");
            }
            migrating.await.expect("the migration succeeds");
        }
    }
}
