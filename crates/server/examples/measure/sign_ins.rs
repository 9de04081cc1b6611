//! Sign-ins and refreshes as fast as they are answered, and a flood of sign-ins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::Http;
use crate::{PASSWORD, report};

pub(crate) async fn login(port: u16, users: usize, connections: usize, seconds: u64) {
    let until = Instant::now() + Duration::from_secs(seconds);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let next = Arc::clone(&next);
        tasks.push(tokio::spawn(async move {
            let mut http = Http::connect(port).await;
            let (mut good, mut bad) = (Vec::new(), 0);
            while Instant::now() < until {
                let user = next.fetch_add(1, Ordering::Relaxed) % users;
                let sent = Instant::now();
                if http.sign_in(user).await.0 == 200 {
                    good.push(sent.elapsed());
                } else {
                    bad += 1;
                }
            }
            (good, bad)
        }));
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    for task in tasks {
        let (good, bad) = task.await.unwrap();
        times.extend(good);
        refused += bad;
    }
    println!("per_second {:.2}", times.len() as f64 / started.elapsed().as_secs_f64());
    println!("refused {refused}");
    report("login", times);
}

pub(crate) async fn refresh(port: u16, connections: usize, seconds: u64) {
    let mut clients = Vec::new();
    for user in 0..connections {
        let mut http = Http::connect(port).await;
        let body = format!(r#"{{"email":"user{user}@example.com","password":"{PASSWORD}"}}"#);
        let (_, body) = http.send("POST", "/auth/login", "", &body).await;
        clients.push((http, refresh_token(&body).expect("a sign-in")));
    }
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|(mut http, mut token)| {
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let sent = Instant::now();
                    let body = format!(r#"{{"refresh_token":"{token}"}}"#);
                    let (_, body) = http.send("POST", "/auth/refresh", "", &body).await;
                    token = refresh_token(&body).expect("a successor");
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    println!("per_second {:.2}", times.len() as f64 / started.elapsed().as_secs_f64());
    report("refresh", times);
}

fn refresh_token(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(body["refresh_token"].as_str()?.to_owned())
}

pub(crate) async fn flood(port: u16, connections: usize, seconds: u64, token: &str, path: &str) {
    let until = Instant::now() + Duration::from_secs(seconds);
    let logins: Vec<_> = (0..connections)
        .map(|user| {
            tokio::spawn(async move {
                let mut http = Http::connect(port).await;
                let (mut good, mut refused, mut other) = (0, 0, 0);
                while Instant::now() < until {
                    match http.sign_in(user % 100).await.0 {
                        200 => good += 1,
                        429 | 503 => {
                            refused += 1;
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                        _ => other += 1,
                    }
                }
                (good, refused, other)
            })
        })
        .collect();
    let (mut health, mut read) = (Vec::new(), Vec::new());
    let mut http = Http::connect(port).await;
    while Instant::now() < until {
        for (path, times) in [("/health", &mut health), (path, &mut read)] {
            let sent = Instant::now();
            if http.send("GET", path, token, "").await.0 == 200 {
                times.push(sent.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (mut good, mut refused, mut other) = (0, 0, 0);
    for task in logins {
        let (more_good, more_refused, more_other) = task.await.unwrap();
        good += more_good;
        refused += more_refused;
        other += more_other;
    }
    println!("good {good}\nrefused {refused}\nother {other}");
    report("health", health);
    report("read", read);
}
