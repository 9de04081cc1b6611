//! `/api/tasks`, one file for each route, mirroring `src/tasks/`.

use serde_json::{Value, json};

use crate::support::Client;

mod complete;
mod counted;
mod create;
mod delete;
mod isolation;
mod labels;
mod list;
mod replace;
mod search;
mod show;
mod stats;
mod unnamed;
mod update;

/// Makes a task and answers it.
pub(crate) async fn make(client: &Client, body: Value) -> Value {
    client.post("/api/tasks", body).await.expect(201).json()
}

/// Makes a task with this title and answers its path.
pub(crate) async fn make_titled(client: &Client, title: &str) -> String {
    path(&make(client, json!({"title": title})).await)
}

/// Where a task is.
pub(crate) fn path(task: &Value) -> String {
    format!("/api/tasks/{}", task["id"].as_str().expect("an id"))
}

/// A header list with one entity tag.
pub(crate) async fn conditional(
    client: &Client,
    method: &str,
    path: &str,
    if_match: &str,
    body: Value,
) -> crate::support::Reply {
    let headers = [("content-type", "application/json"), ("if-match", if_match)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    client.raw(method, path, &headers, body).await
}
