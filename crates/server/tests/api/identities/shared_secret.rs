//! HS256 tokens that others made with the shared secret, without an issuer and without a key's name.

use std::time::Duration;

use serde_json::{Value, json};

use super::{bearer, hs256, lasting, minted, refused, sharing, trusting, users};
use crate::both;
use crate::support::TestApp;
use crate::support::app::SECRET;

both! {
    async fn the_issuer_and_the_audience_that_a_team_writes_are_settings(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            sharing(settings);
            settings.token_audience = Some("tasks".into());
            settings.shared_secret_issuer = Some("my-next-app".into());
            settings.shared_secret_audience = Some("my-api".into());
        }).await;
        let good = lasting(&app, json!({"userId": "17", "iss": "my-next-app", "aud": "my-api"}));
        let user = bearer(&app, &hs256(&good)).get("/auth/me").await.expect(200).json();
        for aud in [json!("my-api"), json!(["other", "my-api"])] {
            let same = lasting(&app, json!({"sub": "17", "iss": "my-next-app", "aud": aud}));
            assert_eq!(bearer(&app, &hs256(&same)).get("/auth/me").await.expect(200).json()["id"], user["id"]);
        }
        for (name, value) in [
            ("iss", json!("my-next-ap")), ("iss", json!("doorward")), ("iss", json!(["my-next-app"])),
            ("iss", Value::Null), ("iss", json!("")), ("aud", json!("tasks")), ("aud", json!([])),
            ("aud", Value::Null), ("type", json!("refresh")), ("exp", json!(1)),
        ] {
            let mut claims = good.clone();
            claims[name] = value;
            refused(&app, &format!("{claims}"), &hs256(&claims)).await;
        }
        for missing in ["iss", "aud", "exp", "userId"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(missing);
            refused(&app, &format!("no {missing}"), &hs256(&claims)).await;
        }
        refused(&app, "another secret", &minted("no", &json!({"alg": "HS256"}), &good)).await;
        refused(&app, "a key's name", &minted(SECRET, &json!({"alg": "HS256", "kid": "x"}), &good)).await;
    }

    async fn an_issuer_set_for_shared_secret_tokens_counts_only_where_they_are_accepted(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            trusting(settings);
            settings.shared_secret_issuer = Some("my-next-app".into());
        }).await;
        let token = hs256(&lasting(&app, json!({"sub": "17", "iss": "my-next-app"})));
        refused(&app, "off", &token).await;
    }

    async fn the_subject_is_sub_or_id_or_user_id(engine: Engine) {
        let app = TestApp::with(engine, sharing).await;
        let mut ids = Vec::new();
        for claims in [
            json!({"sub": "17", "email": "ada@example.com", "name": "Ada"}),
            json!({"id": 17}),
            json!({"user_id": "17"}),
            json!({"userId": 17}),
            json!({"sub": "17", "type": "access"}),
            json!({"sub": "17", "token_type": "bearer", "scope": "everything"}),
        ] {
            let client = bearer(&app, &hs256(&lasting(&app, claims)));
            let user = client.get("/auth/me").await.expect(200).json();
            assert_eq!(user["email"], "ada@example.com");
            ids.push(user["id"].clone());
            client.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(users(&app).await, 1);
    }

    async fn it_is_off_unless_the_operator_says_so(engine: Engine) {
        for change in [|_: &mut _| {}, trusting] {
            let app = TestApp::with(engine, change).await;
            let token = hs256(&lasting(&app, json!({"sub": "17"})));
            refused(&app, "off", &token).await;
        }
    }

    async fn whatever_else_the_secret_signed_is_refused(engine: Engine) {
        let app = TestApp::with(engine, sharing).await;
        let ada = app.sign_up("ada").await;
        let own = ada.token.clone().unwrap();
        let kid = crate::sessions::part(&own, 0)["kid"].clone();
        let claims = crate::sessions::part(&own, 1);
        let good = lasting(&app, json!({"sub": "17"}));
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        for (what, claims) in [
            ("its own claims", claims.clone()),
            ("an issuer", with("iss", "doorward".into())),
            ("a null issuer", with("iss", Value::Null)),
            ("an audience", with("aud", "fastapi-users:verify".into())),
            ("audiences", with("aud", json!(["a", "b"]))),
            ("a refresh token", with("type", "refresh".into())),
            ("a refresh token", with("token_type", "refresh".into())),
            ("an odd purpose", with("purpose", json!({}))),
            ("no subject", lasting(&app, json!({"email": "ada@example.com"}))),
            ("an empty subject", with("sub", "".into())),
            ("a list as subject", with("sub", json!(["17"]))),
            ("a subject with NUL", with("sub", "1\u{0}7".into())),
            ("no exp", json!({"sub": "17"})),
            ("exp as text", with("exp", "9999999999".into())),
            ("exp null", with("exp", Value::Null)),
            ("exp negative", with("exp", json!(-1))),
            ("exp too large", with("exp", json!(1e300))),
            ("nbf to come", with("nbf", json!(app.clock.now().unix_timestamp() + 31))),
            ("nbf as text", with("nbf", "0".into())),
            ("not claims", json!([1, 2])),
        ] {
            refused(&app, what, &hs256(&claims)).await;
        }
        for (what, header) in [
            ("its key's name", json!({"alg": "HS256", "kid": kid})),
            ("a name", json!({"alg": "HS256", "kid": "../../dev/null"})),
            ("HS512", json!({"alg": "HS512"})),
            ("none", json!({"alg": "none"})),
            ("NONE", json!({"alg": "nOnE"})),
            ("no algorithm", json!({"typ": "JWT"})),
            ("EdDSA", json!({"alg": "EdDSA"})),
            ("RS256", json!({"alg": "RS256"})),
            ("crit", json!({"alg": "HS256", "crit": ["x"], "x": 1})),
            ("jku", json!({"alg": "HS256", "jku": "http://127.0.0.1:1/"})),
            ("another type", json!({"alg": "HS256", "typ": "dpop+jwt"})),
        ] {
            refused(&app, what, &minted(SECRET, &header, &good)).await;
        }
        let token = hs256(&good);
        let (rest, _) = token.rsplit_once('.').unwrap();
        for (what, token) in [
            ("another secret", minted("no", &json!({"alg": "HS256"}), &good)),
            ("an empty secret", minted("", &json!({"alg": "HS256"}), &good)),
            ("no signature", format!("{rest}.")),
            ("padding", format!("{token}=")),
            ("a fourth part", format!("{token}.x")),
            ("dots", ".".repeat(5000)),
        ] {
            refused(&app, what, &token).await;
        }
        bearer(&app, &token).get("/api/tasks").await.expect(200);
    }

    async fn it_lives_until_exp_and_thirty_seconds(engine: Engine) {
        let app = TestApp::with(engine, sharing).await;
        let token = hs256(&lasting(&app, json!({"sub": "17"})));
        app.advance(Duration::from_secs(89));
        bearer(&app, &token).get("/api/tasks").await.expect(200);
        app.advance(Duration::from_secs(1));
        bearer(&app, &token).get("/api/tasks").await.expect_problem(401, "token_expired");
    }

    async fn an_audience_that_is_set_is_asked_for(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            sharing(settings);
            settings.token_audience = Some("tasks".into());
        }).await;
        refused(&app, "no audience", &hs256(&lasting(&app, json!({"sub": "17"})))).await;
        let other = lasting(&app, json!({"sub": "17", "aud": "others"}));
        refused(&app, "another", &hs256(&other)).await;
        for aud in [json!("tasks"), json!(["others", "tasks"])] {
            let token = hs256(&lasting(&app, json!({"sub": "17", "aud": aud})));
            bearer(&app, &token).get("/api/tasks").await.expect(200);
        }
    }
}
