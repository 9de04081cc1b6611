//! `GET /auth/me/export`: all data about the caller, as a JSON stream.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use utoipa::ToSchema;

use super::Exports;
use super::sheet::Sheet;
use super::store::{HeldIdentity, HeldSession};
use crate::api_keys::ApiKey;
use crate::audit::{Actor, Entry};
use crate::devices::TrustedDevice;
use crate::error::Error;
use crate::factors::FactorView;
use crate::input::Origin;
use crate::keys::Caller;
use crate::passkeys::PasskeyView;
use crate::tasks::Task;
use crate::timestamp::Timestamp;
use crate::users::AdminUser;

/// All data stored about a user. It is streamed piece by piece, so this type is never constructed.
#[derive(Debug, ToSchema)]
pub struct UserExport {
    /// Always `doorward-user`.
    pub format: String,
    /// The version of the format: 1.
    pub version: u32,
    /// When the export started.
    pub exported_at: String,
    /// The account with its roles and metadata.
    pub user: AdminUser,
    /// The user's identities at other issuers.
    pub identities: Vec<HeldIdentity>,
    /// Sessions, including those that ended in the last month.
    pub sessions: Vec<HeldSession>,
    /// Authenticator apps, without their secrets.
    pub factors: Vec<FactorView>,
    /// The number of unused recovery codes; the codes are not stored.
    pub recovery_codes_left: i64,
    /// Trusted devices, without their tokens, which are not stored.
    pub trusted_devices: Vec<TrustedDevice>,
    /// The passkeys, without their keys.
    pub passkeys: Vec<PasskeyView>,
    /// API keys, without the keys themselves, which are not stored.
    pub api_keys: Vec<ApiKey>,
    /// The audit log's records about the user, and those of the user's actions, newest first each.
    pub audit: Vec<Entry>,
    /// The tasks, oldest first.
    pub tasks: Vec<Task>,
    /// Always true, and the last member: a document without it is incomplete.
    pub complete: bool,
}

/// Export all data stored about you
///
/// The account with its metadata and identities, sessions, second factors, trusted devices, passkeys, API keys, the audit log's records about
/// you, and your tasks. One export at a time for each user.
#[utoipa::path(get, path = "/me/export", operation_id = "accounts.export", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A file to keep", body = UserExport,
            headers(("Content-Disposition" = String, description = "A name for the file"))),
        (status = 401, description = "No token, or one that is no longer valid")))]
pub(super) async fn export(
    State(exports): State<Exports>,
    caller: Caller,
    origin: Origin,
) -> Result<Response, Error> {
    let actor = Actor::caller(caller.gate, origin);
    let (sheet, head) = exports.begin(&actor, caller.gate.user_id).await?;
    let first = stream::iter([Ok(head)]);
    let body = Body::from_stream(first.chain(pieces(sheet)));
    let day = Timestamp::short(exports.clock.now());
    let name = format!("attachment; filename=\"doorward-{}.json\"", &day.as_str()[..10]);
    let name = HeaderValue::try_from(name).map_err(|error| Error::Internal(error.to_string()))?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json), (header::CONTENT_DISPOSITION, name)], body).into_response())
}

/// The pieces, each read once the client has read those before it. An error aborts the response.
fn pieces(sheet: Sheet) -> impl futures_util::Stream<Item = Result<String, std::io::Error>> {
    stream::unfold(Some(sheet), |sheet| async move {
        let mut sheet = sheet?;
        match sheet.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(sheet))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(?error, "an export was broken off");
                Some((Err(std::io::Error::other("the export was broken off")), None))
            }
        }
    })
}
