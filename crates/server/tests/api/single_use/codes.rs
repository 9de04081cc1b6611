//! Six digits are few: they are counted, keyed, and worth nothing to anybody but whom they were sent to.

use std::time::Duration;

use doorward::config::Secret;
use doorward::input::Field;
use doorward::single_use::{
    CodeChallenge, CodeClient, GUESSES, OneTimeToken, Opened, Purpose, SixDigits,
};

use super::{HOUR, claim, id, secret, why};
use crate::both;
use crate::support::{Client, TestApp};

/// Ada, with what her browser was given.
fn hers(challenge: &CodeChallenge) -> CodeClient<'_> {
    CodeClient { mailbox: "ada@example.com", challenge: Some(challenge), network: None }
}

/// Asks for a code and makes it.
pub(super) async fn made(
    app: &TestApp,
    ada: &Client,
    challenge: &CodeChallenge,
) -> (OneTimeToken, SixDigits) {
    let (single_use, client) = (&app.app.single_use, hers(challenge));
    let awaited = single_use.await_code(Purpose::SignIn, client, HOUR);
    app.app.db.write(awaited.to_vec()).await.unwrap();
    let (token, code, steps) = single_use.make_code(secret(Purpose::SignIn, ada), client);
    app.app.db.write(steps.to_vec()).await.unwrap();
    (token, code)
}

/// One guess.
async fn guess(
    app: &TestApp,
    purpose: Purpose,
    client: CodeClient<'_>,
    code: &SixDigits,
) -> Option<Opened> {
    let nothing = app.app.single_use.withdraw(uuid::Uuid::nil(), purpose);
    app.app.single_use.guess(purpose, client, code, nothing).await.unwrap().0
}

/// Another code than this one.
fn other_than(code: &SixDigits, step: u32) -> SixDigits {
    let number = (code.expose().parse::<u32>().unwrap() + step) % 1_000_000;
    SixDigits::from_json(format!("{number:06}").into()).unwrap()
}

both! {
    async fn a_code_allows_five_guesses_and_then_the_right_one_is_wrong(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for wrong in [GUESSES - 1, GUESSES] {
            let challenge = CodeChallenge::kept(&format!("browser {wrong}"));
            let (_, code) = made(&app, &ada, &challenge).await;
            for step in 1..=u32::try_from(wrong).unwrap() {
                let other = other_than(&code, step);
                assert!(guess(&app, Purpose::SignIn, hers(&challenge), &other).await.is_none());
            }
            let right = guess(&app, Purpose::SignIn, hers(&challenge), &code).await;
            assert_eq!(right.is_some(), wrong < GUESSES, "after {wrong} wrong ones");
        }
    }

    async fn guesses_at_once_on_two_replicas_are_no_more_than_five(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (other, ada) = (app.replica().await, app.sign_up("ada").await);
        let mut found_in_time = 0;
        for round in 0..6 {
            let challenge = CodeChallenge::kept(&format!("browser {round}"));
            let (_, code) = made(&app, &ada, &challenge).await;
            // Twenty codes at once; the right one is among them.
            let guesses: Vec<_> = (0..20).map(|step| other_than(&code, (step + round * 3) % 20)).collect();
            let tries = guesses.iter().enumerate().map(|(number, one)| {
                let app = if number % 2 == 0 { &app } else { &other };
                guess(app, Purpose::SignIn, hers(&challenge), one)
            });
            let found = futures_util::future::join_all(tries).await;
            found_in_time += found.into_iter().flatten().count();
            let counted: Vec<i64> =
                crate::accounts::sql(&app, "SELECT attempts FROM single_use ORDER BY created_at DESC, works_until DESC").await;
            assert_eq!(counted[0], 20, "each guess is counted");
            app.advance(HOUR * 25);
        }
        assert!(found_in_time <= 6, "one code is right in each round");
    }

    async fn of_ten_uses_of_code_and_link_at_once_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        let challenge = CodeChallenge::kept("her browser");
        let (token, code) = made(&app, &ada, &challenge).await;
        let uses = (0..10).map(async |number| {
            let opened = match number % 4 {
                0 => guess(&app, Purpose::SignIn, hers(&challenge), &code).await,
                _ => single_use.open(Purpose::SignIn, &token).await.ok(),
            };
            match opened {
                Some(opened) => claim(&app, Purpose::SignIn, &opened).await,
                None => false,
            }
        });
        let won = futures_util::future::join_all(uses).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        assert!(guess(&app, Purpose::SignIn, hers(&challenge), &code).await.is_none());
    }

    async fn a_code_is_nobody_elses_and_no_other_purposes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (hers_own, another) = (CodeChallenge::kept("her browser"), CodeChallenge::kept("another"));
        let (_, code) = made(&app, &ada, &hers_own).await;
        for (purpose, client) in [
            (Purpose::SignIn, hers(&another)),
            (Purpose::SignIn, CodeClient { mailbox: "bob@example.com", ..hers(&hers_own) }),
            (Purpose::SignIn, CodeClient { challenge: None, ..hers(&hers_own) }),
            (Purpose::ResetPassword, hers(&hers_own)),
        ] {
            assert!(guess(&app, purpose, client, &code).await.is_none(), "{client:?}");
        }
        let found = guess(&app, Purpose::SignIn, hers(&hers_own), &code).await;
        assert_eq!(found.unwrap().user_id, Some(id(&ada)));
    }

    async fn a_new_code_ends_the_one_before_and_its_link(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        let (one, two) = (CodeChallenge::kept("one browser"), CodeChallenge::kept("another"));
        let (first, code) = made(&app, &ada, &one).await;
        let (second, newer) = made(&app, &ada, &two).await;
        assert!(guess(&app, Purpose::SignIn, hers(&one), &code).await.is_none());
        assert!(guess(&app, Purpose::SignIn, hers(&two), &newer).await.is_some());
        why(single_use.open(Purpose::SignIn, &first).await);
        single_use.open(Purpose::SignIn, &second).await.unwrap();
    }

    async fn a_code_works_until_its_end_and_with_the_secret_before_this_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let challenge = CodeChallenge::kept("her browser");
        let (_, code) = made(&app, &ada, &challenge).await;
        let rotated = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            let before = std::mem::replace(&mut settings.secret, Secret::new("another secret of more than 32 bytes"));
            settings.previous_secrets.push(before);
        }).await;
        for server in [&app, &rotated] {
            assert!(guess(server, Purpose::SignIn, hers(&challenge), &code).await.is_some());
        }
        app.advance(HOUR + Duration::from_secs(1));
        assert!(guess(&app, Purpose::SignIn, hers(&challenge), &code).await.is_none());
    }
}
