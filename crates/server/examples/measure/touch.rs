//! A known number of requests of one kind, so that what each costs can be counted where it is spent.

use std::io::BufRead as _;

use clap::ValueEnum;

use crate::PASSWORD;
use crate::http::Http;
use crate::mint::{Mint, active_user, random, task_path};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Me,
    Get,
    List,
    Create,
    Refresh,
    Login,
    Register,
}

/// Method, path, access token, body and the status that is expected.
type Request = (&'static str, String, String, String, u16);

pub(crate) async fn touch(
    kind: Kind,
    port: u16,
    users: u64,
    tasks: u64,
    count: usize,
    secret: &str,
) {
    let mut http = Http::connect(port).await;
    let (_, sample) = http.sign_in(1).await;
    let mint = Mint::like(&sample, secret);
    let mut requests = Vec::new();
    for _ in 0..count {
        let user = active_user(users);
        requests.push(request(kind, user, users, tasks, &mint, &mut http).await);
    }
    println!("prepared");
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    for (method, path, token, body, expected) in requests {
        let (status, answer) = http.send(method, &path, &token, &body).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
}

async fn request(
    kind: Kind,
    user: u64,
    users: u64,
    tasks: u64,
    mint: &Mint,
    http: &mut Http,
) -> Request {
    let token = || mint.token(user + 1);
    let login = format!(r#"{{"email":"user{}@example.com","password":"{PASSWORD}"}}"#, user + 1);
    let none = String::new;
    match kind {
        Kind::Me => ("GET", "/auth/me".into(), token(), none(), 200),
        Kind::Get => ("GET", task_path(user, users, tasks), token(), none(), 200),
        Kind::List => ("GET", "/api/tasks?limit=20".into(), token(), none(), 200),
        Kind::Create => {
            ("POST", "/api/tasks".into(), token(), r#"{"title":"Buy milk"}"#.into(), 201)
        }
        Kind::Login => ("POST", "/auth/login".into(), none(), login, 200),
        Kind::Register => {
            let email = format!("{:x}@example.org", random());
            let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
            ("POST", "/auth/register".into(), none(), body, 201)
        }
        Kind::Refresh => {
            let (_, answer) = http.send("POST", "/auth/login", "", &login).await;
            let tokens: serde_json::Value = serde_json::from_str(&answer).unwrap();
            let body = serde_json::json!({ "refresh_token": tokens["refresh_token"] });
            ("POST", "/auth/refresh".into(), none(), body.to_string(), 200)
        }
    }
}
