//! Strangers who take every guess that becomes free, and the owner who comes from a network that the
//! account does not know: a race against somebody who knows the rule and is always first.

use std::time::Duration;

use doorward::clock::Clock;
use doorward::config::Secret;
use serde_json::json;

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const ADA: &str = "ada@example.com";
const DAY: u64 = 24 * 60 * 60;

async fn sign_in(client: &Client, password: &str) -> Reply {
    client.post("/auth/login", json!({"email": ADA, "password": password})).await
}

async fn start(engine: crate::support::Engine) -> TestApp {
    let app = TestApp::with(engine, |settings| settings.rate_limit_login = None).await;
    let body = json!({"email": ADA, "password": PASSWORD});
    app.anonymous().post("/auth/register", body).await.expect(201);
    app
}

/// Somebody with many networks, each of which guesses at the very instant it may.
struct Competitor {
    networks: Vec<(Client, u64)>,
    guesses: usize,
}

impl Competitor {
    fn new(app: &TestApp, networks: u8) -> Self {
        let client = |number| (app.anonymous().from(&format!("198.51.{number}.9")), 0);
        Self { networks: (0..networks).map(client).collect(), guesses: 0 }
    }

    /// Guesses from each network that may at this second; when the next one may.
    async fn guess_all(&mut self, second: u64) -> u64 {
        let mut paced = second;
        for (client, next) in &mut self.networks {
            while (*next).max(paced) <= second {
                let reply = sign_in(client, "not it").await;
                match reply.status {
                    401 => self.guesses += 1,
                    // Newcomers wait for each other: no use to ask from another network now.
                    429 if wait(&reply) <= 2 => paced = second + wait(&reply),
                    429 => *next = second + wait(&reply),
                    other => panic!("{other}"),
                }
            }
        }
        self.networks.iter().map(|(_, next)| (*next).max(paced)).min().expect("a network")
    }
}

fn wait(reply: &Reply) -> u64 {
    reply.header("retry-after").parse().expect("an integer Retry-After")
}

fn advance(app: &TestApp, second: &mut u64, to: u64) {
    app.advance(Duration::from_secs(to - *second));
    *second = to;
}

both! {
    async fn the_owner_gets_in_from_a_new_network_within_ten_minutes_whoever_guesses(engine: Engine) {
        let app = start(engine).await;
        let mut competitor = Competitor::new(&app, 20);
        let mut second = 0;
        for (arrival, home) in [(1, "203.0.113.7"), (40, "192.0.2.44"), (3 * 3600, "2001:db8::1")] {
            let arrival = second + arrival;
            let owner = app.anonymous().from(home);
            let (mut next, mut asks) = (second, arrival);
            loop {
                // The competitor is always first.
                if next <= second {
                    next = competitor.guess_all(second).await;
                }
                if asks <= second {
                    let reply = sign_in(&owner, PASSWORD).await;
                    if reply.status == 200 {
                        break;
                    }
                    asks = second + wait(&reply.expect(429));
                }
                assert!(second < arrival + 600, "the owner is still kept out after ten minutes");
                advance(&app, &mut second, next.min(asks));
            }
        }
    }

    async fn who_has_many_networks_gets_a_bounded_number_of_guesses_a_day(engine: Engine) {
        let app = start(engine).await;
        let mut competitor = Competitor::new(&app, 120);
        let mut second = 0;
        while second < DAY {
            let next = competitor.guess_all(second).await;
            advance(&app, &mut second, next);
        }
        // 200 of newcomers, and what one network alone gets: 20 in two hours, then one an hour.
        assert!((200..=245).contains(&competitor.guesses), "{}", competitor.guesses);
    }

    async fn one_network_gets_no_more_than_before(engine: Engine) {
        let app = start(engine).await;
        let mut competitor = Competitor::new(&app, 1);
        let mut second = 0;
        while second < DAY {
            let next = competitor.guess_all(second).await;
            advance(&app, &mut second, next);
        }
        assert!((35..=45).contains(&competitor.guesses), "{}", competitor.guesses);
    }

    async fn a_wait_that_a_clock_ahead_asked_for_is_no_longer_than_the_longest(engine: Engine) {
        let app = start(engine).await;
        let ahead = Clock::frozen(app.clock.now() + Duration::from_hours(47));
        let ahead = TestApp::over(&app.url, ahead, 2, |_| {}).await;
        let (there, here) = (ahead.anonymous().from("203.0.113.7"), app.anonymous().from("203.0.113.7"));
        while sign_in(&there, "not it").await.status != 429 {}
        let mut waited = 0;
        loop {
            let reply = sign_in(&here, PASSWORD).await;
            if reply.status == 200 {
                break;
            }
            let seconds = wait(&reply.expect(429));
            assert!(seconds <= 3600, "{seconds}");
            waited += seconds;
            assert!(waited <= 3600, "{waited}");
            app.advance(Duration::from_secs(seconds));
        }
    }

    async fn a_new_secret_makes_nobody_a_stranger_at_home(engine: Engine) {
        let app = start(engine).await;
        app.anonymous().from("203.0.113.7").login(ADA, PASSWORD).await;
        let former = app.app.settings.secret.clone();
        let rotated = TestApp::over(&app.url, app.clock.clone(), 2, |settings| {
            settings.previous_secrets = vec![former];
            settings.secret = Secret::new("another secret of at least thirty-two bytes");
        })
        .await;
        let stranger = rotated.anonymous().from("198.51.100.9");
        while sign_in(&stranger, "not it").await.status != 429 {}
        for _ in 0..2 {
            sign_in(&rotated.anonymous().from("203.0.113.7"), PASSWORD).await.expect(200);
        }
    }
}
