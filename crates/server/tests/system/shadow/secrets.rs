//! Nothing that could be a secret is kept: not in the report, not in what is printed.

use serde_json::json;

use super::old_app;
use super::rehearsal::{Rehearsal, call, command};

#[tokio::test]
async fn neither_the_report_nor_what_is_printed_has_a_value_of_a_request_or_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = old_app::start().await;
    let mut rehearsal = Rehearsal::start(dir.path(), &upstream, &[]).await;
    let port = rehearsal.port;
    let password = "violet kettle drum 41";
    let signing = json!({
        "email": "grace@example.com", "password": password, "full_name": "Grace Hopper",
    });
    let (_, made) = call(port, "POST", "/v1/signup", None, Some(signing)).await;
    let token = made["data"]["token"].as_str().unwrap().to_owned();
    let user = made["data"]["user"]["id"].as_str().unwrap().to_owned();
    let todos = format!("/v1/{user}/todos");
    let task = json!({"text": "Confidential matter", "color": "ultraviolet"});
    let (_, task) = call(port, "POST", &todos, Some(&token), Some(task)).await;
    let id = task["data"]["id"].as_str().unwrap().to_owned();
    call(port, "GET", &format!("{todos}/{id}?code=s3cr3t-c0de"), Some(&token), None).await;
    call(port, "GET", "/reset-password/abcdefghijklmnop", None, None).await;
    let odd = json!({"text": "Another", "grace@example.com": "a name that is an address"});
    call(port, "POST", &todos, Some(&token), Some(odd)).await;
    call(port, "DELETE", &format!("{todos}/{id}"), Some(&token), None).await;
    rehearsal.end().await;
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let report = read(".doorward/shadow.json");
    let (_, suggested, left) = command(dir.path(), &["shadow", "suggest"]);
    let all = [&report, &read("shadow.log"), &read("shadow.out"), &suggested, &left];
    assert!(report.contains("GET /v1/{user_id}/todos/{id}"), "{report}");
    let secrets = [
        "grace",
        "Grace",
        password,
        &token,
        token.split('.').nth(1).unwrap(),
        &user,
        &id,
        "Confidential",
        "ultraviolet",
        "s3cr3t",
        "abcdefgh",
        "It is gone",
    ];
    for secret in secrets {
        for text in all {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    use std::os::unix::fs::PermissionsExt;
    let rights =
        std::fs::metadata(dir.path().join(".doorward/shadow.json")).unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
}

#[test]
fn a_slip_on_the_command_line_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| {
        let (code, _, text) = command(dir.path(), args);
        (code.unwrap(), text)
    };
    let (code, text) = said(&["shadow"]);
    assert!(code == 2 && text.contains("--upstream"), "{text}");
    let (code, text) = said(&["shadow", "--upstream", "old-app:8000"]);
    assert!(code == 2 && text.contains("write http:// or https:// and a host"), "{text}");
    let (code, text) = said(&["shadow", "--upstream", "http://me:hunter2@old-app"]);
    assert!(code == 2 && !text.contains("hunter2"), "{text}");
    let (code, text) = said(&["shadow", "--upstream", "http://old-app", "--accept", "idds"]);
    assert!(code == 2 && text.contains("\"idds\"") && text.contains("ids"), "{text}");
    let (code, text) = said(&["shadow", "suggest"]);
    assert!(code == 1 && text.contains("run `doorward shadow --upstream URL` first"), "{text}");
}
