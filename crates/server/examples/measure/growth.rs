//! How long the same requests take in a database of any size.

use std::time::{Duration, Instant};

use crate::hash::HashLoop;
use crate::http::Http;
use crate::mint::{Mint, active_user, random, task_path};
use crate::{PASSWORD, report};

pub(crate) async fn growth(port: u16, users: u64, tasks: u64, seconds: u64, secret: &str) {
    let mut http = Http::connect(port).await;
    let (_, sample) = http.sign_in(1).await;
    let mint = Mint::like(&sample, secret);
    let lasting = Duration::from_secs(seconds);
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mint = mint.clone();
        clients.push(tokio::spawn(read(port, users, tasks, mint, lasting)));
    }
    let mut times = [const { Vec::new() }; 2];
    for client in clients {
        for (all, some) in times.iter_mut().zip(client.await.unwrap()) {
            all.extend(some);
        }
    }
    let [get, list] = times;
    report("get", get);
    report("list", list);

    let mut times = [const { Vec::new() }; 3];
    let mut hashes = HashLoop::new();
    let until = Instant::now() + lasting;
    while Instant::now() < until {
        let sent = Instant::now();
        let user = usize::try_from(1 + active_user(users)).unwrap();
        assert_eq!(http.sign_in(user).await.0, 200, "user {user} cannot sign in");
        times[0].push(sent.elapsed());
        let sent = Instant::now();
        let body = format!(r#"{{"email":"{:x}@example.org","password":"{PASSWORD}"}}"#, random());
        let (status, answer) = http.send("POST", "/auth/register", "", &body).await;
        assert_eq!(status, 201, "{answer}");
        times[1].push(sent.elapsed());
        let sent = Instant::now();
        hashes.once();
        times[2].push(sent.elapsed());
    }
    // Each costs one hash. What is taken off is the hash that was as quick or slow among hashes.
    for times in &mut times {
        times.sort_unstable();
    }
    let [login, register, hash] = times;
    for (name, times) in [("login", login), ("register", register)] {
        let less = times.iter().zip(&hash).map(|(time, hash)| time.saturating_sub(*hash));
        report(name, less.collect());
    }
}

async fn read(
    port: u16,
    users: u64,
    tasks: u64,
    mint: Mint,
    lasting: Duration,
) -> [Vec<Duration>; 2] {
    let mut http = Http::connect(port).await;
    let mut times = [const { Vec::new() }; 2];
    let until = Instant::now() + lasting;
    while Instant::now() < until {
        let user = active_user(users);
        let token = mint.token(user + 1);
        let path = task_path(user, users, tasks);
        for (kind, path) in [(0, path.as_str()), (1, "/api/tasks?limit=20")] {
            let sent = Instant::now();
            let (status, answer) = http.send("GET", path, &token, "").await;
            assert_eq!(status, 200, "{path}: {answer}");
            times[kind].push(sent.elapsed());
        }
    }
    times
}
