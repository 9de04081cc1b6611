//! `POST /auth/logout`.

use super::refresh;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

async fn is_alive(client: &Client) -> bool {
    let me = client.get("/auth/me").await.status;
    let token = client.refresh_token.as_ref().expect("a refresh token");
    let again = refresh(client, token).await.status;
    assert_eq!(me, again, "access and refresh token live and die together");
    me == 200
}

async fn three_devices(app: &TestApp) -> [Client; 3] {
    let first = app.sign_up("ada").await;
    let login = || async { first.login("ada@example.com", PASSWORD).await };
    [first.clone(), login().await, login().await]
}

both! {
    async fn a_session_ends_at_once_with_both_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let [one, two, three] = three_devices(&app).await;
        let reply = one.post_empty("/auth/logout").await.expect(204);
        assert!(reply.bytes.is_empty());
        assert!(!is_alive(&one).await);
        assert!(is_alive(&two).await && is_alive(&three).await);
        one.post_empty("/auth/logout").await.expect_problem(401, "invalid_token");
        let replica = two.through(&app.replica().await);
        two.post_empty("/auth/logout").await.expect(204);
        assert!(!is_alive(&replica).await, "on the other replica too");
    }

    async fn scope_others_keeps_this_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let [one, two, three] = three_devices(&app).await;
        let eve = app.sign_up("eve").await;
        two.post_empty("/auth/logout?scope=others").await.expect(204);
        assert!(is_alive(&two).await && is_alive(&eve).await);
        assert!(!is_alive(&one).await && !is_alive(&three).await);
    }

    async fn scope_all_ends_every_session_of_this_user_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let [one, two, three] = three_devices(&app).await;
        let eve = app.sign_up("eve").await;
        two.post_empty("/auth/logout?scope=all").await.expect(204);
        for client in [&one, &two, &three] {
            assert!(!is_alive(client).await);
        }
        assert!(is_alive(&eve).await);
    }

    async fn another_scope_or_no_token_ends_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for query in ["?scope=everything", "?scope=", "?scope=all&scope=others"] {
            let reply = ada.post_empty(&format!("/auth/logout{query}")).await;
            reply.expect_problem(422, "validation");
        }
        app.anonymous().post_empty("/auth/logout").await.expect_problem(401, "not_authenticated");
        app.anonymous().post_empty("/auth/logout?scope=nonsense").await.expect(401);
        assert!(is_alive(&ada).await);
    }
}
