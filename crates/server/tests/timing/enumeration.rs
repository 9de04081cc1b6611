//! The time a refused sign-in takes does not tell whether the account exists.

use std::time::Instant;

use doorward::config::HashScheme;
use serde_json::json;

use crate::TURN;
use crate::support::TestApp;

const ADA: &str = "ada@example.com";
const NOBODY: &str = "nobody@example.com";

/// Number of pairs before a comparison, repeated while the samples seem to differ.
const PAIRS: usize = 40;
/// Noise is gone by then: a difference that is left is a leak.
const MOST_PAIRS: usize = 10 * PAIRS;

async fn time(app: &TestApp, email: &str) -> f64 {
    let body = json!({"email": email, "password": "not it, not at all"});
    let began = Instant::now();
    app.anonymous().post("/auth/login", body).await.expect(401);
    began.elapsed().as_secs_f64()
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Each pair is taken in one moment, in alternating order, so whatever else the machine does adds to
/// both sides alike and the median of the differences is the difference of the work.
async fn compare(app: &TestApp) {
    for email in [ADA, NOBODY, ADA, NOBODY] {
        time(app, email).await;
    }
    let (mut somebody, mut differences) = (Vec::new(), Vec::new());
    loop {
        for number in 0..PAIRS {
            let first = time(app, [ADA, NOBODY][number % 2]).await;
            let second = time(app, [NOBODY, ADA][number % 2]).await;
            let (known, unknown) = if number % 2 == 0 { (first, second) } else { (second, first) };
            somebody.push(known);
            differences.push(known - unknown);
        }
        let (whole, gap) = (median(&somebody), median(&differences));
        if gap.abs() <= whole / 4.0 {
            return;
        }
        assert!(
            differences.len() < MOST_PAIRS,
            "a wrong password takes {whole:.4} s, an unknown account {gap:+.4} s less"
        );
    }
}

both! {
    async fn an_unknown_account_takes_the_same_time_as_a_wrong_password(engine: Engine) {
        let _turn = TURN.lock().await;
        let app = TestApp::with(engine, |settings| {
            settings.password_hash = HashScheme::default();
            settings.login_max_failures = 10_000;
        })
        .await;
        app.sign_up("ada").await;
        compare(&app).await;
    }

    async fn so_it_does_when_the_accounts_have_a_former_kind_of_hash(engine: Engine) {
        let _turn = TURN.lock().await;
        let before = TestApp::with(engine, |settings| {
            settings.password_hash = HashScheme::Bcrypt { cost: 8 };
        })
        .await;
        before.sign_up("ada").await;
        let mut app = TestApp::over(&before.url, before.clock.clone(), 2, |settings| {
            settings.password_hash = HashScheme::Argon2id { m: 64, t: 1, p: 1 };
            settings.login_max_failures = 10_000;
        })
        .await;
        app.keep_folder_of(before);
        app.app.passwords.count_kinds().expect("a count is due").await.expect("counted");
        compare(&app).await;
    }
}
