//! `POST /auth/logout`: ends the session of the token, or with `?scope=` the caller's other sessions or all.
//! The session's access and refresh tokens stop working with it, whatever their expiry.

use axum::extract::State;
use utoipa::openapi::{RefOr, Schema};

use super::Sessions;
use super::store::{self, Scope};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::{Gate, end_devices};
use crate::http::{NoContent, QueryString};
use crate::input::{Field, Origin, Parameter, Refusal, query};
use crate::keys::Caller;

query! {
    /// What to sign out of.
    struct LogoutQuery {
        /// `others` or `all`; this session if absent
        scope: Scope,
    }
}

impl Parameter for Scope {
    fn from_text(text: String) -> Result<Self, Refusal> {
        match text.as_str() {
            "others" => Ok(Self::Others),
            "all" => Ok(Self::All),
            _ => Err(("must be others or all".into(), "enum")),
        }
    }

    fn schema() -> RefOr<Schema> {
        <String as Field>::schema()
    }
}

/// Sign out
#[utoipa::path(post, path = "/logout", operation_id = "sessions.logout", tag = "sessions",
    security(("bearer" = [])),
    params(LogoutQuery),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 422, description = "Another scope")))]
pub(super) async fn logout(
    State(sessions): State<Sessions>,
    caller: Caller,
    origin: Origin,
    query: QueryString,
) -> Result<NoContent, Error> {
    let LogoutQuery { scope } = query.read()?;
    sessions.logout(caller.gate, scope, origin).await?;
    Ok(NoContent)
}

impl Sessions {
    /// Ends sessions of the gate's user.
    pub async fn logout(&self, gate: Gate, scope: Scope, origin: Origin) -> Result<(), Error> {
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::Logout).about(gate.user_id).detail(scope.as_str());
        let mut steps = vec![store::revoke_own(gate, scope)];
        // All sessions includes trusted devices: none can sign in with the password alone afterwards.
        steps.extend((scope == Scope::All).then(|| end_devices(gate.user_id)));
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
