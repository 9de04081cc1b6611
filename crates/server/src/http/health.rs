//! The probes: `/livez` (the process answers), `/readyz` (send it traffic), `/health` (what people
//! and monitors ask). They answer within a second whatever the database does: one question at a time
//! goes to it, its answer is kept a few seconds so that monitors do not keep a sleeping database
//! awake, and nobody waits longer than [`PATIENCE`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::reply::Json;
use super::routes::{Declared, RateGroup, Routes};
use crate::clock::Clock;
use crate::db::Database;
use crate::schema::Schema;

const PATIENCE: Duration = Duration::from_millis(800);
const QUESTION: Duration = Duration::from_millis(700);
const KEEP_GOOD: time::Duration = time::Duration::seconds(5);
const KEEP_BAD: time::Duration = time::Duration::seconds(1);

/// When the database was asked, and what it said; `None` if it was away.
type LastAnswer = (OffsetDateTime, Option<Schema>);

/// Asks the database how it is, at most once every few seconds.
#[derive(Clone, Debug)]
pub struct Probe {
    db: Database,
    clock: Clock,
    last: Arc<Mutex<Option<LastAnswer>>>,
}

impl Probe {
    /// A probe of this database.
    pub fn new(db: Database, clock: Clock) -> Self {
        Self { db, clock, last: Arc::default() }
    }

    /// The state of the schema; `None` if the database did not answer in time. The lock makes
    /// simultaneous askers wait for one question.
    async fn schema(&self) -> Option<Schema> {
        let ask = async {
            let mut last = self.last.lock().await;
            let now = self.clock.now();
            if let Some((at, schema)) = *last {
                let keep = if schema.is_some() { KEEP_GOOD } else { KEEP_BAD };
                if (time::Duration::ZERO..keep).contains(&(now - at)) {
                    return schema;
                }
            }
            let answer = tokio::time::timeout(QUESTION, self.db.schema()).await;
            let schema = answer.ok().and_then(Result::ok);
            *last = Some((now, schema));
            schema
        };
        tokio::time::timeout(PATIENCE, ask).await.ok().flatten()
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct LivezResponse {
    /// Always `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReadyzResponse {
    /// `ready` or `not_ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// `ok` or `unreachable`.
    #[schema(example = "ok")]
    database: &'static str,
    /// `current`, `pending` or `unknown`.
    #[schema(example = "current")]
    migrations: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct HealthResponse {
    /// `healthy` or `unhealthy`.
    #[schema(example = "healthy")]
    status: &'static str,
    /// `ok` or `unreachable`.
    #[schema(example = "ok")]
    database: &'static str,
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// The routes of the probes.
pub fn routes() -> Routes<Probe> {
    let probe = Declared { rate: RateGroup::Uncounted, probe: true, ..Declared::STRICT };
    Routes::default()
        .add(probe, routes!(livez))
        .add(probe, routes!(readyz))
        .add(probe, routes!(health))
}

/// Is the process alive?
///
/// Never asks the database.
#[utoipa::path(get, path = "/livez", operation_id = "health.livez", tag = "service",
    responses((status = 200, body = LivezResponse, description = "The process answers.")))]
async fn livez() -> Json<LivezResponse> {
    Json(LivezResponse { status: "alive" })
}

/// May traffic be sent here?
#[utoipa::path(get, path = "/readyz", operation_id = "health.readyz", tag = "service",
    responses(
        (status = 200, body = ReadyzResponse, description = "The database is reachable and its migrations are current."),
        (status = 503, body = ReadyzResponse, description = "Not ready; the body says why.",
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
    ))]
async fn readyz(State(probe): State<Probe>) -> Response {
    let schema = probe.schema().await;
    let ready = schema == Some(Schema::Current);
    let body = ReadyzResponse {
        status: if ready { "ready" } else { "not_ready" },
        database: database(schema),
        migrations: match schema {
            Some(Schema::Current) => "current",
            Some(Schema::Behind) => "pending",
            None => "unknown",
        },
    };
    reply(ready, body)
}

/// Is the service healthy?
///
/// Answers within a second; the database's state is at most five seconds old.
#[utoipa::path(get, path = "/health", operation_id = "health.health", tag = "service",
    responses(
        (status = 200, body = HealthResponse, description = "Healthy."),
        (status = 503, body = HealthResponse, description = "Unhealthy: the database does not answer.",
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
    ))]
async fn health(State(probe): State<Probe>) -> Response {
    let schema = probe.schema().await;
    let healthy = schema.is_some();
    let body = HealthResponse {
        status: if healthy { "healthy" } else { "unhealthy" },
        database: database(schema),
        version: env!("CARGO_PKG_VERSION"),
    };
    reply(healthy, body)
}

fn database(schema: Option<Schema>) -> &'static str {
    if schema.is_some() { "ok" } else { "unreachable" }
}

fn reply(good: bool, body: impl Serialize) -> Response {
    if good {
        return Json(body).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], Json(body)).into_response()
}
