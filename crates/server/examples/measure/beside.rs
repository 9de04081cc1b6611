//! What other users notice of work that goes on beside theirs.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::http::Http;
use crate::mint::{Mint, active_user, task_path};
use crate::report;

pub(crate) async fn beside(port: u16, users: u64, tasks: u64, secret: &str) {
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        ended.store(true, Ordering::Relaxed);
    });
    let mut http = Http::connect(port).await;
    let (_, sample) = http.sign_in(1).await;
    let mint = Mint::like(&sample, secret);
    println!("prepared");
    let mut times = [const { Vec::new() }; 3];
    let mut failed = 0;
    while !over.load(Ordering::Relaxed) {
        let user = active_user(users);
        let token = mint.token(user + 1);
        let task = task_path(user, users, tasks);
        let sent = Instant::now();
        let (status, _) = http.sign_in(usize::try_from(user + 1).unwrap()).await;
        failed += u32::from(status != 200);
        times[0].push(sent.elapsed());
        let body = r#"{"title":"Buy milk"}"#;
        let others = [("GET", task.as_str(), "", 200), ("POST", "/api/tasks", body, 201)];
        for ((method, path, body, expected), times) in others.into_iter().zip(&mut times[1..]) {
            let sent = Instant::now();
            let (status, _) = http.send(method, path, &token, body).await;
            failed += u32::from(status != expected);
            times.push(sent.elapsed());
        }
    }
    println!("failed {failed}");
    let [sign_in, read, write] = times;
    report("sign_in", sign_in);
    report("read", read);
    report("write", write);
}
