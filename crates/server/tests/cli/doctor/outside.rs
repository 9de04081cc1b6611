//! What stands outside: Redis, mail servers, issuers; each there, gone, and silent.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{Examined, migrated};
use crate::program::Program;
use crate::support::postgres::free_port;
use crate::support::redis::Redis;
use crate::support::smtp::{SmtpServer, certificates};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_answers_or_is_gone() {
    let Some(redis) = Redis::start().await else { return };
    let there = migrated().env("REDIS_URL", &redis.url());
    // How fast depends on what else this machine does.
    let (status, reported) = Examined::of(&there, &[]).reported("network.redis");
    assert!(status != "failed" && reported.contains("It responds in "), "{status} {reported}");
    drop(redis);
    let gone = Examined::of(&there, &[]);
    gone.expect("network.redis", "failed", "each server counts separately");
    assert_eq!(gone.ended.code, Some(1));
    let password = format!("redis://ada:hunter2@127.0.0.1:{}", free_port());
    Examined::of(&migrated().env("REDIS_URL", &password), &[]).expect(
        "network.redis",
        "failed",
        "",
    );
}

fn mailing(url: &str) -> Program {
    migrated().env("SMTP_URL", url).env("MAIL_FROM", "a@example.org").env("SMTP_TIMEOUT", "2s")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_takes_us_refuses_us_or_is_gone_and_gets_no_mail() {
    let gone = mailing(&format!("smtp://127.0.0.1:{}", free_port()));
    Examined::of(&gone, &[]).expect("mail.smtp", "failed", "cannot be used");
    let Some(smtp) = SmtpServer::start().await else { return };
    let there = Examined::of(&mailing(&smtp.url()), &[]);
    there.expect("mail.smtp", "ok", "nothing was sent");
    assert_eq!(smtp.mails().len(), 0);
    // Another machine, as its address says, has to offer STARTTLS.
    let plain = mailing(&smtp.url_of_another_machine());
    Examined::of(&plain, &[]).expect("mail.smtp", "failed", "does not support STARTTLS");
    let dir = tempfile::tempdir().expect("a folder");
    let [ca, certificate, key] = certificates(dir.path());
    let port = free_port();
    let Some(_strict) = SmtpServer::with(port, &[&certificate, &key, "hunter2"]).await else {
        return;
    };
    let with = |password: &str| {
        mailing(&format!("smtp://ada:{password}@0.0.0.0:{port}")).env("SMTP_CA_FILE", &ca)
    };
    Examined::of(&with("hunter2"), &[]).expect("mail.smtp", "ok", "by STARTTLS, signed in");
    let refused = Examined::of(&with("wrong"), &[]);
    refused.expect("mail.smtp", "failed", "rejected the user name or password");
}

#[test]
fn the_keys_of_an_issuer_can_be_had_or_not() {
    let issuer = migrated().env("TOKEN_ALGORITHM", "EdDSA").env("PORT", "0");
    issuer.run(&["key", "create", "--algorithm", "EdDSA"]).expect(0);
    let mut server = issuer.start(&["serve"]);
    let url = server.url();
    let trusting = |at: &str| {
        let list = serde_json::json!([{"issuer": "https://id.example", "audience": "tasks", "jwks_url": at}]);
        migrated().env("TRUSTED_ISSUERS", &list.to_string())
    };
    let keys = format!("{url}/.well-known/jwks.json");
    Examined::of(&trusting(&keys), &[]).expect("network.issuers", "ok", "publishes 1 usable key (");
    let wrong = Examined::of(&trusting(&format!("{url}/nowhere")), &[]);
    wrong.expect("network.issuers", "failed", "the server answered 404");
    let gone = migrated().env("NEON_AUTH_URL", &format!("http://127.0.0.1:{}/auth", free_port()));
    Examined::of(&gone, &[]).expect("network.issuers", "failed", "NEON_AUTH_URL");
}

#[test]
fn what_takes_connections_and_says_nothing_costs_no_more_than_its_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let public = other.local_addr().expect("an address").port();
    let program = Program::ready()
        .env(
            "DATABASE_URL",
            &format!("postgres://ada:hunter2@127.0.0.1:{port}/app?sslmode=disable"),
        )
        .env("REDIS_URL", &format!("redis://127.0.0.1:{port}"))
        .env("SMTP_URL", &format!("smtp://127.0.0.1:{port}"))
        .env("MAIL_FROM", "a@example.org")
        .env("NEON_AUTH_URL", &format!("http://127.0.0.1:{port}/auth"))
        .env("PUBLIC_URL", &format!("http://127.0.0.1:{public}"));
    let began = Instant::now();
    let examined = Examined::of(&program, &["--timeout", "2"]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    for check in
        ["database.sign-in", "network.redis", "network.issuers", "network.public-url", "mail.smtp"]
    {
        assert_eq!(examined.reported(check).0, "failed", "{check}");
    }
}
