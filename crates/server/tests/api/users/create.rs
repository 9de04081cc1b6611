//! `POST /admin/users`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn an_admin_makes_an_account_that_signs_in(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.registration = doorward::config::Registration::Closed;
        }).await;
        let body = json!({"email": "ada@example.com", "password": "correct horse battery"});
        app.anonymous().post("/auth/register", body).await.expect(403);
        let operator = doorward::audit::Actor::operator();
        let new = doorward::users::NewUser {
            email: doorward::email::Email::parse("ada@example.com").expect("an address"),
            password: doorward::passwords::Password::parse("correct horse battery".into())
                .map(doorward::passwords::NewPassword),
            name: None,
            username: None,
            is_active: None,
            email_verified: Some(true),
            locale: None,
            invite: None,
            user_metadata: None,
            app_metadata: None,
        };
        let ada = app.app.users().create(&operator, new).await.expect("made").user;
        let admin = doorward::roles::RoleName::parse("admin").expect("a name");
        app.app.roles().grant(&operator, ada.id, &admin).await.expect("granted");
        let ada = app.anonymous().login("ada@example.com", "correct horse battery").await;
        let body = json!({"email": "Bob@example.com", "password": "another good one", "name": " Bob ",
            "email_verified": true, "id": "00000000-0000-7000-8000-000000000000", "roles": ["admin"]});
        let reply = ada.post("/admin/users", body.clone()).await.expect(201);
        let bob = reply.json();
        let path = format!("/admin/users/{}", bob["id"].as_str().expect("an id"));
        assert_eq!(reply.header("location"), path);
        assert_eq!(bob["email"], "Bob@example.com");
        assert_eq!(bob["name"], "Bob");
        assert_eq!(bob["roles"], json!(["user"]));
        assert_eq!((&bob["is_active"], &bob["email_verified"]), (&json!(true), &json!(true)));
        assert_ne!(bob["id"], body["id"]);
        assert_eq!(ada.get(&path).await.expect(200).json(), bob);
        app.anonymous().login("bob@EXAMPLE.com", "another good one").await;
        ada.post("/admin/users", body).await.expect_problem(409, "email_taken");
    }

    async fn no_answer_of_administration_holds_a_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let body = json!({"email": "bob@example.com", "password": "a very secret one"});
        let made = ada.post("/admin/users", body).await.expect(201).text();
        let listed = ada.get("/admin/users").await.expect(200).text();
        let audit = ada.get("/admin/audit").await.expect(200).text();
        for text in [made, listed, audit] {
            for secret in ["secret one", "argon2", "$2b$", "hash", "password\":", "salt"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }

    async fn an_account_without_a_password_signs_nobody_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        ada.post("/admin/users", json!({"email": "bob@example.com"})).await.expect(201);
        for password in ["", "password", "null"] {
            let body = json!({"email": "bob@example.com", "password": password});
            app.anonymous().post("/auth/login", body).await.expect_problem(401, "invalid_credentials");
        }
    }

    async fn bad_accounts_are_422_with_every_problem_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bad = json!({"email": "nobody", "password": "short", "name": "", "is_active": "no",
            "email_verified": 1});
        let reply = ada.post("/admin/users", bad).await.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(5), "{reply}");
        ada.post("/admin/users", json!({})).await.expect_problem(422, "validation");
    }
}
