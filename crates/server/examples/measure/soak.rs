//! The client of `scripts/soak.sh`: writes for as long as it is told while somebody kills and restarts what it writes
//! to, keeps a ledger of what was acknowledged, watches the server's memory and open files, and judges. Beside it
//! runs a yardstick, work that has nothing to do with the server, which tells how busy the machine was meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::PASSWORD;
use crate::http::Http;

/// Tasks of one user, so that one page holds them.
const OF_ONE: usize = 200;
const PAUSE: Duration = Duration::from_millis(40);
/// Windows of the whole time. The first ones are for faults, the others are compared with each other.
const WINDOWS: usize = 20;
const OF_FAULTS: usize = 8;

/// What is known of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    There,
    Gone,
    /// A change of it was asked for and not answered.
    Unsure,
}

#[derive(Default)]
struct Window {
    answered: Vec<Duration>,
    yardstick: Vec<Duration>,
    refused: usize,
    broken: usize,
}

#[derive(Default)]
struct Book {
    /// Of each token, the titles.
    ledger: BTreeMap<String, BTreeMap<String, Task>>,
    windows: Vec<Window>,
    wrong: Vec<String>,
}

struct Run {
    port: u16,
    until: Instant,
    book: Mutex<Book>,
}

impl Run {
    fn book<T>(&self, entry: impl FnOnce(&mut Book) -> T) -> T {
        entry(&mut self.book.lock().unwrap())
    }

    /// Asks once; `None` where no answer came or the server said that it cannot now.
    async fn ask(
        &self,
        http: &mut Option<Http>,
        (method, path): (&str, &str),
        token: &str,
        body: &str,
        wanted: &[u16],
    ) -> Option<(u16, String)> {
        if http.is_none() {
            *http = Http::open(self.port).await;
        }
        let began = Instant::now();
        let answer = match http {
            Some(http) => http.try_send(method, path, token, body).await,
            None => None,
        };
        let took = began.elapsed();
        let kept = match answer {
            Some((status, body)) if wanted.contains(&status) => {
                self.book(|book| book.windows.last_mut().unwrap().answered.push(took));
                return Some((status, body));
            }
            Some((503, _)) => {
                self.book(|book| book.windows.last_mut().unwrap().refused += 1);
                true
            }
            Some((status, body)) => {
                self.book(|book| book.wrong.push(format!("{method} {path}: {status} {body}")));
                true
            }
            None => {
                self.book(|book| book.windows.last_mut().unwrap().broken += 1);
                false
            }
        };
        if !kept {
            *http = None;
        }
        tokio::time::sleep(PAUSE * 2).await;
        None
    }

