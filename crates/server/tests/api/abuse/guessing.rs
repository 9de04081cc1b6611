//! Guessing at one account's password: from one place or many, in a row or all at once, through one
//! server or two, by any route that takes a password.

use doorward::{statement, step};
use std::time::Duration;

use doorward::audit::Actor;
use doorward::clock::Clock;
use doorward::config::Quota;
use doorward::sql::Sql;
use futures_util::future::join_all;
use serde_json::json;

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const ADA: &str = "ada@example.com";
const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.9";

async fn sign_in(client: &Client, email: &str, password: &str) -> Reply {
    client.post("/auth/login", json!({"email": email, "password": password})).await
}

async fn guess(client: &Client) -> Reply {
    sign_in(client, ADA, "not it").await
}

async fn register(app: &TestApp) {
    let body = json!({"email": ADA, "password": PASSWORD});
    app.anonymous().post("/auth/register", body).await.expect(201);
}

/// Guesses until refused; how often that was answered with 401.
async fn use_up(client: &Client) -> usize {
    let mut count = 0;
    for _ in 0..100 {
        match guess(client).await.status {
            401 => count += 1,
            // Not decided in time, and given back: the machine is busy.
            503 => {}
            429 => return count,
            other => panic!("{other}"),
        }
    }
    panic!("never refused");
}

fn wait(reply: &Reply) -> u64 {
    reply.header("retry-after").parse().expect("an integer Retry-After")
}

