//! An old backend as teams build it by hand, with habits of its own: other paths, names, statuses,
//! envelopes and failures than Doorward's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

#[derive(Default)]
struct Stored {
    given: u128,
    users: Vec<Value>,
    tasks: Vec<Value>,
    /// Tokens and their users.
    sessions: HashMap<String, String>,
}

fn answer(body: &Value) -> Response {
    ([("content-type", "application/json")], body.to_string()).into_response()
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

impl Stored {
    /// An id as no other process gives it out.
    fn id(&mut self) -> String {
        self.given += 1;
        Uuid::from_u128(0x0a11_ce00_0000_4000_8000_0000_0000_0000 + self.given).to_string()
    }
}

type Shared = Arc<Mutex<Stored>>;

/// Its address.
pub(crate) async fn start() -> String {
    serve(routes()).await
}

/// Any routes on a free port; their address.
pub(crate) async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn routes() -> Router {
    Router::new()
        .route("/v1/signup", post(sign_up))
        .route("/v1/session", post(sign_in))
        .route("/v1/whoami", get(who))
        .route("/v1/{user}/todos", get(list).post(create))
        .route("/v1/{user}/todos/{id}", get(show).patch(update).delete(remove))
        .route("/v1/{user}/todos/{id}/toggle", patch(toggle))
        .route("/v1/categories", get(|| async { answer(&json!([{"id": 1, "label": "home"}])) }))
        .with_state(Shared::default())
}

fn refused(status: u16, why: &str) -> Response {
    let body = json!({"success": false, "error": {"message": why}});
    let mut response = answer(&body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn token_of(user: &str, stored: &mut Stored) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (number, head) = (stored.sessions.len(), json!({"alg": "HS256", "typ": "JWT"}));
    let claims = json!({"sub": user, "exp": 4_000_000_000_u64, "iat": number});
    let token = format!("{}.{}.{}", part(head), part(claims), "c2lnbmF0dXJl");
    stored.sessions.insert(token.clone(), user.to_owned());
    token
}

fn shown(user: &Value) -> Value {
    json!({"id": user["id"], "email": user["email"], "full_name": user["full_name"]})
}

async fn sign_up(State(shared): State<Shared>, body: String) -> Response {
    let body = read(&body);
    let mut stored = shared.lock().unwrap();
    if stored.users.iter().any(|user| user["email"] == body["email"]) {
        return refused(400, "That address is taken");
    }
    let mut user = body;
    user["id"] = stored.id().into();
    stored.users.push(user.clone());
    let token = token_of(user["id"].as_str().unwrap(), &mut stored);
    answer(&json!({"success": true, "data": {"token": token, "user": shown(&user)}}))
}

async fn sign_in(State(shared): State<Shared>, body: String) -> Response {
    let body = read(&body);
    let mut stored = shared.lock().unwrap();
    let same =
        |user: &&Value| user["email"] == body["email"] && user["password"] == body["password"];
    let Some(user) = stored.users.iter().find(same).cloned() else {
        return refused(400, "Wrong address or password");
    };
    let token = token_of(user["id"].as_str().unwrap(), &mut stored);
    answer(&json!({"success": true, "data": {"token": token, "user": shown(&user)}}))
}

fn caller(stored: &Stored, headers: &HeaderMap) -> Option<String> {
    let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
    stored.sessions.get(token).cloned()
}

async fn who(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let stored = shared.lock().unwrap();
    let Some(id) = caller(&stored, &headers) else { return refused(401, "Sign in first") };
    let user = stored.users.iter().find(|user| user["id"] == *id).unwrap();
    answer(&json!({"success": true, "data": shown(user)}))
}

async fn create(
    State(shared): State<Shared>,
    Path(owner): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let body = read(&body);
    let mut stored = shared.lock().unwrap();
    if caller(&stored, &headers).as_deref() != Some(&owner) {
        return refused(401, "Sign in first");
    }
    let now = "2026-11-20T10:00:00Z";
    let mut task = json!({
        "id": stored.id(), "user_id": owner, "text": body["text"],
        "status": body.get("status").cloned().unwrap_or_else(|| "todo".into()),
        "importance": body.get("importance").cloned().unwrap_or_else(|| "Low".into()),
        "color": body["color"], "created_at": now,
    });
    if !body["dueDate"].is_null() {
        task["dueDate"] = body["dueDate"].clone();
    }
    stored.tasks.push(task.clone());
    answer(&json!({"success": true, "data": task}))
}

async fn list(
    State(shared): State<Shared>,
    Path(owner): Path<String>,
    headers: HeaderMap,
) -> Response {
    let stored = shared.lock().unwrap();
    if caller(&stored, &headers).as_deref() != Some(&owner) {
        return refused(401, "Sign in first");
    }
    let own: Vec<_> = stored.tasks.iter().filter(|task| task["user_id"] == *owner).collect();
    answer(&json!({"success": true, "todos": own, "count": own.len()}))
}

fn one(stored: &mut Stored, headers: &HeaderMap, id: &str) -> Result<usize, Box<Response>> {
    let Some(user) = caller(stored, headers) else {
        return Err(Box::new(refused(401, "Sign in first")));
    };
    let found = stored.tasks.iter().position(|task| task["id"] == *id && task["user_id"] == *user);
    found.ok_or_else(|| Box::new(refused(404, "No such todo")))
}

type Task = Path<(String, String)>;

async fn show(State(shared): State<Shared>, Path((_, id)): Task, headers: HeaderMap) -> Response {
    let mut stored = shared.lock().unwrap();
    match one(&mut stored, &headers, &id) {
        Ok(at) => answer(&json!({"success": true, "data": stored.tasks[at]})),
        Err(refused) => *refused,
    }
}

async fn update(
    State(shared): State<Shared>,
    Path((_, id)): Task,
    headers: HeaderMap,
    body: String,
) -> Response {
    let body = read(&body);
    let mut stored = shared.lock().unwrap();
    match one(&mut stored, &headers, &id) {
        Ok(at) => {
            for (name, value) in body.as_object().unwrap() {
                stored.tasks[at][name] = value.clone();
            }
            answer(&json!({"success": true, "data": stored.tasks[at]}))
        }
        Err(refused) => *refused,
    }
}

async fn toggle(State(shared): State<Shared>, Path((_, id)): Task, headers: HeaderMap) -> Response {
    let mut stored = shared.lock().unwrap();
    match one(&mut stored, &headers, &id) {
        Ok(at) => {
            let done = stored.tasks[at]["status"] == "done";
            stored.tasks[at]["status"] = if done { "todo" } else { "done" }.into();
            answer(&json!({"success": true, "data": stored.tasks[at]}))
        }
        Err(refused) => *refused,
    }
}

async fn remove(State(shared): State<Shared>, Path((_, id)): Task, headers: HeaderMap) -> Response {
    let mut stored = shared.lock().unwrap();
    match one(&mut stored, &headers, &id) {
        Ok(at) => {
            stored.tasks.remove(at);
            answer(&json!({"success": true, "message": "It is gone"}))
        }
        Err(refused) => *refused,
    }
}
