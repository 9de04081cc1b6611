//! `POST /auth/logout`: ends the session of the token, or with `?scope=` the caller's others or all. An
//! ended session's access and refresh tokens are dead with it, whatever they say about their expiry.

use axum::extract::State;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use super::Sessions;
use super::store::{self, Scope};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{NoContent, QueryString};
use crate::input::{Field, Origin, Refusal};
use crate::keys::Caller;

impl Field for Scope {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        match value.as_str() {
            Some("others") => Ok(Self::Others),
            Some("all") => Ok(Self::All),
            _ => Err(("must be others or all".into(), "enum")),
        }
    }

    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

/// Signs out.
#[utoipa::path(post, path = "/logout", operation_id = "sessions.logout", tag = "sessions",
    security(("bearer" = [])),
    params(("scope" = Option<String>, Query, description = "`others` or `all`; this session if absent")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No token, or one that no longer counts"),
        (status = 422, description = "Another scope")))]
pub(super) async fn logout(
    State(sessions): State<Sessions>,
    caller: Caller,
    origin: Origin,
    query: QueryString,
) -> Result<NoContent, Error> {
    let mut fields = query.fields();
    let scope = fields.optional("scope").unwrap_or(Scope::This);
    fields.finish()?;
    sessions.logout(caller.gate, scope, origin).await?;
    Ok(NoContent)
}

impl Sessions {
    /// Ends sessions of the gate's user.
    pub async fn logout(&self, gate: Gate, scope: Scope, origin: Origin) -> Result<(), Error> {
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::Logout).about(gate.user_id).detail(scope.as_str());
        let steps = vec![store::revoke_own(gate, scope)];
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
