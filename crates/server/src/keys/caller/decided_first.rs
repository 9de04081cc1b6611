//! Decides authentication first, even if the request is invalid in other ways. The session check is part of
//! the database work, which a request with an invalid body never reaches. So before such an error response to
//! a verified caller is sent, the session is checked once; if it has ended, the response is 401. A caller who
//! lacks a permission is recorded in the audit log, and so is an API key used outside its scope.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::audit::{Actor, Audit, Event, Outcome, Record};
use crate::db::Database;
use crate::error::Error;
use crate::gate::{Gate, Via};
use crate::http::layer::around::Around;
use crate::input::Origin;
use crate::keys::Keys;

/// Where [`super::Caller`] stores the gate of a verified token or possibly valid API key, and
/// [`super::Permitted`] also the origin.
#[derive(Clone, Debug, Default)]
pub struct Verified(Arc<OnceLock<(Gate, Option<Origin>)>>);

impl Verified {
    pub(super) fn note(&self, gate: Gate, origin: Option<Origin>) {
        let _ = self.0.set((gate, origin));
    }
}

/// The layer around all routes.
#[derive(Debug)]
pub struct DecideFirst {
    /// Queried for the session.
    pub db: Database,
    /// Records callers who lack a permission.
    pub audit: Audit,
    /// Drops cached data of a rejected token.
    pub keys: Keys,
}

impl Around for DecideFirst {
    type Seen = Option<Verified>;

    fn look(&self, request: &mut Request) -> Option<Verified> {
        let headers = request.headers();
        let may_be_known = headers.contains_key(header::AUTHORIZATION)
            || headers.contains_key(header::COOKIE) && self.keys.cookies().is_some();
        let verified = may_be_known.then(Verified::default)?;
        request.extensions_mut().insert(verified.clone());
        Some(verified)
    }

    async fn drive(
        &self,
        seen: Option<Verified>,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let response = work.await;
        let status = response.status().as_u16();
        // Responses that may have been made without a database query, except 401.
        if !matches!(status, 400 | 401 | 403 | 404 | 413 | 415 | 422) {
            return response;
        }
        let Some((gate, origin)) = seen.as_ref().and_then(|verified| verified.0.get()) else {
            return response;
        };
        if status == 401 {
            self.keys.forget(gate);
            return response;
        }
        let mut why = None;
        let response = match Box::pin(self.db.check(*gate)).await {
            Ok(()) => response,
            Err(refused) => {
                self.keys.forget(gate);
                why = Some(refused.to_string());
                Error::from(refused).into_response()
            }
        };
        if let (403, Via::Key(used), Some(origin)) = (response.status().as_u16(), gate.via, origin)
        {
            let actor = Actor::caller(*gate, origin.clone());
            let denied = Record::by(&actor, Event::ApiKeyRefuse).came_out(Outcome::Denied);
            let not_for_keys = || format!("refused: key_account {}", used.scope_name());
            let detail = why.unwrap_or_else(not_for_keys);
            self.audit.note(denied.about(gate.user_id).detail(detail.trim()));
            return response;
        }
        if let (403, Some(needed), Some(origin)) =
            (response.status().as_u16(), gate.permission, origin)
        {
            let actor = Actor::caller(*gate, origin.clone());
            let denied = Record::by(&actor, Event::AccessDenied).came_out(Outcome::Denied);
            self.audit.note(denied.detail(needed.as_str()));
        }
        response
    }
}
