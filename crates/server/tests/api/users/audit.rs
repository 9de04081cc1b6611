//! `GET /admin/audit`: filters and pages.

use std::time::Duration;

use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, TestApp};

const RECORD: Sql = statement!(
    "RECORD",
    "INSERT INTO audit_log (id, at, event, outcome, actor, user_agent, detail) \
        VALUES (:id, :now, 'login', 'success', 'user', :agent, :detail)"
);
const USER: Sql = statement!(
    "USER",
    "INSERT INTO users (id, email, email_key, created_at, updated_at) \
        VALUES (:id, :email, :email, :now, :now)"
);
const ROLE: Sql = statement!("ROLE", "INSERT INTO roles (name, description) VALUES (:name, '')");
const GRANT: Sql = statement!(
    "GRANT",
    "INSERT INTO user_roles (user_id, role) SELECT u.id, r.name FROM users u, roles r \
        WHERE u.email LIKE 'u%' AND r.name = :name"
);

async fn listed(ada: &Client, query: &str) -> Vec<Value> {
    let reply = ada.get(&format!("/admin/audit?{query}")).await.expect(200);
    reply.json().as_array().expect("an array").clone()
}

both! {
    async fn pages_hold_every_record_once_newest_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for number in 0..7 {
            if number % 3 == 0 {
                app.advance(Duration::from_secs(1));
            }
            ada.post("/admin/users", json!({"email": format!("user{number}@example.com")})).await.expect(201);
        }
        let whole = listed(&ada, "limit=1000").await;
        assert_eq!(whole.len(), 7 + 3, "register, grant, login");
        assert!(whole.is_sorted_by(|one, next| one["at"].as_str() >= next["at"].as_str()));
        let mut path = "/admin/audit?limit=4".to_owned();
        let mut found = Vec::new();
        loop {
            let reply = ada.get(&path).await.expect(200);
            found.extend(reply.json().as_array().expect("an array").clone());
            match reply.header("link").split(['<', '>']).nth(1) {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        assert_eq!(found, whole);
    }

    async fn filters_narrow_the_list(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        app.advance(Duration::from_mins(1));
        let id = [("x-request-id", "the-one"), ("content-type", "application/json")];
        ada.raw("PATCH", &bob.at(""), &id, "{\"name\":\"B\"}").await.expect(200);
        let (a, b) = (ada.id(), bob.id());
        let one = listed(&ada, "request_id=the-one").await;
        assert_eq!(one.len(), 1);
        assert_eq!(listed(&ada, &format!("actor={a}&user={b}")).await, one);
        assert_eq!(listed(&ada, "event=account.update").await, one);
        assert_eq!(listed(&ada, "since=2026-11-20T12:01:00Z").await, one);
        assert_eq!(listed(&ada, "until=2026-11-20T12:01:00Z&event=account.update").await, [Value::Null; 0]);
        assert_eq!(listed(&ada, &format!("user={b}")).await.len(), 3);
        assert_eq!(listed(&ada, &format!("user={b}&event=login&outcome=success")).await.len(), 1);
        assert_eq!(listed(&ada, "outcome=failure").await.len(), 0);
        assert_eq!(listed(&ada, "ip=192.0.2.1").await.len(), 0);
        // However the address is written, it is the one in the log.
        let body = json!({"username": "bob@example.com", "password": "wrong"});
        app.anonymous().from("198.51.100.7").post("/auth/login", body).await.expect(401);
        app.app.audit.flush().await;
        for address in ["198.51.100.7", "::ffff:198.51.100.7", "0:0:0:0:0:ffff:c633:6407"] {
            assert_eq!(listed(&ada, &format!("ip={address}")).await.len(), 1, "{address}");
        }
        let reply = ada.get("/admin/audit?actor=1&user=x&since=now&limit=0&event=a&event=b").await;
        let reply = reply.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(5), "{reply}");
    }

    async fn a_word_that_the_log_does_not_know_is_refused_with_those_it_knows(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for (query, known) in [
            ("event=logon", "must be one of account.register, identity.link, login,"),
            ("event=", "must be one of account.register, "),
            ("outcome=fail", "must be one of success, failure, blocked, denied"),
        ] {
            let refused = ada.get(&format!("/admin/audit?{query}")).await.expect_problem(422, "validation");
            let problem = &refused.json()["errors"][0];
            assert_eq!(problem["type"], "enum", "{problem}");
            let message = problem["msg"].as_str().or(problem["message"].as_str()).expect("a message");
            assert!(message.contains(known), "{problem}");
        }
    }

    async fn a_page_is_a_mebibyte_at_most_whatever_its_records_hold(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let now = app.clock.now();
        let mut steps = Vec::new();
        for number in 0..1100 {
            let id = uuid::Uuid::from_u128(number);
            // As long as a client's name can be, and two bytes a character in JSON.
            steps.push(step!(RECORD { id, now, agent: "\\".repeat(256), detail: "\"".repeat(600) }));
            steps.push(step!(USER { id, email: format!("u{number}@example.com"), now }));
        }
        app.app.db.write(steps).await.expect("stored");
        // Role by role: 66 000 rows at once are too slow for one statement on a busy machine.
        for number in 0..60 {
            let name = format!("{number:050}");
            let role = vec![step!(ROLE { name: &name }), step!(GRANT { name: &name })];
            app.app.db.write(role).await.expect("granted");
        }
        for path in ["/admin/audit?limit=1000", "/admin/users?limit=1000"] {
            let (mut next, mut found, mut pages) = (Some(path.to_owned()), 0, 0);
            while let Some(path) = next {
                let page = ada.get(&path).await.expect(200);
                assert!(page.bytes.len() <= 1 << 20, "{} bytes", page.bytes.len());
                found += page.json().as_array().map_or(0, Vec::len);
                next = page.header("link").split(['<', '>']).nth(1).map(str::to_owned);
                pages += 1;
            }
            assert!(found > 1100 && pages > 2, "{path}: {found} in {pages}");
        }
    }
}
