//! The first valid sight of a person: whose account they get, and whose never.

use doorward::audit::Event;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bearer, disable, hs256, lasting, minted, sharing, trusting, users};
use crate::accounts::sql;
use crate::both;
use crate::support::app::SECRET;
use crate::support::{Client, TestApp};

fn both_kinds(settings: &mut doorward::config::Settings) {
    trusting(settings);
    sharing(settings);
}

pub(crate) fn linking(settings: &mut doorward::config::Settings) {
    both_kinds(settings);
    settings.link_verified_emails = true;
}

/// Somebody signed in at Better Auth.
pub(crate) fn abroad(app: &TestApp, id: &str, email: &str, is_verified: bool) -> Client {
    let user = json!({"id": id, "email": email, "emailVerified": is_verified, "name": "A"});
    let claims = lasting(app, json!({"session": {}, "user": user}));
    bearer(app, &minted(SECRET, &json!({"alg": "HS256"}), &claims))
}

pub(super) async fn me(client: &Client) -> Value {
    client.get("/auth/me").await.expect(200).json()
}

async fn verify_address(app: &TestApp) {
    sql::<()>(app, "UPDATE users SET email_verified = TRUE").await;
}

both! {
    async fn an_address_never_opens_somebody_elses_account(engine: Engine) {
        let app = TestApp::with(engine, both_kinds).await;
        let ada = app.sign_up("ada").await;
        verify_address(&app).await;
        let shared = hs256(&lasting(&app, json!({"sub": "1", "email": "ADA@example.com", "email_verified": true})));
        for client in [abroad(&app, "1", "ada@EXAMPLE.com", true), bearer(&app, &shared)] {
            let user = me(&client).await;
            assert_ne!(user["id"], ada.user["id"]);
            assert_eq!(user["email"], Value::Null);
            assert_eq!(user["email_verified"], false);
            assert_eq!(user["roles"], json!(["user"]));
        }
        assert_eq!(users(&app).await, 3);
        me(&ada).await;
    }

    async fn linking_needs_the_operator_and_both_verifications(engine: Engine) {
        let app = TestApp::with(engine, linking).await;
        let ada = app.sign_up("ada").await;
        let own = ada.user["id"].clone();
        let unproven_here = abroad(&app, "1", "ada@example.com", true);
        assert_ne!(me(&unproven_here).await["id"], own);
        verify_address(&app).await;
        assert_ne!(me(&abroad(&app, "2", "ada@example.com", false)).await["id"], own);
        assert_ne!(me(&unproven_here).await["id"], own, "who is known stays who they are");
        let shared = json!({"sub": "3", "email": "ada@example.com", "email_verified": true});
        let shared = bearer(&app, &hs256(&lasting(&app, shared)));
        assert_ne!(me(&shared).await["id"], own);
        let linked = abroad(&app, "4", "Ada@example.com", true);
        assert_eq!(me(&linked).await["id"], own);
        assert_eq!(users(&app).await, 4);
        app.app.audit.flush().await;
        let events: Vec<String> =
            sql(&app, "SELECT event FROM audit_log ORDER BY at, id").await;
        let count = |event: Event| events.iter().filter(|word| **word == event.as_str()).count();
        assert_eq!((count(Event::Register), count(Event::IdentityLink)), (4, 1), "{events:?}");
        let id = own.as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap();
        disable(&app, id).await;
        linked.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn the_same_subject_of_two_issuers_is_two_people(engine: Engine) {
        let app = TestApp::with(engine, both_kinds).await;
        let one = me(&abroad(&app, "1", "one@example.com", false)).await;
        let two = bearer(&app, &hs256(&lasting(&app, json!({"sub": "1"}))));
        let two = me(&two).await;
        assert_ne!(one["id"], two["id"]);
        assert_eq!(two["email"], Value::Null);
    }

    async fn two_people_who_claim_one_address_at_once_are_both_let_in(engine: Engine) {
        let app = TestApp::with(engine, both_kinds).await;
        let calls: Vec<_> = (0..16)
            .map(|id| {
                let client = abroad(&app, &format!("{}", id % 4), "same@example.com", false);
                tokio::spawn(async move { me(&client).await })
            })
            .collect();
        let mut addresses = 0;
        let mut ids = std::collections::HashSet::new();
        for call in calls {
            let user = call.await.unwrap();
            if ids.insert(user["id"].as_str().unwrap().to_owned()) && !user["email"].is_null() {
                addresses += 1;
            }
        }
        assert_eq!((ids.len(), addresses), (4, 1));
        assert_eq!(users(&app).await, 4);
    }

    async fn whose_password_nobody_knows_cannot_be_guessed(engine: Engine) {
        let app = TestApp::with(engine, both_kinds).await;
        me(&abroad(&app, "1", "ada@example.com", true)).await;
        for password in ["", "null", "ada@example.com"] {
            let body = json!({"email": "ada@example.com", "password": password});
            let reply = app.anonymous().post("/auth/login", body).await;
            assert!([401, 422].contains(&reply.status), "{}", reply.text());
        }
    }
}
