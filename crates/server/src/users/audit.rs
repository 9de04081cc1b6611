//! `GET /admin/audit`: what users did and what was done to them, newest first.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::Response;

use super::Users;
use crate::audit::{AuditFilter, Entry, Event, Outcome};
use crate::error::Error;
use crate::gate::permission::AuditRead;
use crate::http::Listing;
use crate::input::{Fields, Page, QueryInstant, Term};
use crate::keys::Permitted;

/// Read the audit log
///
/// An array, newest first. Where there are more, `Link: <…>; rel="next"` is the next page.
#[utoipa::path(get, path = "/audit", operation_id = "users.audit", tag = "admin",
    security(("bearer" = ["audit:read"])),
    params(
        ("event" = Option<String>, Query, max_length = 254, description = "Of this kind: a word that `event` of a record can be, `login` for one"),
        ("outcome" = Option<String>, Query, max_length = 254,
            description = "`success`, `failure`, `blocked` or `denied`"),
        ("actor" = Option<String>, Query, description = "Done by this user"),
        ("user" = Option<String>, Query, description = "Done to this user"),
        ("ip" = Option<String>, Query, max_length = 254, description = "From this address"),
        ("request_id" = Option<String>, Query, max_length = 254, description = "In this request"),
        ("since" = Option<time::OffsetDateTime>, Query, description = "Not earlier than this"),
        ("until" = Option<time::OffsetDateTime>, Query, description = "Earlier than this"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000,
            description = "Records a page, 100 by default"),
        ("cursor" = Option<String>, Query, description = "From the `Link` of the page before")),
    responses(
        (status = 200, description = "Records", body = [Entry], headers(
            ("Link" = String, description = "The next page, if there is one"))),
        (status = 403, description = "Needs `audit:read`"),
        (status = 422, description = "Invalid parameters, all of them named")))]
pub(super) async fn audit(
    State(users): State<Users>,
    by: Permitted<AuditRead>,
    listing: Listing,
) -> Result<Response, Error> {
    let mut fields = listing.fields();
    let (filter, page) = (read(&mut fields), Page::read(&mut fields));
    fields.finish()?;
    let (found, next) = users.audit.list(by.actor.authority, filter, page).await?;
    Ok(listing.reply(found, next.map(|next| next.encode())))
}

/// A word of the log. Any other would find nothing, as if nothing had happened.
fn word(fields: &mut Fields, name: &str, known: &[&str]) -> Option<String> {
    let Term(word) = fields.optional(name)?;
    if !known.contains(&word.as_str()) {
        fields.refuse(name, format!("must be one of {}", known.join(", ")), "enum");
    }
    Some(word)
}

fn read(fields: &mut Fields) -> AuditFilter {
    let events: Vec<_> = Event::ALL.iter().map(|it| it.as_str()).collect();
    let event = word(fields, "event", &events);
    let outcome = word(fields, "outcome", &Outcome::ALL.map(Outcome::as_str));
    let mut term = |name| fields.optional(name).map(|Term(word)| word);
    // The log has addresses in one spelling.
    let canonical = |text: String| match text.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => text,
    };
    let (ip, request_id) = (term("ip").map(canonical), term("request_id"));
    let (actor, subject) = (fields.optional("actor"), fields.optional("user"));
    let mut instant = |name| fields.optional(name).map(|QueryInstant(at)| at);
    let (since, until) = (instant("since"), instant("until"));
    AuditFilter { event, outcome, actor, subject, ip, request_id, since, until }
}
