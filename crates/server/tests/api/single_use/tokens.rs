//! Tokens: digests alone are stored, one purpose each, an end, and one winner.

use std::time::Duration;

use doorward::single_use::{CodeChallenge, Purpose};

use serde_json::json;

use super::codes::made;
use super::{HOUR, claim, id, secret, why};
use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

doorward::row! {
    /// What the table holds of a secret.
    struct Stored {
        digest: Vec<u8>,
        code_owner: Vec<u8>,
        code: Vec<u8>,
    }
}

both! {
    async fn of_ten_uses_at_once_on_two_replicas_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (other, ada) = (app.replica().await, app.sign_up("ada").await);
        for _ in 0..5 {
            let (token, step) = app.app.single_use.make(secret(Purpose::ResetPassword, &ada));
            app.app.db.write(vec![step]).await.unwrap();
            let opened = app.app.single_use.open(Purpose::ResetPassword, &token).await.unwrap();
            let uses = (0..10).map(|number| {
                let app = if number % 2 == 0 { &app } else { &other };
                claim(app, Purpose::ResetPassword, &opened)
            });
            let won = futures_util::future::join_all(uses).await;
            assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
            let again = app.app.single_use.open(Purpose::ResetPassword, &token).await;
            assert_eq!(why(again), "This link has already been used: request a new one.");
        }
    }

    async fn work_that_fails_leaves_the_secret_unused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (token, step) = app.app.single_use.make(secret(Purpose::VerifyEmail, &ada));
        app.app.db.write(vec![step]).await.unwrap();
        let opened = app.app.single_use.open(Purpose::VerifyEmail, &token).await.unwrap();
        let mut steps = app.app.single_use.claim(Purpose::VerifyEmail, &opened).to_vec();
        steps.push(doorward::gate::user_exists(uuid::Uuid::nil()));
        app.app.db.write(steps).await.expect_err("there is no such user");
        assert!(claim(&app, Purpose::VerifyEmail, &opened).await);
    }

    async fn a_token_of_one_purpose_opens_no_other(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for made_for in Purpose::ALL {
            let (token, step) = app.app.single_use.make(secret(*made_for, &ada));
            app.app.db.write(vec![step]).await.unwrap();
            let opened = app.app.single_use.open(*made_for, &token).await.unwrap();
            assert_eq!(opened.user_id, Some(id(&ada)));
            assert_eq!(opened.bound.as_deref(), Some("what it is about"));
            for other in Purpose::ALL.iter().filter(|other| *other != made_for) {
                let found = app.app.single_use.open(*other, &token).await;
                assert_eq!(why(found), "This link is not valid: request a new one.");
                assert!(!claim(&app, *other, &opened).await, "{made_for:?} as {other:?}");
            }
        }
    }

    async fn a_token_works_until_its_end_and_not_then(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (token, step) = app.app.single_use.make(secret(Purpose::ResetPassword, &ada));
        app.app.db.write(vec![step]).await.unwrap();
        app.advance(Duration::from_secs(60 * 60 - 1));
        let opened = app.app.single_use.open(Purpose::ResetPassword, &token).await.unwrap();
        app.advance(Duration::from_secs(1));
        let late = app.app.single_use.open(Purpose::ResetPassword, &token).await;
        assert_eq!(why(late), "This link has expired: request a new one.");
        assert!(!claim(&app, Purpose::ResetPassword, &opened).await, "it was opened in time");
    }

    async fn the_database_holds_nothing_that_opens_anything(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (token, code) = made(&app, &ada, &CodeChallenge::kept("her browser")).await;
        let stored: Vec<Stored> = sql(&app, "SELECT digest, code_owner, code FROM single_use").await;
        for stored in [&stored[0].digest, &stored[0].code_owner, &stored[0].code] {
            assert_eq!(stored.len(), 32);
            for secret in [token.expose(), code.expose()] {
                let bytes = secret.as_bytes();
                assert!(!stored.windows(bytes.len()).any(|part| part == bytes));
                let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
                assert_ne!(stored, sha256.as_ref(), "a list of all codes would show it");
            }
        }
    }

    async fn secrets_that_are_withdrawn_or_whose_user_is_deleted_open_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let mut tokens = Vec::new();
        for (user, purpose) in [
            (&ada, Purpose::ResetPassword),
            (&ada, Purpose::VerifyEmail),
            (&bob, Purpose::ResetPassword),
        ] {
            let (token, step) = app.app.single_use.make(secret(purpose, user));
            app.app.db.write(vec![step]).await.unwrap();
            tokens.push((purpose, token));
        }
        let withdrawn = app.app.single_use.withdraw(id(&ada), Purpose::ResetPassword);
        app.app.db.write(vec![withdrawn]).await.unwrap();
        let open = async || {
            let mut open = Vec::new();
            for (purpose, token) in &tokens {
                open.push(app.app.single_use.open(*purpose, token).await.is_ok());
            }
            open
        };
        assert_eq!(open().await, [false, true, true]);
        bob.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        assert_eq!(open().await, [false, true, false]);
    }

    async fn what_expired_a_week_ago_is_removed_with_the_next_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let make = async || {
            let (_, step) = app.app.single_use.make(secret(Purpose::ResetPassword, &ada));
            app.app.db.write(vec![step]).await.unwrap();
        };
        make().await;
        app.advance(HOUR * 24 * 7);
        make().await;
        app.advance(HOUR * 24);
        assert_eq!(app.app.single_use.prune().await.unwrap(), 1);
        assert_eq!(app.app.single_use.prune().await.unwrap(), 0);
        app.advance(HOUR * 24 * 7);
        make().await;
        for _ in 0..500 {
            let left: Vec<i64> = sql(&app, "SELECT count(*) FROM single_use").await;
            if left == [1] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("what is over was not removed");
    }
}
