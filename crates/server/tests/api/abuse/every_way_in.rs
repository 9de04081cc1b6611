//! Every way in has its quota, so that nobody guesses at the one that was forgotten: what the contract lets
//! anybody send to, whatever it takes (ASVS 6.3.4).

use doorward::config::Quota;
use serde_json::json;

use crate::support::{Engine, TestApp};

/// Requests of one address in a minute.
const MOST: u32 = 3;

#[tokio::test]
async fn the_same_quotas_hold_wherever_somebody_proves_who_they_are() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        let quota = Some(Quota::per_minute(MOST));
        settings.rate_limit_login = quota;
        settings.rate_limit_register = quota;
        settings.rate_limit_refresh = quota;
        settings.rate_limit_auth = quota;
        settings.rate_limit_introspect = quota;
        settings.public_url = Some("https://example.com".into());
    })
    .await;
    let document = app.anonymous().get("/openapi.json").await.expect(200).json();
    let mut seen = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let Some(operation) = item.get("post").filter(|_| path.starts_with("/auth/")) else {
            continue;
        };
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        // Ends the session of a token, and proves nothing.
        if id == "sessions.logout" {
            continue;
        }
        let client = app.anonymous().from(&format!("192.0.2.{}", seen.len() + 1));
        let token = json!("dwo_AAAA");
        let body = json!({
            "email": "nobody@example.com", "password": "not the password", "new_password": "a long new one",
            "refresh_token": "dwr_AAAA", "token": token, "mfa_token": token, "code": "123456",
        });
        let mut kinds: Vec<(&str, String)> = vec![("application/json", body.to_string())];
        if operation.get("x-also-takes").is_some() {
            let form = "username=nobody%40example.com&password=not+it&refresh_token=dwr_AAAA&token=dwo_AAAA";
            kinds.push(("application/x-www-form-urlencoded", form.into()));
        }
        // Both kinds of body use up one quota.
        for number in 0..MOST {
            let (kind, body) = &kinds[number as usize % kinds.len()];
            let reply = client.raw("POST", path, &[("content-type", kind)], body.clone()).await;
            assert_ne!(reply.status, 429, "{id}: {}", reply.text());
        }
        for (kind, body) in kinds {
            let reply = client.raw("POST", path, &[("content-type", kind)], body).await;
            assert_eq!(reply.status, 429, "{id}: {}", reply.text());
            assert!(reply.header("retry-after").parse::<u32>().is_ok(), "{id}");
        }
        seen.push(id);
    }
    for known in [
        "sessions.login",
        "sessions.refresh",
        "sessions.reauthenticate",
        "factors.verify",
        "factors.confirm",
        "passkeys.login",
        "passwords.reset",
        "accounts.register",
    ] {
        assert!(seen.contains(&known.to_owned()), "{known}: {seen:?}");
    }
}