    /// The token of a new user.
    async fn newcomer(&self, http: &mut Option<Http>, name: &str) -> Option<String> {
        let account = format!(r#"{{"email":"{name}@example.com","password":"{PASSWORD}"}}"#);
        while Instant::now() < self.until {
            // Registered already where the answer was lost.
            let register = ("POST", "/auth/register");
            if self.ask(http, register, "", &account, &[201, 409]).await.is_none() {
                continue;
            }
            let login = ("POST", "/auth/login");
            let Some((_, body)) = self.ask(http, login, "", &account, &[200]).await else {
                continue;
            };
            let body: Value = serde_json::from_str(&body).unwrap();
            return Some(body["access_token"].as_str().unwrap().to_owned());
        }
        None
    }

    /// One client: makes tasks, completes every third, deletes every fifth, lists now and then.
    async fn work(&self, worker: usize) {
        let mut http = None;
        for round in 0.. {
            let name = format!("soak-{worker}-{round}");
            let Some(token) = self.newcomer(&mut http, &name).await else { return };
            self.book(|book| book.ledger.insert(token.clone(), BTreeMap::new()));
            for number in 0..OF_ONE {
                if Instant::now() >= self.until {
                    return;
                }
                self.task(&mut http, &token, number).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn task(&self, http: &mut Option<Http>, token: &str, number: usize) {
        let title = format!("task-{number}");
        let note = |state| {
            self.book(|book| book.ledger.get_mut(token).unwrap().insert(title.clone(), state));
        };
        note(Task::Unsure);
        let body = format!(r#"{{"title":"{title}"}}"#);
        let made = self.ask(http, ("POST", "/api/tasks"), token, &body, &[201]).await;
        let Some((_, made)) = made else { return };
        note(Task::There);
        let made: Value = serde_json::from_str(&made).unwrap();
        let path = format!("/api/tasks/{}", made["id"].as_str().unwrap());
        if number.is_multiple_of(3) {
            let (path, done) = (format!("{path}/complete"), r#"{"completed":true}"#);
            self.ask(http, ("PATCH", &path), token, done, &[200]).await;
        }
        if number.is_multiple_of(4) {
            self.ask(http, ("GET", "/api/tasks?limit=20"), token, "", &[200]).await;
        }
        if number.is_multiple_of(5) {
            note(Task::Unsure);
            if self.ask(http, ("DELETE", &path), token, "", &[204]).await.is_some() {
                note(Task::Gone);
            }
        }
    }

    /// What a request of the same shape costs where there is no server of ours: some turns between tasks over a
    /// socket, each with a little work.
    async fn yardstick(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut here = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut there, _) = listener.accept().await.unwrap();
        let echo = tokio::spawn(async move {
            let mut byte = [0];
            while there.read_exact(&mut byte).await.is_ok() {
                std::hint::black_box(
                    (0..20_000_u64).fold(0, |sum, next| sum ^ next.wrapping_mul(31)),
                );
                there.write_all(&byte).await.unwrap();
            }
        });
        while Instant::now() < self.until {
            let began = Instant::now();
            for _ in 0..4 {
                let mut byte = [1];
                here.write_all(&byte).await.unwrap();
                here.read_exact(&mut byte).await.unwrap();
            }
            let took = began.elapsed();
            self.book(|book| book.windows.last_mut().unwrap().yardstick.push(took));
            tokio::time::sleep(PAUSE / 4).await;
        }
        echo.abort();
    }

    /// What the server has against what it acknowledged.
    async fn judge(&self) -> (usize, Vec<String>) {
        let ledger = self.book(|book| std::mem::take(&mut book.ledger));
        let (mut count, mut lost) = (0, Vec::new());
        let mut http = Http::connect(self.port).await;
        for (token, tasks) in ledger {
            let (status, body) = http.send("GET", "/api/tasks?limit=1000", &token, "").await;
            assert_eq!(status, 200, "{body}");
            let body: Vec<Value> = serde_json::from_str(&body).unwrap();
            let stored: Vec<_> = body.iter().filter_map(|task| task["title"].as_str()).collect();
            for (title, state) in &tasks {
                count += usize::from(*state != Task::Unsure);
                match (state, stored.contains(&title.as_str())) {
                    (Task::There, false) => lost.push(format!("{title} was made and is not there")),
                    (Task::Gone, true) => lost.push(format!("{title} was deleted and is there")),
                    _ => {}
                }
            }
            let unknown = stored.iter().find(|title| !tasks.contains_key(**title));
            lost.extend(unknown.map(|title| format!("{title} was never asked for")));
        }
        (count, lost)
    }
}

/// KiB that are resident, and open files.
fn of_process(file: &Path) -> Option<(u64, usize)> {
    let process = std::fs::read_to_string(file).ok()?;
    let folder = PathBuf::from("/proc").join(process.trim());
    let status = std::fs::read_to_string(folder.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    let kib = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kib, std::fs::read_dir(folder.join("fd")).ok()?.count()))
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn at(times: &[Duration], per_mille: usize) -> f64 {
    let index = (times.len() * per_mille / 1000).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

struct Figures {
    p99: f64,
    yardstick: f64,
    kib: u64,
    files: usize,
}

pub(crate) async fn soak(port: u16, process: PathBuf, clients: usize, seconds: u64) {
    let window = Duration::from_secs(seconds) / u32::try_from(WINDOWS).unwrap();
    let until = Instant::now() + window * u32::try_from(WINDOWS).unwrap();
    let run = Arc::new(Run { port, until, book: Mutex::default() });
    run.book(|book| book.windows.push(Window::default()));
    let working: Vec<_> = (0..clients)
        .map(|worker| {
            let run = Arc::clone(&run);
            tokio::spawn(async move { run.work(worker).await })
        })
        .collect();
    let measuring = tokio::spawn({
        let run = Arc::clone(&run);
        async move { run.yardstick().await }
    });
    println!(
        "| window | answered | 503 | broken | p50 ms | p99 ms | yardstick p99 ms | resident MiB | open files |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut figures = Vec::new();
    for number in 0..WINDOWS {
        tokio::time::sleep(window).await;
        let done = run.book(|book| {
            book.windows.push(Window::default());
            std::mem::take(&mut book.windows[number])
        });
        let (kib, files) = of_process(&process).unwrap_or_default();
        let (times, bare) = (sorted(done.answered), sorted(done.yardstick));
        let (p99, yardstick) = (at(&times, 990), at(&bare, 990));
        let faults = if number < OF_FAULTS { " faults" } else { "" };
        println!(
            "| {number}{faults} | {} | {} | {} | {:.1} | {p99:.1} | {yardstick:.1} | {:.1} | {files} |",
            times.len(),
            done.refused,
            done.broken,
            at(&times, 500),
            kib as f64 / 1024.0
        );
        figures.push(Figures { p99, yardstick, kib, files });
    }
    for worker in working {
        worker.await.unwrap();
    }
    measuring.await.unwrap();
    let (count, lost) = run.judge().await;
    let wrong = run.book(|book| std::mem::take(&mut book.wrong));
    verdict(&figures, count, &lost, &wrong);
}

/// Fails where the last third of the quiet time is worse than the first, or anything was lost.
fn verdict(figures: &[Figures], count: usize, lost: &[String], wrong: &[String]) {
    // The window in which the faults end, and what it leaves in caches, is not compared.
    let quiet = &figures[OF_FAULTS + 2..];
    let third = quiet.len() / 3;
    let (early, late) = (&quiet[..third], &quiet[quiet.len() - third..]);
    let median = |of: &[Figures], figure: fn(&Figures) -> f64| {
        let mut all: Vec<f64> = of.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let mib = |one: &Figures| one.kib as f64 / 1024.0;
    let files = |one: &Figures| one.files as f64;
    // A machine that others use more in the last third is no fault of the server.
    let bare = |one: &Figures| one.yardstick;
    let busier = (median(late, bare) / median(early, bare)).max(1.0);
    let rows = [
        ("resident MiB", median(early, mib), median(late, mib), 1.15, 8.0),
        ("open files", median(early, files), median(late, files), 1.0, 12.0),
        ("p99 ms", median(early, |one| one.p99), median(late, |one| one.p99), 2.0 * busier, 25.0),
    ];
    println!("\nthe machine was {busier:.1} times as busy in the last third as in the first");
    println!("\n| figure | first third | last third | allowed |\n| --- | --- | --- | --- |");
    let mut breached = false;
    for (name, before, after, factor, more) in rows {
        let allowed = before * factor + more;
        let breach = after > allowed || before == 0.0;
        breached |= breach;
        let mark = if breach { " BREACH" } else { "" };
        println!("| {name} | {before:.1} | {after:.1}{mark} | {allowed:.1} |");
    }
    println!(
        "\nacknowledged changes: {count}; lost: {}; answers that should not be: {}",
        lost.len(),
        wrong.len()
    );
    for text in lost.iter().chain(wrong).take(10) {
        println!("  {text}");
    }
    assert!(count > 0 && lost.is_empty() && wrong.is_empty() && !breached, "a promise was broken");
}