both! {
    async fn after_ten_wrong_passwords_in_a_row_waiting_is_asked_for_and_helps(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        assert_eq!(use_up(&client).await, 10);
        let refused = sign_in(&client, ADA, PASSWORD).await.expect_problem(429, "rate_limited");
        assert_eq!(wait(&refused), 30);
        let detail = "Too many wrong passwords or codes for this account: try again in 30 s.";
        assert_eq!(refused.json()["detail"], detail);
        app.advance(Duration::from_secs(29));
        sign_in(&client, ADA, PASSWORD).await.expect(429);
        app.advance(Duration::from_secs(1));
        sign_in(&client, ADA, PASSWORD).await.expect(200);
        assert_eq!(use_up(&client).await, 10);
    }

    async fn waits_grow_to_an_hour_by_the_twentieth_guess(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        use_up(&client).await;
        let mut waits = Vec::new();
        for _ in 10..22 {
            let refused = guess(&client).await.expect(429);
            waits.push(wait(&refused));
            app.advance(Duration::from_secs(wait(&refused)));
            guess(&client).await.expect(401);
        }
        assert_eq!(waits, [30, 120, 480, 900, 900, 900, 900, 900, 900, 900, 3600, 3600]);
    }

    async fn refused_guesses_do_not_lengthen_the_wait(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        use_up(&client).await;
        for left in (1..=30).rev() {
            assert_eq!(wait(&guess(&client).await.expect(429)), left);
            app.advance(Duration::from_secs(1));
        }
        sign_in(&client, ADA, PASSWORD).await.expect(200);
    }

    async fn a_right_password_clears_the_count(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        for _ in 0..3 {
            for _ in 0..9 {
                guess(&client).await.expect(401);
            }
            sign_in(&client, ADA, PASSWORD).await.expect(200);
        }
    }

    async fn a_day_without_guesses_is_forgotten(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        use_up(&client).await;
        app.advance(Duration::from_hours(25));
        assert_eq!(use_up(&client).await, 10);
    }

    async fn unknown_accounts_are_throttled_in_the_same_words(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        for _ in 0..14 {
            let known = guess(&client).await;
            let unknown = sign_in(&client, "nobody@example.com", "not it").await;
            assert_eq!(known.status, unknown.status);
            let names = |reply: &Reply| {
                let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
                names.sort();
                names
            };
            assert_eq!(names(&known), names(&unknown));
            assert_eq!(known.header("retry-after"), unknown.header("retry-after"));
            assert_eq!(known.json()["detail"], unknown.json()["detail"]);
            if known.status == 429 {
                app.advance(Duration::from_secs(wait(&known)));
            }
        }
    }

    async fn a_parallel_burst_gets_no_more_guesses_than_a_row(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        let replies = join_all((0..100).map(|_| guess(&client))).await;
        let count = |status| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((count(401), count(429)), (10, 90));
    }

    async fn two_replicas_and_a_restart_share_the_count(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let other = app.replica().await;
        let (here, there) = (app.anonymous().from(HOME), other.anonymous().from(ELSEWHERE));
        let guesses = (0..50).flat_map(|_| [guess(&here), guess(&there)]);
        let replies = join_all(guesses).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 10);
        assert!(replies.iter().all(|reply| [401, 429].contains(&reply.status)));
        let restarted = app.replica().await;
        guess(&restarted.anonymous().from(HOME)).await.expect(429);
    }

    /// Claims of one server, too, arrive in another order than they asked what time it is.
    async fn a_free_guess_is_free_at_a_server_whose_clock_is_behind(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let clock = Clock::frozen(app.clock.now() - Duration::from_secs(2));
        let behind = TestApp::over(&app.url, clock, 2, |_| {}).await;
        let (here, there) = (app.anonymous().from(HOME), behind.anonymous().from(HOME));
        for _ in 0..5 {
            guess(&here).await.expect(401);
            guess(&there).await.expect(401);
        }
        guess(&there).await.expect(429);
        guess(&here).await.expect(429);
    }

    async fn an_honest_burst_of_sign_ins_is_not_taken_for_guessing(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let other = app.replica().await;
        let (here, there) = (app.anonymous().from(HOME), other.anonymous().from(HOME));
        let burst = (0..30)
            .flat_map(|_| [sign_in(&here, ADA, PASSWORD), sign_in(&there, ADA, PASSWORD)]);
        for reply in join_all(burst).await {
            reply.expect(200);
        }
        for _ in 0..7 {
            guess(&here).await.expect(401);
        }
        for reply in join_all((0..20).map(|_| sign_in(&here, ADA, PASSWORD))).await {
            reply.expect(200);
        }
    }

    async fn no_spelling_or_encoding_gains_a_guess(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        use_up(&client).await;
        for email in ["ADA@example.com", "ada@EXAMPLE.com", "Ada@Example.Com"] {
            sign_in(&client, email, "not it").await.expect(429);
        }
        let body = json!({"username": ADA, "password": "not it"});
        client.post("/auth/login", body).await.expect(429);
        for path in ["/auth/login", "/auth/login/"] {
            let form = [("grant_type", "password"), ("username", ADA), ("password", "not it")];
            client.post_form(path, &form).await.expect(429);
        }
        let parts = [("username", ADA), ("password", "not it")].map(|(name, value)| {
            format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        let kind = [("content-type", "multipart/form-data; boundary=B")];
        let body = format!("{}--B--\r\n", parts.concat());
        client.raw("POST", "/auth/login", &kind, body).await.expect(429);
        for ip in [ELSEWHERE, "2001:db8::1"] {
            guess(&app.anonymous().from(ip)).await.expect(429);
        }
    }

    async fn no_header_passes_for_a_place_that_the_account_knows(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        app.anonymous().from(HOME).login(ADA, PASSWORD).await;
        let stranger = app.anonymous().from(ELSEWHERE);
        use_up(&stranger).await;
        let body = json!({"email": ADA, "password": "not it"}).to_string();
        let chain = format!("for={HOME}");
        for (name, value) in [
            ("x-forwarded-for", HOME), ("forwarded", chain.as_str()), ("x-real-ip", HOME), ("x-client-ip", HOME),
            ("x-originating-ip", HOME), ("x-remote-ip", HOME), ("x-remote-addr", HOME), ("true-client-ip", HOME),
            ("cf-connecting-ip", HOME), ("x-cluster-client-ip", HOME), ("x-forwarded", HOME), ("via", HOME),
        ] {
            let headers = [("content-type", "application/json"), (name, value)];
            let reply = stranger.raw("POST", "/auth/login", &headers, body.clone()).await;
            assert_eq!(reply.status, 429, "{name}");
        }
        assert_eq!(use_up(&app.anonymous().from(HOME)).await, 10, "the owner's count is untouched");
    }

    async fn strangers_cannot_keep_the_owner_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let owner = app.anonymous().from(HOME);
        let session = owner.login(ADA, PASSWORD).await;
        // Wherever they come from, strangers share one count, and never get past it.
        for number in 0..40 {
            let stranger = app.anonymous().from(&format!("198.51.100.{number}"));
            assert_eq!(guess(&stranger).await.status, if number < 10 { 401 } else { 429 });
            session.get("/auth/me").await.expect(200);
            sign_in(&owner, ADA, PASSWORD).await.expect(200);
        }
        let body = json!({"refresh_token": session.refresh_token});
        session.post("/auth/refresh", body).await.expect(200);
        // The owner's own place has a count of its own, not none.
        assert_eq!(use_up(&owner).await, 10);
    }

    async fn the_count_of_a_new_place_starts_where_strangers_left_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let owner = app.anonymous().from(HOME);
        owner.login(ADA, PASSWORD).await;
        use_up(&app.anonymous().from(ELSEWHERE)).await;
        let travelling = app.anonymous().from("192.0.2.44");
        let refused = sign_in(&travelling, ADA, PASSWORD).await.expect(429);
        app.advance(Duration::from_secs(wait(&refused)));
        sign_in(&travelling, ADA, PASSWORD).await.expect(200);
        use_up(&app.anonymous().from(ELSEWHERE)).await;
        sign_in(&travelling, ADA, PASSWORD).await.expect(200);
    }

    async fn deleting_the_account_is_guarded_for_each_session(engine: Engine) {
        const LEFT: Sql = statement!("LEFT", "SELECT count(*) FROM login_guards");
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await.from(HOME);
        let other = app.anonymous().from(HOME).login(ADA, PASSWORD).await;
        let attempts = (0..30).map(|_| ada.delete_with("/auth/me", json!({"password": "not it"})));
        let replies = join_all(attempts).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 403).count(), 10);
        let reply = ada.delete_with("/auth/me", json!({"password": PASSWORD})).await;
        reply.expect_problem(429, "rate_limited");
        ada.post("/auth/me/delete", json!({"password": PASSWORD})).await.expect(429);
        ada.get("/auth/me").await.expect(200);
        sign_in(&ada, ADA, PASSWORD).await.expect(200);
        other.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        assert_eq!(app.app.db.find::<i64>(step!(LEFT)).await.expect("a count"), Some(0));
    }

    async fn abandoned_sign_ins_are_not_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        for micros in 0..60 {
            let patience = Duration::from_micros(micros * 100);
            let _ = tokio::time::timeout(patience, sign_in(&client, ADA, PASSWORD)).await;
        }
        let let_in = async {
            while sign_in(&client, ADA, PASSWORD).await.status != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Counted, sixty of them would keep everybody waiting while the clock stands still.
        tokio::time::timeout(Duration::from_mins(2), let_in).await.expect("all given back");
        // Hashes are computed in turn: behind these, few of the abandoned ones are left.
        for _ in 0..5 {
            sign_in(&client, ADA, PASSWORD).await.expect(200);
        }
        // One that was under way as the count was cleared may be kept or be given back twice: five at most.
        let guesses = use_up(&client).await;
        assert!((5..=15).contains(&guesses), "{guesses}");
    }

    async fn an_operator_can_unlock_an_account(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        client.login(ADA, PASSWORD).await;
        use_up(&client).await;
        use_up(&app.anonymous().from(ELSEWHERE)).await;
        let unlock = |user: &'static str| {
            let guesses = app.app.passwords.guesses.clone();
            async move { guesses.unlock(&Actor::operator(), user).await }
        };
        assert!(unlock("nobody@example.com").await.is_err());
        guess(&client).await.expect(429);
        unlock("ADA@example.com").await.expect("unlocked");
        sign_in(&client, ADA, PASSWORD).await.expect(200);
        assert_eq!(use_up(&app.anonymous().from(ELSEWHERE)).await, 10);
    }

    async fn a_refused_guess_names_both_limits(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.rate_limit_login = Some(Quota::per_minute(60));
        })
        .await;
        register(&app).await;
        let client = app.anonymous().from(HOME);
        use_up(&client).await;
        let refused = guess(&client).await.expect_problem(429, "rate_limited");
        let policy = "\"login\";q=60;w=60, \"account\";q=10";
        assert_eq!(refused.header("ratelimit-policy"), policy);
        assert_eq!(refused.header("ratelimit"), "\"login\";r=48;t=12, \"account\";r=0;t=30");
        assert_eq!(wait(&refused), 30);
    }

    async fn the_limit_is_a_setting(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.login_max_failures = 3).await;
        register(&app).await;
        assert_eq!(use_up(&app.anonymous().from(HOME)).await, 3);
    }
}
