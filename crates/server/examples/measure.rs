//! The measuring half of `scripts/bench.sh`: the floor that requests are held against, the bare hash
//! loop, a load of sign-ins or of mixed users over real sockets, and a proxy that adds distance.
//! Prints one `name value` pair a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "it measures real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use doorward_verify::{KeySet, Verifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Parser)]
enum Measure {
    /// axum plain text behind an HS256 check.
    Floor { port: u16, secret: String },
    /// Argon2id (m=19456, t=2, p=1) in a bare loop on all cores.
    Hash { seconds: u64 },
    /// Sign-ins of user0@example.com … as fast as they are answered.
    Login { port: u16, users: usize, connections: usize, seconds: u64 },
    /// Refreshes, each connection with a session of its own whose token it passes on.
    Refresh { port: u16, connections: usize, seconds: u64 },
    /// Users at one request a second each, 2 % of them sign-ins, the rest reads and writes of tasks.
    Mix { port: u16, users: usize, seconds: u64 },
    /// GETs of one path at full speed while `watch` is asked ten times a second.
    Flood { port: u16, connections: usize, seconds: u64, token: String, path: String },
    /// How long it takes to read a task and a page of tasks of random users, and, less the hash, to
    /// sign one of them in and to register somebody. Each user has a session.
    Growth { port: u16, users: u64, tasks: u64, seconds: u64, secret: String },
    /// Forwards `from` to `to`, each direction late by `micros`.
    Delay { from: u16, to: u16, micros: u64 },
}

const PASSWORD: &str = "correct horse battery staple";

#[tokio::main]
async fn main() {
    match Measure::parse() {
        Measure::Floor { port, secret } => floor(port, &secret).await,
        Measure::Hash { seconds } => hash(seconds),
        Measure::Login { port, users, connections, seconds } => {
            login(port, users, connections, seconds).await;
        }
        Measure::Refresh { port, connections, seconds } => {
            refresh(port, connections, seconds).await;
        }
        Measure::Mix { port, users, seconds } => mix(port, users, seconds).await,
        Measure::Flood { port, connections, seconds, token, path } => {
            flood(port, connections, seconds, &token, &path).await;
        }
        Measure::Growth { port, users, tasks, seconds, secret } => {
            growth(port, users, tasks, seconds, &secret).await;
        }
        Measure::Delay { from, to, micros } => delay(from, to, micros).await,
    }
}

async fn floor(port: u16, secret: &str) {
    let keys = KeySet::of_secrets([secret.as_bytes()]);
    let verifier = Arc::new(Verifier::new(keys, "doorward", None));
    let handler = move |headers: HeaderMap| {
        let verifier = Arc::clone(&verifier);
        async move {
            let token = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ");
            let now = time::OffsetDateTime::now_utc().unix_timestamp();
            verifier.verify(token, now).map(|claims| claims.sub).map_err(|_| "refused")
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, Router::new().route("/", get(handler))).await.unwrap();
}

fn hash(seconds: u64) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let until = Instant::now() + Duration::from_secs(seconds);
    let work = || {
        let mut memory = arena();
        let mut done = 0_u32;
        while Instant::now() < until {
            hash_once(&mut memory);
            done += 1;
        }
        done
    };
    let started = Instant::now();
    let total: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("per_second {:.2}", f64::from(total) / started.elapsed().as_secs_f64());
}

fn argon2() -> argon2::Argon2<'static> {
    let params = argon2::Params::new(19_456, 2, 1, None).unwrap();
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
}

fn arena() -> Vec<argon2::Block> {
    vec![argon2::Block::default(); argon2().params().block_count()]
}

fn hash_once(memory: &mut [argon2::Block]) {
    let (password, mut out) = (PASSWORD.as_bytes(), [0; 32]);
    let salt = b"0123456789abcdef";
    argon2().hash_password_into_with_memory(password, salt, &mut out, memory).unwrap();
}

/// One keep-alive connection that knows just enough HTTP/1.1.
struct Http {
    port: u16,
    stream: TcpStream,
}

impl Http {
    async fn connect(port: u16) -> Self {
        Self { port, stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap() }
    }

    /// The status and body, or 0 when the connection broke.
    async fn send(&mut self, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
        if let Some(answer) = self.try_send(method, path, token, body).await {
            return answer;
        }
        self.stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        (0, String::new())
    }

    async fn try_send(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> Option<(u16, String)> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let mut buffer = Vec::new();
        loop {
            let mut chunk = [0; 8192];
            let read = self.stream.read(&mut chunk).await.ok()?;
            if read == 0 {
                return None;
            }
            buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let status = head.split(' ').nth(1)?.parse().ok()?;
                return Some((status, String::from_utf8_lossy(&buffer[end + 4..]).into_owned()));
            }
        }
    }

    async fn sign_in(&mut self, user: usize) -> (u16, String) {
        let body = format!(r#"{{"email":"user{user}@example.com","password":"{PASSWORD}"}}"#);
        let (status, body) = self.send("POST", "/auth/login", "", &body).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        (status, body["access_token"].as_str().unwrap_or_default().to_owned())
    }
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!("{name}_count {}", times.len());
    println!("{name}_p50_ms {:.2}", at(0.50));
    println!("{name}_p95_ms {:.2}", at(0.95));
    println!("{name}_p99_ms {:.2}", at(0.99));
}

async fn login(port: u16, users: usize, connections: usize, seconds: u64) {
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

async fn refresh(port: u16, connections: usize, seconds: u64) {
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

async fn mix(port: u16, users: usize, seconds: u64) {
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

async fn growth(port: u16, users: u64, tasks: u64, seconds: u64, secret: &str) {
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
    let mut memory = arena();
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
        hash_once(&mut memory);
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

async fn flood(port: u16, connections: usize, seconds: u64, token: &str, path: &str) {
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

async fn delay(from: u16, to: u16, micros: u64) {
    let listener = TcpListener::bind(("127.0.0.1", from)).await.unwrap();
    let late = Duration::from_micros(micros);
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (client_read, client_write) = client.into_split();
        let (server_read, server_write) = server.into_split();
        tokio::spawn(forward(client_read, server_write, late));
        tokio::spawn(forward(server_read, client_write, late));
    }
}

/// Passes on what arrives, `late` after it arrived, without holding up what comes behind it.
async fn forward(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    late: Duration,
) {
    let (queue, mut queued) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = queued.recv().await {
            tokio::time::sleep_until(due.into()).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        if queue.send((Instant::now() + late, chunk[..read].to_vec())).is_err() {
            return;
        }
    }
}
