//! `GET /admin/audit`: what users did and what was done to them, newest first.

use axum::extract::State;
use axum::response::Response;

use super::Users;
use crate::audit::{AuditFilter, Entry};
use crate::error::Error;
use crate::gate::permission::AuditRead;
use crate::http::Listing;
use crate::input::Page;
use crate::keys::Permitted;

/// Read the audit log
///
/// An array, newest first. If there are more entries, `Link: <…>; rel="next"` is the next page.
#[utoipa::path(get, path = "/audit", operation_id = "users.audit", tag = "admin",
    security(("bearer" = ["audit:read"])),
    params(AuditFilter, Page),
    responses(
        (status = 200, description = "Records", body = [Entry], headers(
            ("Link" = String, description = "The next page, if there is one"))),
        (status = 403, description = "Needs `audit:read`"),
        (status = 422, description = "Invalid parameters; all of them are reported")))]
pub(super) async fn audit(
    State(users): State<Users>,
    by: Permitted<AuditRead>,
    listing: Listing,
) -> Result<Response, Error> {
    let (filter, page) = listing.read::<(AuditFilter, Page)>()?;
    let (found, next) = users.audit.list(by.actor.authority, filter, page).await?;
    Ok(listing.reply(found, next.map(|next| next.encode())))
}
