//! The metrics of what happens seldom: full queues, other ways to sign in, keys that change, Redis away.

use std::time::Duration;

use doorward::audit::Actor;
use doorward::config::{HashScheme, Quota, RedisUrl};
use doorward_verify::Algorithm;
use serde_json::json;
use tokio::task::JoinSet;

use crate::both;
use crate::factors::{add_phone, mfa_token, second_step};
use crate::passkeys::take_passkeys;
use crate::support::authenticator::Authenticator;
use crate::support::client::PASSWORD;
use crate::support::postgres::free_port;
use crate::support::samples::{Samples, count, counting, growth, same};
use crate::support::{Engine, TestApp};

fn sign_ins(method: &str, outcome: &str) -> String {
    format!("doorward_sign_ins_total{{method=\"{method}\",outcome=\"{outcome}\"}}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_hashes_shows_its_queue_its_waits_and_what_was_refused() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        count(settings);
        settings.password_hash = HashScheme::Bcrypt { cost: 10 };
    })
    .await;
    let before = Samples::of(&app).await;
    let mut flood = JoinSet::new();
    // Sixteen wait for each thread; a machine with more cores hashes more of them at once.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for number in 0..cores * 40 {
        let client = app.anonymous();
        flood.spawn(async move {
            let email = format!("user{number}@example.com");
            client
                .post("/auth/register", json!({"email": email, "password": PASSWORD}))
                .await
                .status
        });
    }
    let (mut queue, mut running): (f64, f64) = (0.0, 0.0);
    let (mut made, mut refused) = (0.0, 0.0);
    while !flood.is_empty() {
        let samples = Samples::of(&app).await;
        queue = queue.max(samples.get("doorward_hashing_queue"));
        running = running.max(samples.get("doorward_hashing_running"));
        while let Some(ended) = flood.try_join_next() {
            match ended.expect("no panic") {
                201 => made += 1.0,
                503 => refused += 1.0,
                other => panic!("{other}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(queue >= 1.0 && running >= 1.0 && refused >= 1.0, "{queue} {running} {refused}");
    let after = Samples::of(&app).await;
    let grown = [
        "doorward_hashing_refused_total",
        "doorward_hashing_wait_seconds_count",
        "doorward_hashing_seconds_count",
    ];
    same(grown.map(|name| after.get(name) - before.get(name)), [refused, made, made]);
    assert!(after.get("doorward_hashing_wait_seconds_sum") > 0.0);
    let idle = after.get("doorward_hashing_queue") + after.get("doorward_hashing_running");
    assert!(idle.abs() < 1e-9, "{idle}");
}

both! {
    async fn every_way_to_sign_in_is_counted_as_its_own(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            count(settings);
            take_passkeys(settings);
            settings.login_codes = true;
        })
        .await;
        let ada = app.sign_up("ada").await;
        let mut key = Authenticator::synced();
        key.add_to(&ada, "a key").await;
        let names = ["success", "failure"].map(|outcome| sign_ins("passkey", outcome));
        let by_passkey = async {
            key.sign_in(&app.anonymous()).await.expect(200);
            let options = app.anonymous().post_empty("/auth/login/passkey/options").await.json();
            let mut credential = key.get(&options);
            credential["response"]["signature"] = json!("AAAA");
            let body = json!({"ceremony": options["ceremony"], "credential": credential});
            app.anonymous().post("/auth/login/passkey", body).await.expect(401);
        };
        same(growth(&app, [&names[0], &names[1]], by_passkey).await, [1.0, 1.0]);

        let names = ["success", "failure"].map(|outcome| sign_ins("mail", outcome));
        let by_mail = async {
            app.mails().await;
            let asked = json!({"email": "ada@example.com"});
            let asked = app.anonymous().post("/auth/login/code", asked).await.expect(202).json();
            let mail = app.mails().await.pop().expect("a mail");
            let subject = mail.header("Subject");
            let code = subject.split(' ').next().expect("a code").to_owned();
            let wrong = if code == "123456" { "654321" } else { "123456" };
            for (code, status) in [(wrong, 401), (code.as_str(), 200)] {
                let challenge = &asked["challenge"];
                let body = json!({"email": "ada@example.com", "code": code, "challenge": challenge});
                app.anonymous().post("/auth/login/code/verify", body).await.expect(status);
            }
        };
        same(growth(&app, [&names[0], &names[1]], by_mail).await, [1.0, 1.0]);

        let bob = app.sign_up("bob").await;
        let (phone, ..) = add_phone(&app, &bob).await;
        let names = [
            sign_ins("password", "second_step_required"),
            sign_ins("second_step", "success"),
            sign_ins("second_step", "failure"),
        ];
        let in_two_steps = async {
            let token = mfa_token(&app, "bob").await;
            second_step(&app, &token, &phone.wrong_code(&app)).await.expect(403);
            second_step(&app, &token, &phone.code(&app)).await.expect(200);
        };
        same(growth(&app, [&names[0], &names[1], &names[2]], in_two_steps).await, [1.0, 1.0, 1.0]);
    }

    async fn sessions_that_an_administrator_ends_are_counted_as_such(engine: Engine) {
        let app = counting(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let ended = "doorward_sessions_ended_total{cause=\"administrator\"}";
        let work = async {
            ada.raw("DELETE", &bob.at("/sessions"), &[], "").await.expect(204);
        };
        same(growth(&app, [ended], work).await, [1.0]);
    }

    async fn guesses_of_clients_that_disconnect_are_counted_as_abandoned(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            count(settings);
            settings.password_hash = HashScheme::Bcrypt { cost: 10 };
        })
        .await;
        app.sign_up("ada").await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let back = "doorward_guesses_total{outcome=\"abandoned\"}";
        let until = std::time::Instant::now() + Duration::from_secs(30);
        // It is claimed in a moment; hashing it takes longer than the client waits.
        let mut patience = Duration::from_millis(5);
        while Samples::of(&app).await.get(back) < 1.0 {
            assert!(std::time::Instant::now() < until, "none is given back");
            let client = app.anonymous();
            let _ = tokio::time::timeout(patience, client.post("/auth/login", body.clone())).await;
            patience += Duration::from_millis(5);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn other_signing_keys_than_before_are_counted(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            count(settings);
            settings.token_algorithm = Algorithm::EdDsa;
        })
        .await;
        let keys = app.app.signing_keys();
        keys.create(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let changes = "doorward_signing_key_changes_total";
        let waiting = async {
            app.advance(Duration::from_hours(1));
            app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        };
        same(growth(&app, [changes], waiting).await, [0.0]);
        let rotating = async {
            keys.rotate(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
            app.advance(Duration::from_hours(1));
            app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        };
        same(growth(&app, [changes], rotating).await, [1.0]);
    }

    async fn the_build_and_the_process_are_shown(engine: Engine) {
        let app = counting(engine).await;
        let name = if engine == Engine::Postgres { "postgresql" } else { "sqlite" };
        let version = env!("CARGO_PKG_VERSION");
        let before = Samples::of(&app).await;
        let build = format!("doorward_build_info{{version=\"{version}\",engine=\"{name}\"}}");
        assert!((before.get(&build) - 1.0).abs() < 1e-9, "{build}");
        let held: Vec<_> = (0..64).map(|_| std::fs::File::open("/dev/null").expect("a file")).collect();
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| std::thread::park_timeout(Duration::from_secs(2))))
            .collect();
        let began = std::time::Instant::now();
        let mut sum = 0_u64;
        while began.elapsed() < Duration::from_millis(200) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        let after = Samples::of(&app).await;
        // Other tests open and close files meanwhile, though fewer.
        assert!(after.get("process_open_fds") > 64.0 && held.len() == 64);
        assert!(after.get("process_max_fds") >= after.get("process_open_fds"));
        assert!(after.get("process_threads") > 8.0 && threads.len() == 8);
        let cpu = "process_cpu_seconds_total";
        assert!(after.get(cpu) > before.get(cpu), "{}", after.get(cpu));
        assert!(after.get("process_resident_memory_bytes") > 1_000_000.0);
        let started = after.get("process_start_time_seconds");
        assert!((started - before.get("process_start_time_seconds")).abs() < 1e-9 && started > 1e9);
    }
}

#[tokio::test]
async fn decisions_without_redis_are_counted() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        count(settings);
        let nobody = format!("redis://127.0.0.1:{}", free_port());
        settings.redis_url = Some(RedisUrl::parse(&nobody).expect("an address"));
        settings.rate_limit_login = Some(Quota::per_minute(60));
    })
    .await;
    let work = async {
        let body = json!({"email": "nobody@example.com", "password": "not it at all"});
        app.anonymous().post("/auth/login", body).await.expect(401);
    };
    let [alone] = growth(&app, ["doorward_limiter_fallbacks_total"], work).await;
    // The scrapes and the other limits of the route are decided alone, too.
    assert!(alone >= 1.0, "{alone}");
}
