//! `POST /admin/service-accounts`.

use doorward::audit::Actor;
use doorward::error::Error;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_service_account_is_listed_as_such_and_has_nothing_to_sign_in_with(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.usernames = true).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let body = json!({"name": " nightly backup ", "app_metadata": {"team": "storage"}});
        let reply = root.post("/admin/service-accounts", body).await.expect(201);
        let made = reply.json();
        let at = reply.header("location").to_owned();
        assert_eq!((&made["is_service"], &made["name"]), (&json!(true), &json!("nightly backup")));
        assert_eq!((&made["email"], &made["roles"]), (&json!(null), &json!(["user"])));
        assert_eq!(root.get(&at).await.expect(200).json(), made);
        let service = root.get("/admin/users?is_service=true").await.expect(200).json();
        assert_eq!(service, json!([made]));
        let people = root.get("/admin/users?is_service=false").await.expect(200).text();
        assert!(!people.contains("nightly backup") && people.contains("ada@example.com"));
        let nobody = app.anonymous();
        for name in [made["id"].as_str().unwrap(), "nightly backup"] {
            let body = json!({"username": name, "password": "a horse of a program"});
            let status = nobody.post("/auth/login", body).await.status;
            assert!([401, 422].contains(&status), "{status}");
        }
        ada.post("/admin/service-accounts", json!({"name": "x"})).await.expect_problem(403, "insufficient_scope");
        root.post("/admin/service-accounts", json!({})).await.expect_problem(422, "validation");
    }

    async fn not_even_the_operator_gives_it_a_password(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let made = root.post("/admin/service-accounts", json!({"name": "backup"})).await.expect(201).json();
        let id = uuid::Uuid::try_parse(made["id"].as_str().unwrap()).unwrap();
        let password = doorward::passwords::Password::parse("a horse of a program".into()).unwrap();
        let refused = app.app.passwords.set(&Actor::operator(), id, password).await;
        assert!(matches!(refused, Err(Error::ServiceAccount)), "{refused:?}");
    }

    async fn it_is_disabled_and_deleted_like_people(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let made = root.post("/admin/service-accounts", json!({"name": "backup"})).await.expect(201).json();
        let at = format!("/admin/users/{}", made["id"].as_str().unwrap());
        let key = json!({"name": "x", "scopes": ["tasks:read"]});
        let key = root.post(&format!("{at}/keys"), key).await.expect(201).json();
        let program = app.anonymous().with_token(key["key"].as_str().unwrap());
        program.get("/api/tasks").await.expect(200);
        root.patch(&at, json!({"is_active": false})).await.expect(200);
        program.get("/api/tasks").await.expect_problem(401, "invalid_token");
        root.patch(&at, json!({"is_active": true})).await.expect(200);
        program.get("/api/tasks").await.expect(200);
        root.delete(&at).await.expect(204);
        program.get("/api/tasks").await.expect_problem(401, "invalid_token");
    }
}
