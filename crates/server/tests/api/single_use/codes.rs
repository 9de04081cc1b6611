//! Six digits are few: they are counted, keyed, and worth nothing to anybody but whom they were sent to.

use std::time::Duration;

use doorward::config::Secret;
use doorward::input::Field;
use doorward::single_use::{GUESSES, Purpose, SixDigits};

use super::{HOUR, claim, id, secret, why};
use crate::both;
use crate::support::TestApp;

const OWNER: &str = "ada@example.com\0her browser";

/// Another code than this one.
fn other_than(code: &SixDigits, step: u32) -> SixDigits {
    let number = (code.expose().parse::<u32>().unwrap() + step) % 1_000_000;
    SixDigits::from_json(format!("{number:06}").into()).unwrap()
}

both! {
    async fn a_code_allows_five_guesses_and_then_the_right_one_is_wrong(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        for wrong in [GUESSES - 1, GUESSES] {
            let new = secret(Purpose::SignIn, &ada);
            let (_, code, steps) = single_use.make_with_code(new, OWNER);
            app.app.db.write(steps.to_vec()).await.unwrap();
            for step in 1..=u32::try_from(wrong).unwrap() {
                let guess = other_than(&code, step);
                let found = single_use.guess(Purpose::SignIn, OWNER, &guess).await.unwrap();
                assert!(found.is_none());
            }
            let right = single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap();
            assert_eq!(right.is_some(), wrong < GUESSES, "after {wrong} wrong ones");
        }
    }

    async fn guesses_at_once_on_two_replicas_are_no_more_than_five(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (other, ada) = (app.replica().await, app.sign_up("ada").await);
        let mut found_in_time = 0;
        for round in 0..6 {
            let new = secret(Purpose::SignIn, &ada);
            let (_, code, steps) = app.app.single_use.make_with_code(new, OWNER);
            app.app.db.write(steps.to_vec()).await.unwrap();
            // Twenty codes at once; the right one is among them.
            let guesses: Vec<_> = (0..20).map(|step| other_than(&code, (step + round * 3) % 20)).collect();
            let tries = guesses.iter().enumerate().map(|(number, guess)| {
                let app = if number % 2 == 0 { &app } else { &other };
                app.app.single_use.guess(Purpose::SignIn, OWNER, guess)
            });
            let found = futures_util::future::join_all(tries).await;
            found_in_time += found.into_iter().filter_map(|it| it.unwrap()).count();
            let counted: Vec<i64> = crate::accounts::sql(&app, "SELECT attempts FROM single_use").await;
            assert_eq!(counted, [20], "each guess is counted");
        }
        assert!(found_in_time <= 6, "one code is right in each round");
    }

    async fn of_ten_uses_of_code_and_link_at_once_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        let (token, code, steps) = single_use.make_with_code(secret(Purpose::SignIn, &ada), OWNER);
        app.app.db.write(steps.to_vec()).await.unwrap();
        let uses = (0..10).map(async |number| {
            let opened = match number % 4 {
                0 => single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap(),
                _ => single_use.open(Purpose::SignIn, &token).await.ok(),
            };
            match opened {
                Some(opened) => claim(&app, Purpose::SignIn, &opened).await,
                None => false,
            }
        });
        let won = futures_util::future::join_all(uses).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        assert!(single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap().is_none());
    }

    async fn a_code_is_nobody_elses_and_no_other_purposes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        let (_, code, steps) = single_use.make_with_code(secret(Purpose::SignIn, &ada), OWNER);
        app.app.db.write(steps.to_vec()).await.unwrap();
        for (purpose, owner) in [
            (Purpose::SignIn, "ada@example.com\0another browser"),
            (Purpose::SignIn, "bob@example.com\0her browser"),
            (Purpose::ResetPassword, OWNER),
        ] {
            assert!(single_use.guess(purpose, owner, &code).await.unwrap().is_none(), "{owner}");
        }
        let found = single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap();
        assert_eq!(found.unwrap().user_id, Some(id(&ada)));
    }

    async fn a_new_code_ends_the_one_before_and_its_link(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (single_use, ada) = (&app.app.single_use, app.sign_up("ada").await);
        let (first, code, steps) = single_use.make_with_code(secret(Purpose::SignIn, &ada), OWNER);
        app.app.db.write(steps.to_vec()).await.unwrap();
        let (second, newer, steps) = single_use.make_with_code(secret(Purpose::SignIn, &ada), OWNER);
        app.app.db.write(steps.to_vec()).await.unwrap();
        assert!(single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap().is_none());
        assert!(single_use.guess(Purpose::SignIn, OWNER, &newer).await.unwrap().is_some());
        why(single_use.open(Purpose::SignIn, &first).await);
        single_use.open(Purpose::SignIn, &second).await.unwrap();
    }

    async fn a_code_works_until_its_end_and_with_the_secret_before_this_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let new = secret(Purpose::SignIn, &ada);
        let (_, code, steps) = app.app.single_use.make_with_code(new, OWNER);
        app.app.db.write(steps.to_vec()).await.unwrap();
        let rotated = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            let before = std::mem::replace(&mut settings.secret, Secret::new("another secret of more than 32 bytes"));
            settings.previous_secrets.push(before);
        }).await;
        for server in [&app, &rotated] {
            let found = server.app.single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap();
            assert!(found.is_some());
        }
        app.advance(HOUR + Duration::from_secs(1));
        assert!(app.app.single_use.guess(Purpose::SignIn, OWNER, &code).await.unwrap().is_none());
    }
}
