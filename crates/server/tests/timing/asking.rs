//! The time it takes to ask for a mail, or to register where that is neutral, does not tell whether the
//! account exists.

use std::time::{Duration, Instant};

use doorward::config::{HashScheme, Registration};
use serde_json::{Value, json};

use crate::TURN;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

/// Number of pairs before a comparison, repeated while the samples seem to differ.
const PAIRS: usize = 40;
/// Noise is gone by then: a difference that is left is a leak.
const MOST_PAIRS: usize = 20 * PAIRS;
/// The part of the whole that the two may differ by.
const PART: f64 = 0.05;
/// The same for a guess at a code: without optimisation, reading the row of an account is an eighth of what a guess
/// takes; there are five guesses, and twenty a day.
const PART_OF_A_GUESS: f64 = 0.125;

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn time(app: &TestApp, path: &str, body: Value) -> f64 {
    let status = if path.ends_with("/verify") { 401 } else { 202 };
    let began = Instant::now();
    app.anonymous().post(path, body).await.expect(status);
    began.elapsed().as_secs_f64()
}

/// Each pair is taken in one moment, in alternating order, as in `enumeration.rs`. An hour passes between
/// them, so that no mailbox has had enough; guesses at codes have no such bound, and codes no such life.
async fn compare(
    app: &TestApp,
    path: &str,
    known: impl Fn(usize) -> Value,
    unknown: impl Fn(usize) -> Value,
) {
    let (mut whole, mut differences) = (Vec::new(), Vec::new());
    loop {
        for _ in 0..PAIRS {
            let number = differences.len();
            if !path.ends_with("/verify") {
                app.advance(Duration::from_hours(1));
            }
            let (known, unknown) = (known(number), unknown(number));
            let (somebody, nobody) = if number % 2 == 0 {
                let somebody = time(app, path, known).await;
                (somebody, time(app, path, unknown).await)
            } else {
                let nobody = time(app, path, unknown).await;
                (time(app, path, known).await, nobody)
            };
            whole.push(somebody);
            differences.push(somebody - nobody);
        }
        let (all, gap) = (median(&whole), median(&differences));
        let part = if path.ends_with("/verify") { PART_OF_A_GUESS } else { PART };
        if gap.abs() <= all * part {
            return;
        }
        assert!(
            differences.len() < MOST_PAIRS,
            "{path} takes {all:.6} s for an account, {gap:+.6} s less without one"
        );
    }
}

both! {
    async fn asking_for_a_link_takes_the_same_time_with_and_without_an_account(engine: Engine) {
        let _turn = TURN.lock().await;
        let app = TestApp::with_mail(engine, |settings| {
            settings.login_codes = true;
        })
        .await;
        app.sign_up("ada").await;
        for path in ["/auth/password/forgot", "/auth/email/resend", "/auth/login/code"] {
            let known = |_| json!({"email": "ada@example.com"});
            let unknown = |_| json!({"email": "eve@example.com"});
            compare(&app, path, known, unknown).await;
        }
    }

    async fn a_guess_at_a_code_takes_the_same_time_with_and_without_an_account(engine: Engine) {
        let _turn = TURN.lock().await;
        let open = TestApp::with_mail(engine, |settings| settings.login_codes = true).await;
        open.sign_up("ada").await;
        let app = TestApp::over(&open.url, open.clock.clone(), 9, |settings| {
            *settings = (*open.app.settings).clone();
            settings.registration = Registration::Closed;
        })
        .await;
        let mut bodies = Vec::new();
        for email in ["ada@example.com", "eve@example.com"] {
            let ask = json!({"email": email});
            let asked = app.anonymous().post("/auth/login/code", ask).await.expect(202).json();
            bodies.push(json!({"email": email, "challenge": asked["challenge"], "code": "000000"}));
        }
        app.delivery().deliver_due().await.expect("delivered");
        let (known, unknown) = (|_| bodies[0].clone(), |_| bodies[1].clone());
        compare(&app, "/auth/login/code/verify", known, unknown).await;
    }

    async fn a_neutral_registration_takes_the_same_time_for_free_and_for_taken_addresses(engine: Engine) {
        let _turn = TURN.lock().await;
        let app = TestApp::with_mail(engine, |settings| {
            settings.registration = Registration::Verified;
            settings.password_hash = HashScheme::default();
        })
        .await;
        let taken = |_| json!({"email": "ada@example.com", "password": PASSWORD});
        time(&app, "/auth/register", taken(0)).await;
        let free = |number: usize| {
            json!({"email": format!("eve{number}@example.com"), "password": PASSWORD})
        };
        compare(&app, "/auth/register", taken, free).await;
    }
}
