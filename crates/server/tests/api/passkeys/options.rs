//! `POST /auth/passkeys/options`.

use std::time::Duration;

use super::{create, options, with_passkeys};
use crate::both;
use crate::support::TestApp;
use crate::support::authenticator::{Authenticator, RP_ID, decoded};

both! {
    async fn they_ask_for_a_discoverable_passkey_that_verifies_its_user_and_for_no_attestation(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let asked = options(&ada).await;
        let key = &asked["publicKey"];
        assert_eq!(key["rp"]["id"], RP_ID);
        assert_eq!(key["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(key["authenticatorSelection"]["requireResidentKey"], true);
        assert_eq!(key["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(key["attestation"], "none");
        assert_eq!(key["user"]["name"], "ada@example.com");
        assert_eq!(key["user"]["displayName"], "ada");
        assert_eq!(key["timeout"], 300_000);
        assert_eq!(asked["expires_in"], 300);
        assert_eq!(decoded(&key["challenge"]).len(), 32);
    }

    async fn authenticators_know_a_user_by_one_random_handle(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let handle = |asked: &serde_json::Value| decoded(&asked["publicKey"]["user"]["id"]);
        let replica = app.replica().await;
        let at_once = futures_util::future::join_all((0..6).map(|turn| {
            let client = if turn % 2 == 0 { ada.clone() } else { ada.through(&replica) };
            async move { options(&client).await }
        }));
        let first = handle(&options(&ada).await);
        for asked in at_once.await {
            assert_eq!(handle(&asked), first);
        }
        assert_eq!(first.len(), 16);
        assert_ne!(first, handle(&options(&eve).await));
        let id: uuid::Uuid = ada.user["id"].as_str().unwrap().parse().unwrap();
        assert_ne!(first, id.as_bytes());
    }

    async fn they_name_the_passkeys_there_are_so_that_no_device_makes_a_second(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(options(&ada).await["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 0);
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let known = &options(&ada).await["publicKey"]["excludeCredentials"];
        assert_eq!(known.as_array().unwrap().len(), 1);
        assert_eq!(decoded(&known[0]["id"]), one.id);
        assert_eq!(known[0]["type"], "public-key");
    }

    async fn a_stolen_token_adds_no_passkey_once_the_sign_in_is_old(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(9));
        let begun = options(&ada).await;
        app.advance(Duration::from_mins(2));
        let late = ada.post_empty("/auth/passkeys/options").await;
        late.expect_problem(401, "insufficient_user_authentication");
        // What was begun in time may be finished: the authenticator keeps the passkey already.
        create(&ada, &begun, &mut Authenticator::synced()).await.expect(201);
        app.anonymous().post_empty("/auth/passkeys/options").await.expect_problem(401, "not_authenticated");
    }

    async fn without_a_domain_the_answer_says_what_to_set(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for reply in [
            ada.post_empty("/auth/passkeys/options").await,
            ada.post_empty("/auth/login/passkey/options").await,
        ] {
            let said = reply.expect_problem(404, "passkeys_off").json();
            let said = said["detail"].as_str().unwrap();
            assert!(said.contains("set PUBLIC_URL, or RP_ID and RP_ORIGINS"), "{said}");
        }
        assert_eq!(ada.get("/auth/passkeys").await.expect(200).json(), serde_json::json!([]));
    }
}
