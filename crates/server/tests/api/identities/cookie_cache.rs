//! Better Auth's cookie cache with strategy `jwt`: HS256 with the shared secret, the subject is `user.id`.

use serde_json::{Value, json};

use super::{BETTER_AUTH, bearer, lasting, minted, refused, sharing, trusting, users};
use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;
use crate::support::app::SECRET;

/// As Better Auth 1.7.7 makes it.
fn cache(app: &TestApp, user: &Value) -> Value {
    lasting(
        app,
        json!({
            "session": {"expiresAt": "2026-11-27T12:00:00.000Z", "token": "x", "userId": user["id"]},
            "user": user, "updatedAt": 1_795_197_305_050_i64, "version": "1", "iat": 1_795_197_305,
        }),
    )
}

fn token(claims: &Value) -> String {
    minted(SECRET, &json!({"alg": "HS256"}), claims)
}

both! {
    async fn its_user_is_let_in(engine: Engine) {
        let app = TestApp::with(engine, trusting).await;
        let ada = json!({"id": "ULjFr6le", "name": "Ada", "email": "ada@example.com", "emailVerified": true});
        let client = bearer(&app, &token(&cache(&app, &ada)));
        let user = client.get("/auth/me").await.expect(200).json();
        assert_eq!(user["email"], "ada@example.com");
        assert_eq!(user["email_verified"], true);
        client.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        let issuers: Vec<String> =
            sql(&app, "SELECT issuer FROM identities WHERE subject = 'ULjFr6le'").await;
        assert_eq!(issuers, [BETTER_AUTH]);
        assert_eq!(users(&app).await, 1);
    }

    async fn it_counts_only_where_better_auth_is_trusted(engine: Engine) {
        let app = TestApp::with(engine, sharing).await;
        refused(&app, "no URL", &token(&cache(&app, &json!({"id": "u1"})))).await;
    }

    async fn a_user_without_an_id_is_nobody(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            trusting(settings);
            sharing(settings);
        }).await;
        for user in [json!({}), json!({"id": ""}), json!({"id": null}), json!("u1"), Value::Null] {
            refused(&app, "no id", &token(&cache(&app, &user))).await;
        }
        let mut claims = cache(&app, &json!({"id": "u1"}));
        claims["exp"] = Value::Null;
        refused(&app, "no exp", &token(&claims)).await;
    }
}
