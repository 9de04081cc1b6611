//! One answer of a passkey signs in once, whoever sends it, wherever, and however often at once.

use super::{answer, login_options, with_passkeys};
use crate::both;
use crate::support::authenticator::Authenticator;

both! {
    async fn an_answer_signs_in_once(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        for mut one in [Authenticator::synced(), Authenticator::security_key()] {
            one.add_to(&ada, "Key").await;
            let begun = login_options(&app.anonymous()).await;
            let body = answer(&begun, &one.get(&begun));
            app.anonymous().post("/auth/login/passkey", body.clone()).await.expect(200);
            app.anonymous().post("/auth/login/passkey", body).await.expect_problem(401, "invalid_credentials");
            // Another signature under the same challenge is no better.
            let body = answer(&begun, &one.get(&begun));
            app.anonymous().post("/auth/login/passkey", body).await.expect_problem(401, "invalid_credentials");
        }
    }

    async fn of_ten_uses_at_once_at_two_servers_one_wins(engine: Engine) {
        let app = with_passkeys(engine).await;
        let replica = app.replica().await;
        let ada = app.sign_up("ada").await;
        let clients = [app.anonymous(), replica.anonymous()];
        for mut one in [Authenticator::synced(), Authenticator::security_key()] {
            one.add_to(&ada, "Key").await;
            let before = ada.get("/auth/sessions").await.json().as_array().unwrap().len();
            let begun = login_options(&app.anonymous()).await;
            let body = answer(&begun, &one.get(&begun));
            let sent = (0..10).map(|turn| clients[turn % 2].post("/auth/login/passkey", body.clone()));
            let replies = futures_util::future::join_all(sent).await;
            let won = replies.iter().filter(|reply| reply.status == 200).count();
            assert_eq!(won, 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
            assert!(replies.iter().all(|reply| [200, 401].contains(&reply.status)));
            assert_eq!(ada.get("/auth/sessions").await.json().as_array().unwrap().len(), before + 1);
        }
    }

    async fn of_two_copies_that_count_alike_at_two_servers_one_gets_in(engine: Engine) {
        let app = with_passkeys(engine).await;
        let replica = app.replica().await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::security_key();
        one.add_to(&ada, "Key").await;
        for _ in 0..5 {
            let mut copy = one.copy();
            let (here, there) = (app.anonymous(), replica.anonymous());
            let (first, second) = tokio::join!(one.sign_in(&here), copy.sign_in(&there));
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 401]);
        }
    }

    async fn one_passkey_signs_in_at_several_tabs_at_once(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let tabs = (0..5).map(|_| {
            let mut one = one.copy();
            let client = app.anonymous();
            async move { one.sign_in(&client).await.status }
        });
        assert_eq!(futures_util::future::join_all(tabs).await, [200; 5]);
    }
}
