//! What people try who have not got the mail.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{ask, mailed, refused, verify, with_codes};
use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;

both! {
    async fn the_sixth_guess_is_refused_though_it_is_right(engine: Engine) {
        let app = with_codes(engine).await;
        let client = app.anonymous();
        for wrong in [4, 5] {
            let code = mailed(&app, &client, "ada@example.com").await;
            for step in 1..=wrong {
                refused(verify(&client, code.guess(step)).await);
            }
            let last = verify(&client, code.by_code()).await;
            if wrong == 4 { drop(last.expect(200)) } else { refused(last) }
        }
    }

    async fn a_hundred_guesses_at_once_are_no_more_than_five(engine: Engine) {
        let app = with_codes(engine).await;
        let client = app.anonymous();
        let mut found = 0;
        for round in 0..4 {
            let code = mailed(&app, &client, "ada@example.com").await;
            let guesses = (1..=100).map(|step| verify(&client, code.guess((step + round) % 101)));
            let replies = join_all(guesses).await;
            found += replies.iter().filter(|reply| reply.status == 200).count();
            let counted: Vec<i64> =
                sql(&app, "SELECT attempts FROM single_use WHERE code IS NOT NULL ORDER BY created_at DESC, attempts DESC LIMIT 1").await;
            assert!(counted[0] >= 5, "{counted:?}");
            app.advance(Duration::from_hours(25));
        }
        assert!(found <= 4, "{found}: one code is right in each round");
    }

    async fn of_ten_right_codes_at_once_on_two_replicas_one_signs_in(engine: Engine) {
        let app = with_codes(engine).await;
        let other = app.replica().await;
        for email in ["ada@example.com", "grace@example.com"] {
            let code = mailed(&app, &app.anonymous(), email).await;
            let uses = (0..10).map(|number| {
                let client = if number % 2 == 0 { app.anonymous() } else { other.anonymous() };
                let body = if number % 3 == 0 { code.by_code() } else { code.by_link() };
                async move { verify(&client, body).await.status }
            });
            let statuses = join_all(uses).await;
            let won = statuses.iter().filter(|status| **status == 200).count();
            assert_eq!(won, 1, "{statuses:?}");
            assert!(statuses.iter().all(|status| [200, 400, 401].contains(status)), "{statuses:?}");
        }
        let sessions: Vec<i64> = sql(&app, "SELECT count(*) FROM sessions").await;
        assert_eq!(sessions, [2]);
    }

    async fn a_code_from_a_client_that_did_not_ask_is_refused_and_costs_the_owner_nothing(engine: Engine) {
        let app = with_codes(engine).await;
        let (ada, eve) = (app.anonymous().from("192.0.2.1"), app.anonymous().from("198.51.100.9"));
        let code = mailed(&app, &ada, "ada@example.com").await;
        let strangers = [
            json!({"email": code.email, "code": code.code}),
            json!({"email": code.email, "code": code.code, "challenge": "AAAAAAAAAAAAAAAAAAAAAA"}),
            json!({"email": code.email, "code": code.code, "challenge": ""}),
        ];
        for _ in 0..5 {
            for body in &strangers {
                refused(verify(&eve, body.clone()).await);
            }
        }
        let counted: Vec<i64> = sql(&app, "SELECT attempts FROM single_use WHERE mailbox IS NOT NULL").await;
        assert_eq!(counted, [0]);
        verify(&ada, code.by_code()).await.expect(200);
    }

    async fn without_the_challenge_the_network_that_asked_is_taken_and_no_other(engine: Engine) {
        let app = with_codes(engine).await;
        let code = mailed(&app, &app.anonymous().from("2001:db8:1:2::3"), "ada@example.com").await;
        let body = json!({"email": code.email, "code": code.code});
        refused(verify(&app.anonymous().from("2001:db8:1:3::3"), body.clone()).await);
        refused(verify(&app.anonymous(), body.clone()).await);
        verify(&app.anonymous().from("2001:db8:1:2::ffff"), body).await.expect(200);
        // A challenge that is given has to be right, even from there.
        let from = app.anonymous().from("192.0.2.1");
        let code = mailed(&app, &from, "ada@example.com").await;
        let wrong = json!({"email": code.email, "code": code.code, "challenge": "another"});
        refused(verify(&from, wrong).await);
        // And where it is right the network may change, as it does on phones.
        verify(&app.anonymous().from("198.51.100.9"), code.by_code()).await.expect(200);
    }

    async fn somebody_who_makes_mail_after_mail_gets_twenty_guesses_a_day_and_links_go_on_working(engine: Engine) {
        let app = with_codes(engine).await;
        let eve = app.anonymous().from("198.51.100.9");
        for _ in 0..5 {
            let code = mailed(&app, &eve, "ada@example.com").await;
            for step in 1..=4 {
                refused(verify(&eve, code.guess(step)).await);
            }
        }
        app.advance(Duration::from_secs(60 * 60 + 1));
        let ada = app.anonymous().from("192.0.2.1");
        let code = mailed(&app, &ada, "ada@example.com").await;
        refused(verify(&ada, code.by_code()).await);
        verify(&ada, code.by_link()).await.expect(200);
        app.advance(Duration::from_hours(24));
        let code = mailed(&app, &ada, "ada@example.com").await;
        verify(&ada, code.by_code()).await.expect(200);
    }

    async fn people_who_sign_in_often_use_nothing_up(engine: Engine) {
        let app = with_codes(engine).await;
        for _ in 0..23 {
            let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
            verify(&app.anonymous(), code.by_code()).await.expect(200);
            app.advance(Duration::from_mins(15));
        }
    }

    async fn a_code_is_nobody_elses(engine: Engine) {
        let app = with_codes(engine).await;
        let client = app.anonymous();
        let ada = mailed(&app, &client, "ada@example.com").await;
        let bob = mailed(&app, &client, "bob@example.com").await;
        for (email, code, challenge) in [
            (&ada.email, &bob.code, &ada.challenge),
            (&ada.email, &bob.code, &bob.challenge),
            (&ada.email, &ada.code, &bob.challenge),
            (&bob.email, &ada.code, &ada.challenge),
        ] {
            let body = json!({"email": email, "code": code, "challenge": challenge});
            refused(verify(&client, body).await);
        }
    }

    async fn guesses_at_an_address_without_an_account_are_answered_alike(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.login_codes = true).await;
        app.sign_up("ada").await;
        app.mails().await;
        let closed = TestApp::over(&app.url, app.clock.clone(), 9, |settings| {
            *settings = (*app.app.settings).clone();
            settings.registration = doorward::config::Registration::Closed;
        })
        .await;
        let client = closed.anonymous();
        let mut seen = Vec::new();
        for email in ["ada@example.com", "eve@example.com"] {
            let challenge = ask(&client, email).await;
            closed.delivery().deliver_due().await.unwrap();
            let mut answers = Vec::new();
            for number in 0..7 {
                let code = format!("{number:06}");
                let body = json!({"email": email, "code": code, "challenge": challenge});
                let mut reply = verify(&client, body).await;
                reply.headers.remove("x-request-id");
                let mut body = reply.json();
                body["request_id"].take();
                answers.push((reply.status, reply.headers, body));
            }
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1]);
        // A row waits for each, so that a guess is the same work.
        let counted: Vec<i64> = sql(&app, "SELECT attempts FROM single_use WHERE mailbox IS NOT NULL").await;
        assert_eq!(counted, [7, 7]);
    }

    async fn links_of_other_purposes_sign_nobody_in(engine: Engine) {
        let app = with_codes(engine).await;
        let ada = app.sign_up("ada").await;
        let proof = app.mails().await[0].after("token=");
        verify(&app.anonymous(), json!({"token": proof})).await.expect_problem(400, "invalid_link");
        let link = mailed(&app, &app.anonymous(), "ada@example.com").await;
        ada.post("/auth/email/verify", link.by_link()).await.expect_problem(400, "invalid_link");
        let reset = json!({"token": link.token, "new_password": "a quiet harbour at dawn"});
        ada.post("/auth/password/reset", reset).await.expect_problem(400, "invalid_link");
        verify(&app.anonymous(), link.by_link()).await.expect(200);
    }

    async fn nothing_of_a_mail_that_was_sent_is_kept(engine: Engine) {
        let app = with_codes(engine).await;
        mailed(&app, &app.anonymous(), "ada@example.com").await;
        let kept: Vec<i64> = sql(&app, "SELECT count(*) FROM mail WHERE contents IS NOT NULL").await;
        assert_eq!(kept, [0]);
    }
}
