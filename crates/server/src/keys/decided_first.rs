//! Authentication is decided first, also where the request is bad besides: the live-session check
//! travels with the database work, which a refused body never reaches. So before such a refusal of a
//! verified caller goes out, the session is asked for once; a dead one is 401. A caller who lacks a
//! permission is one for the audit log.

use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Keys;
use crate::audit::{Actor, Audit, Event, Outcome, Record};
use crate::db::{Database, Gate};
use crate::error::Error;
use crate::http::Origin;

/// Where [`super::Caller`] leaves the gate of a verified token, and [`super::Permitted`] the origin too.
#[derive(Clone, Debug, Default)]
pub(super) struct Verified(Arc<OnceLock<(Gate, Option<Origin>)>>);

impl Verified {
    pub(super) fn note(&self, gate: Gate, origin: Option<Origin>) {
        let _ = self.0.set((gate, origin));
    }
}

/// The layer around all routes.
pub async fn decide_first(
    State((db, audit, keys)): State<(Database, Audit, Keys)>,
    mut request: Request,
    next: Next,
) -> Response {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    let verified = Verified::default();
    request.extensions_mut().insert(verified.clone());
    let response = next.run(request).await;
    if let (401, Some((gate, _))) = (response.status().as_u16(), verified.0.get()) {
        keys.forget(gate);
    }
    // Refusals that may have been made without asking the database.
    if !matches!(response.status().as_u16(), 400 | 403 | 404 | 413 | 415 | 422) {
        return response;
    }
    let Some((gate, origin)) = verified.0.get() else { return response };
    let response = match db.check(*gate).await {
        Ok(()) => response,
        Err(refused) => {
            keys.forget(gate);
            Error::from(refused).into_response()
        }
    };
    if let (403, Some(needed), Some(origin)) = (response.status().as_u16(), gate.permission, origin)
    {
        let actor = Actor::caller(*gate, origin.clone());
        let denied = Record::by(&actor, Event::AccessDenied).came_out(Outcome::Denied);
        audit.note(denied.detail(needed.as_str()));
    }
    response
}
