//! How long the same requests take in a database of any size.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::hash::HashLoop;
use crate::http::Http;
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

/// So many users are active in a database of any size, spread over all of it.
const ACTIVE: u64 = 10_000;

fn active_user(users: u64) -> u64 {
    random() % ACTIVE * (users / ACTIVE)
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
        // As the script stores them: task n belongs to user 1 + n % users.
        let user = active_user(users);
        let task = user + users * (random() % (tasks / users));
        let token = mint.token(user + 1);
        let path = format!("/api/tasks/00000000-0000-7000-9000-{task:012}");
        for (kind, path) in [(0, path.as_str()), (1, "/api/tasks?limit=20")] {
            let sent = Instant::now();
            let (status, answer) = http.send("GET", path, &token, "").await;
            assert_eq!(status, 200, "{path}: {answer}");
            times[kind].push(sent.elapsed());
        }
    }
    times
}

/// Access tokens of sessions that the script has stored, one for each user.
#[derive(Clone)]
struct Mint {
    header: String,
    claims: serde_json::Value,
    key: hmac::Key,
}

impl Mint {
    fn like(sample: &str, secret: &str) -> Self {
        let (header, rest) = sample.split_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.decode(rest.split('.').next().unwrap()).unwrap();
        let claims = serde_json::from_slice(&claims).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { header: header.to_owned(), claims, key }
    }

    fn token(&self, user: u64) -> String {
        let mut claims = self.claims.clone();
        let id = format!("00000000-0000-7000-8000-{user:012}");
        claims["sub"] = id.as_str().into();
        claims["user_id"] = id.into();
        claims["sid"] = format!("00000000-0000-7000-a000-{user:012}").into();
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}
