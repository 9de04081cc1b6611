//! What is suggested makes the answers equal: rehearse, write the suggestion, rehearse again.

use serde_json::{Value, json};

use super::old_app;
use super::rehearsal::{Rehearsal, call, command};
use crate::support::client::PASSWORD;
use crate::support::postgres;

/// What a front end of the old backend calls; every answer is the old backend's.
async fn use_it(port: u16) {
    let signing = json!({"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada"});
    let (status, ada) = call(port, "POST", "/v1/signup", None, Some(signing.clone())).await;
    assert_eq!((status, &ada["success"]), (200, &json!(true)), "{ada}");
    let (status, _) = call(port, "POST", "/v1/signup", None, Some(signing.clone())).await;
    assert_eq!(status, 400);
    let own = &ada["data"]["user"]["id"];
    let own = own.as_str().unwrap().to_owned();
    let first = ada["data"]["token"].as_str().unwrap().to_owned();
    call(port, "GET", "/v1/whoami", Some(&first), None).await;
    let signing = json!({"email": "ada@example.com", "password": PASSWORD});
    let (_, again) = call(port, "POST", "/v1/session", None, Some(signing)).await;
    let token = again["data"]["token"].as_str().unwrap().to_owned();
    let wrong = json!({"email": "ada@example.com", "password": "another long password"});
    assert_eq!(call(port, "POST", "/v1/session", None, Some(wrong)).await.0, 400);
    let todos = format!("/v1/{own}/todos");
    let mut ids = Vec::new();
    for body in [
        json!({"text": "Write notes"}),
        json!({"text": "Call Grace", "importance": "High", "dueDate": "2026-12-01T10:00:00Z"}),
        json!({"text": "Find the moth", "status": "todo", "color": "red"}),
    ] {
        let (status, made) = call(port, "POST", &todos, Some(&token), Some(body)).await;
        assert_eq!(status, 200, "{made}");
        ids.push(made["data"]["id"].as_str().unwrap().to_owned());
    }
    let (_, all) = call(port, "GET", &todos, Some(&token), None).await;
    assert_eq!(all["count"], 3, "{all}");
    let one = format!("{todos}/{}", ids[1]);
    call(port, "GET", &one, Some(&token), None).await;
    call(port, "PATCH", &one, Some(&token), Some(json!({"text": "Call Grace back"}))).await;
    let (_, toggled) = call(port, "PATCH", &format!("{one}/toggle"), Some(&token), None).await;
    assert_eq!(toggled["data"]["status"], "done");
    call(port, "GET", &todos, Some(&token), None).await;
    let (status, gone) = call(port, "DELETE", &one, Some(&token), None).await;
    assert_eq!((status, &gone["message"]), (200, &json!("It is gone")));
    assert_eq!(call(port, "GET", &one, Some(&token), None).await.0, 404);
    assert_eq!(call(port, "GET", &todos, None, None).await.0, 401);
    call(port, "GET", &todos, Some(&token), None).await;
}

async fn rehearse(dir: &std::path::Path, more: &[&str]) -> (Option<i32>, Value) {
    let upstream = old_app::start().await;
    let mut rehearsal = Rehearsal::start(dir, &upstream, more).await;
    use_it(rehearsal.port).await;
    use_it_with_categories(rehearsal.port).await;
    let code = rehearsal.end().await;
    let report = std::fs::read_to_string(dir.join(".doorward/shadow.json")).unwrap();
    (code, serde_json::from_str(&report).unwrap())
}

async fn use_it_with_categories(port: u16) {
    assert_eq!(call(port, "GET", "/v1/nowhere", None, None).await.0, 404);
}

both! {
    async fn a_team_rehearses_takes_the_suggestion_and_sees_no_difference(engine: Engine) {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for _ in 0..2 {
            let url = match engine {
                Engine::Sqlite => format!("sqlite:{}", dir.path().join(format!("{}.db", all.len())).display()),
                Engine::Postgres => postgres::migrated_database().await,
            };
            let more = ["--database-url", &url, "--fail-on-difference"];
            all.push(rehearse(dir.path(), &more).await);
            let (code, _, said) = command(dir.path(), &["shadow", "suggest", "--write", "doorward.toml"]);
            assert_eq!(code, Some(0), "{said}");
        }
        let toml = std::fs::read_to_string(dir.path().join("doorward.toml")).unwrap();
        let (_, table, _) = command(dir.path(), &["shadow", "report"]);
        assert_eq!(all[0].0, Some(1));
        assert_eq!(all[1].0, Some(0), "{toml}\n{table}\n{}", std::fs::read_to_string(dir.path().join("shadow.log")).unwrap());
        for (route, found) in all[1].1["routes"].as_object().unwrap() {
            let compared = found["calls"] == found["same"] || route.contains("unknown to both");
            assert!(compared, "{route}: {found}");
        }
    }
}
