//! The user that `POST /auth/refresh` answers with.

use std::time::Duration;

use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::json;

use crate::accounts::run;
use crate::both;
use crate::sessions::{part, refresh};
use crate::support::{Client, TestApp};

const SECOND: Duration = Duration::from_secs(1);

async fn signed_up(app: &TestApp) -> (Client, String) {
    let ada = app.sign_up("ada").await;
    let token = ada.refresh_token.clone().unwrap();
    (ada, token)
}

both! {
    async fn a_refresh_answers_with_the_user_as_they_are_now(engine: Engine) {
        let app = TestApp::start(engine).await;
        let replica = app.replica().await;
        let (ada, first) = signed_up(&app).await;
        app.advance(SECOND);
        let mut user = ada.patch("/auth/me", json!({"name": "Countess"})).await.expect(200).json();
        crate::accounts::grant_admin(&app, "ada@example.com").await;
        user["roles"] = json!(["admin", "user"]);
        // By a process that knows the session, by one that does not, and once more with the same token.
        let known = refresh(&ada, &first).await.expect(200).json();
        let second = known["refresh_token"].as_str().unwrap();
        let unknown = refresh(&ada.through(&replica), second).await.expect(200).json();
        let repeated = refresh(&ada, second).await.expect(200).json();
        for tokens in [known, unknown, repeated] {
            assert_eq!(tokens["user"], user);
            assert_eq!(part(tokens["access_token"].as_str().unwrap(), 1)["roles"], user["roles"]);
        }
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), user);
    }

    /// What the refresh reads of the user stands in one column; none of it may run into the next.
    async fn a_refresh_answers_with_all_that_a_user_has(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.usernames = true).await;
        let (ada, mut token) = signed_up(&app).await;
        let all = json!({"name": "Ada = Countess", "username": "ada.l", "locale": "pt-BR",
            "user_metadata": {"theme": "dark\u{1f}er", "n": 1}});
        for change in [all, json!({"username": null}), json!({"user_metadata": {"theme": null, "n": null}})] {
            ada.patch("/auth/me", change).await.expect(200);
            let tokens = refresh(&ada, &token).await.expect(200).json();
            token = tokens["refresh_token"].as_str().unwrap().into();
            assert_eq!(tokens["user"], ada.get("/auth/me").await.expect(200).json());
        }
        for name in ["a\u{1f}b\u{1f}\u{1f}", "", "=", "=\u{1f}"] {
            const SET: Sql = statement!("SET", "UPDATE users SET name = :name, email_verified = NOT email_verified");
            let _: Vec<()> = run(&app, step!(SET { name })).await;
            let tokens = refresh(&ada, &token).await.expect(200).json();
            token = tokens["refresh_token"].as_str().unwrap().into();
            assert_eq!(tokens["user"], ada.get("/auth/me").await.expect(200).json(), "{name:?}");
        }
    }
}
