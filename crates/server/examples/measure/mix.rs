//! Many users at a request a second each.

use std::time::{Duration, Instant};

use crate::http::Http;
use crate::report;

pub(crate) async fn mix(port: u16, users: usize, seconds: u64) {
    // Everybody is signed in before the clock starts: a hundred sign-ins at once are another row's.
    let mut signed_in = Vec::new();
    for user in 0..users {
        let mut http = Http::connect(port).await;
        let (status, token) = http.sign_in(user).await;
        assert_eq!(status, 200, "user {user} cannot sign in");
        signed_in.push((http, token));
    }
    let mut tasks = Vec::new();
    for (user, (mut http, token)) in signed_in.into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            // People do not click at the same instant.
            tokio::time::sleep(Duration::from_millis(10 * user as u64)).await;
            let (mut api, mut sign_in, mut failed) = (Vec::new(), Vec::new(), 0);
            for turn in 0..seconds {
                let started = Instant::now();
                // Every 50th request is a sign-in; each user has its own phase.
                let kind = (turn + user as u64) % 50;
                let status = match kind {
                    0 => http.sign_in(user).await.0,
                    1 | 2 => http.send("GET", "/auth/me", &token, "").await.0,
                    3..=12 => {
                        http.send("POST", "/api/tasks", &token, r#"{"title":"Buy milk"}"#).await.0
                    }
                    _ => http.send("GET", "/api/tasks?limit=20", &token, "").await.0,
                };
                let time = started.elapsed();
                match status {
                    200..=299 if kind == 0 => sign_in.push(time),
                    200..=299 => api.push(time),
                    _ => failed += 1,
                }
                tokio::time::sleep(Duration::from_secs(1).saturating_sub(time)).await;
            }
            (api, sign_in, failed)
        }));
    }
    let (mut api, mut sign_in, mut failed) = (Vec::new(), Vec::new(), 0);
    for task in tasks {
        let (more_api, more_sign_in, more_failed) = task.await.unwrap();
        api.extend(more_api);
        sign_in.extend(more_sign_in);
        failed += more_failed;
    }
    println!("failed {failed}");
    report("api", api);
    report("sign_in", sign_in);
}
