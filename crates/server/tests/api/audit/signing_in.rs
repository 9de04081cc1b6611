//! What signing up, in and out leaves in the audit log.

use std::time::Duration;

use doorward::db::{Columns, FromRow};
use doorward::sql::Result;
use serde_json::json;

use crate::accounts::sql;
use crate::both;
use crate::sessions::{part, refresh, rotate};
use crate::support::TestApp;
use crate::support::client::PASSWORD;

#[derive(Debug, PartialEq)]
struct Line {
    event: String,
    outcome: String,
    subject: Option<String>,
    session: Option<String>,
    ip: Option<String>,
}

impl FromRow for Line {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let mut texts = (0..5).map(|_| row.read::<Option<String>>());
        let mut next = || texts.next().expect("five columns");
        Ok(Self {
            event: next()?.unwrap_or_default(),
            outcome: next()?.unwrap_or_default(),
            subject: next()?,
            session: next()?,
            ip: next()?,
        })
    }
}

async fn log(app: &TestApp) -> Vec<Line> {
    app.app.audit.flush().await;
    let lines = "SELECT event, outcome, CAST(subject_id AS TEXT), CAST(session_id AS TEXT), ip \
        FROM audit_log ORDER BY id";
    sql(app, lines).await
}

both! {
    async fn every_success_and_failure_names_the_account_the_session_and_the_address(engine: Engine) {
        let app = TestApp::start(engine).await;
        let address = app.anonymous().from("203.0.113.7");
        let step = || app.advance(Duration::from_millis(1));
        let body = |password: &str| json!({"email": "ada@example.com", "password": password});
        let user = address.post("/auth/register", body(PASSWORD)).await.expect(201).json();
        step();
        address.post("/auth/login", body("wrong")).await.expect(401);
        step();
        let unknown = json!({"email": "nobody@example.com", "password": "wrong"});
        address.post("/auth/login", unknown).await.expect(401);
        step();
        let ada = address.login("ada@example.com", PASSWORD).await;
        step();
        let first = ada.refresh_token.clone().unwrap();
        let (second, _) = rotate(&ada, &first).await;
        rotate(&ada, &second).await;
        refresh(&ada, &first).await.expect(401);
        step();
        let left = address.login("ada@example.com", PASSWORD).await;
        step();
        left.post_empty("/auth/logout?scope=all").await.expect(204);
        step();
        sql::<()>(&app, "UPDATE users SET is_active = FALSE").await;
        address.post("/auth/login", body(PASSWORD)).await.expect(403);
        step();
        sql::<()>(&app, "UPDATE users SET is_active = TRUE").await;
        let gone = address.login("ada@example.com", PASSWORD).await;
        step();
        gone.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);

        let session = |client: &crate::support::Client| {
            part(client.token.as_ref().unwrap(), 1)["sid"].as_str().map(str::to_owned)
        };
        let id = user["id"].as_str().map(str::to_owned);
        let expected = [
            ("account.register", "success", &id, None),
            ("login", "failure", &id, None),
            ("login", "failure", &None, None),
            ("login", "success", &id, session(&ada)),
            ("refresh.reuse", "blocked", &id, session(&ada)),
            ("login", "success", &id, session(&left)),
            ("logout", "success", &id, session(&left)),
            ("login", "blocked", &id, None),
            ("login", "success", &id, session(&gone)),
            ("account.delete", "success", &id, session(&gone)),
        ]
        .map(|(event, outcome, subject, session)| Line {
            event: event.into(),
            outcome: outcome.into(),
            subject: subject.clone(),
            session,
            ip: Some("203.0.113.7".into()),
        });
        assert_eq!(log(&app).await, expected);
    }
}
