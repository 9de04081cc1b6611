//! The probes: `/livez` (the process responds), `/readyz` (ready for traffic), `/health` (for people and
//! monitors). They respond within a second, whatever the state of the database: only one query is sent at a
//! time, its result is cached for a few seconds so that monitors do not keep a suspended database awake, and
//! nobody waits longer than [`PATIENCE`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::watch;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::arrival::{ANSWERED, Arrivals};
use super::reply::Json;
use super::routes::{Declared, RateGroup, Routes};
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Database;
use crate::schema::{Schema, Unfit};

const PATIENCE: Duration = Duration::from_millis(800);
const KEEP_GOOD: time::Duration = time::Duration::seconds(5);
const KEEP_BAD: time::Duration = time::Duration::seconds(1);

/// The state of the database; `None` if it is unavailable.
type Answer = Option<Schema>;

/// Queries the database at most once every few seconds.
#[derive(Clone, Debug)]
pub struct Probe {
    db: Database,
    clock: Clock,
    arrivals: Arrivals,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The time and result of the last query.
    last: Option<(OffsetDateTime, Answer)>,
    /// The query in progress.
    asking: Option<watch::Receiver<Option<Answer>>>,
}

impl Probe {
    /// A probe of this database.
    pub fn new(settings: &Settings, db: Database, clock: Clock) -> Self {
        let arrivals = Arrivals::new(settings, clock.clone());
        Self { db, clock, arrivals, known: Arc::default() }
    }

    /// The state of the schema; `None` if the database did not respond in time. Concurrent callers share one
    /// query. It continues when they give up, for the next caller: a distant database may respond to its
    /// first query too late for a probe.
    async fn schema(&self) -> Answer {
        let mut asking = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.clock.now();
            if let Some((at, answer)) = &known.last {
                let keep = if answer.is_some() { KEEP_GOOD } else { KEEP_BAD };
                if (time::Duration::ZERO..keep).contains(&(now - *at)) {
                    return answer.clone();
                }
            }
            // A query that ended without a result has panicked.
            known.asking.take_if(|asking| asking.has_changed().is_err());
            known.asking.get_or_insert_with(|| self.ask(now)).clone()
        };
        let answered = tokio::time::timeout(PATIENCE, asking.wait_for(Option::is_some)).await;
        answered.ok()?.ok()?.clone().flatten()
    }

    fn ask(&self, now: OffsetDateTime) -> watch::Receiver<Option<Answer>> {
        let (sender, asking) = watch::channel(None);
        let (db, shared) = (self.db.clone(), Arc::clone(&self.known));
        tokio::spawn(async move {
            let answer = db.schema().await.ok();
            {
                let mut known = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let before = known.last.take().and_then(|(_, answer)| answer);
                if let Some(Schema::Unfit(unfit)) = &answer
                    && before != answer
                {
                    tracing::error!("the database {unfit}");
                }
                known.last = Some((now, answer.clone()));
                known.asking = None;
            }
            let _ = sender.send(Some(answer));
        });
        asking
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
    /// `ok`, `unreachable`, `read_only`, `wrong_settings`, `lacks_privileges`, `occupied` (by another
    /// application's tables) or `unprotected` (row-level security is missing: run `doorward db repair`).
    #[schema(example = "ok")]
    database: &'static str,
    /// `current`, `pending` or `unknown`.
    #[schema(example = "current")]
    migrations: &'static str,
    /// The command to run, if one helps.
    #[schema(example = "Run `doorward db migrate`.")]
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HealthResponse {
    /// `healthy` or `unhealthy`.
    #[schema(example = "healthy")]
    status: &'static str,
    /// As in `/readyz`.
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

/// Liveness probe
/// Does not query the database.
#[utoipa::path(get, path = "/livez", operation_id = "health.livez", tag = "service",
    responses((status = 200, body = LivezResponse, description = "The process answers.")))]
async fn livez(State(probe): State<Probe>, headers: HeaderMap, arrived: Extensions) -> Response {
    let mut response = Json(LivezResponse { status: "alive" }).into_response();
    if let Some(arrival) = probe.arrivals.of(&headers, &arrived) {
        response.headers_mut().insert(ANSWERED, arrival);
    }
    response
}

/// Readiness probe
#[utoipa::path(get, path = "/readyz", operation_id = "health.readyz", tag = "service",
    responses(
        (status = 200, body = ReadyzResponse, description = "Ready: the database accepts writes and its \
            migrations are current."),
        (status = 503, body = ReadyzResponse, description = "Not ready; the body gives the reason.",
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
    ))]
async fn readyz(State(probe): State<Probe>) -> Response {
    let schema = probe.schema().await;
    let ready = schema == Some(Schema::Current);
    let body = ReadyzResponse {
        status: if ready { "ready" } else { "not_ready" },
        database: database(schema.as_ref()),
        migrations: match &schema {
            Some(Schema::Current | Schema::Unfit(Unfit::Exposed)) => "current",
            Some(Schema::Behind) => "pending",
            Some(Schema::Unfit(_)) | None => "unknown",
        },
        action: match &schema {
            Some(Schema::Behind) => Some("Run `doorward db migrate`."),
            Some(Schema::Unfit(Unfit::Exposed)) => Some("Run `doorward db repair`."),
            _ => None,
        },
    };
    reply(ready, body)
}

/// Service health
///
/// Responds within a second; the reported state of the database is at most five seconds old.
#[utoipa::path(get, path = "/health", operation_id = "health.health", tag = "service",
    responses(
        (status = 200, body = HealthResponse, description = "Healthy."),
        (status = 503, body = HealthResponse, description = "Unhealthy: the database does not respond or is \
            unsuitable.",
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
    ))]
async fn health(State(probe): State<Probe>) -> Response {
    let schema = probe.schema().await;
    let healthy = matches!(schema, Some(Schema::Current | Schema::Behind));
    let body = HealthResponse {
        status: if healthy { "healthy" } else { "unhealthy" },
        database: database(schema.as_ref()),
        version: env!("CARGO_PKG_VERSION"),
    };
    reply(healthy, body)
}

fn database(schema: Option<&Schema>) -> &'static str {
    match schema {
        None => "unreachable",
        Some(Schema::Current | Schema::Behind) => "ok",
        Some(Schema::Unfit(Unfit::ReadOnly)) => "read_only",
        Some(Schema::Unfit(Unfit::Settings(_))) => "wrong_settings",
        Some(Schema::Unfit(Unfit::Privileges(_) | Unfit::NoSchema(_))) => "lacks_privileges",
        Some(Schema::Unfit(Unfit::Occupied(_))) => "occupied",
        Some(Schema::Unfit(Unfit::Exposed)) => "unprotected",
    }
}

fn reply(good: bool, body: impl Serialize) -> Response {
    if good {
        return Json(body).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], Json(body)).into_response()
}
