//! Two processes that start at once over a database without tables, each told to make them.

use crate::replicas::pair::{Pair, empty};

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
