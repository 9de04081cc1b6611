//! `GET /admin/users`: all users, oldest first, filtered, in pages. A complete address is looked up in the
//! index; a part of one is searched for.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::{AdminUser, Users, store};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::UsersRead;
use crate::http::{Listing, total_count};
use crate::input::{Cursor, Page, Parameters, Reach, json_bytes, query};
use crate::keys::Permitted;

query! {
    /// Which users; `None` asks for all.
    #[derive(Default)]
    pub struct UserFilter {
        /// Only addresses that contain this text, ignoring case
        pub email: Option<String>,
        /// A user name, or a part of one, whatever its case
        pub username: Option<String>,
        /// Only users with this role
        pub role: Option<String>,
        /// Only active users, or only disabled ones
        pub is_active: Option<bool>,
        /// Only service accounts, or only people
        pub is_service: Option<bool>,
    }
}

impl UserFilter {
    fn takes(&self, found: &AdminUser) -> bool {
        self.is_active.is_none_or(|wanted| found.user.is_active == wanted)
            && self.is_service.is_none_or(|wanted| found.is_service == wanted)
            && self.username.as_ref().is_none_or(|wanted| {
                let wanted = wanted.to_ascii_lowercase();
                let own = found.user.username.as_ref().map(|own| own.to_ascii_lowercase());
                own.is_some_and(|own| own.contains(&wanted))
            })
            && self.role.as_ref().is_none_or(|wanted| found.user.roles.contains(wanted))
    }
}

/// List users
///
/// An array, oldest first. If there are more entries, `Link: <…>; rel="next"` is the next page.
#[utoipa::path(get, path = "/users", operation_id = "users.list", tag = "admin",
    security(("bearer" = ["users:read"])),
    params(UserFilter, Page, Reach),
    responses(
        (status = 200, description = "Users", body = [AdminUser], headers(
            ("Link" = String, description = "The next page, if there is one"),
            ("X-Total-Count" = i64, description = "Users on all pages, with `total=true`"))),
        (status = 403, description = "Needs `users:read`"),
        (status = 422, description = "Invalid parameters; all of them are reported")))]
pub(super) async fn list(
    State(users): State<Users>,
    by: Permitted<UsersRead>,
    listing: Listing,
) -> Result<Response, Error> {
    let mut fields = listing.fields();
    let (filter, page, reach) = <(UserFilter, Page, Reach)>::read(&mut fields);
    if reach.offset.is_some() && page.after.is_some() {
        fields.refuse("offset", "must not be given with a cursor", "value_error");
    }
    fields.finish()?;
    let (found, next, total) = users.list(by.actor.authority, &filter, page, reach).await?;
    Ok((total_count(total), listing.reply(found, next.map(|next| next.encode()))).into_response())
}

impl Users {
    /// One page of users, the cursor of the next page if there is one, and the total if requested.
    pub async fn list(
        &self,
        authority: Authority,
        filter: &UserFilter,
        page: Page,
        reach: Reach,
    ) -> Result<(Vec<AdminUser>, Option<Cursor>, Option<i64>), Error> {
        let db = &self.db;
        if let Some(email) = filter.email.as_deref().and_then(Email::parse) {
            let found = store::find_by_email(db, authority, &email).await?;
            let mut found: Vec<_> = found.into_iter().filter(|found| filter.takes(found)).collect();
            let total = reach.total.then_some(i64::from(!found.is_empty()));
            if reach.skipped() > 0 {
                found.clear();
            }
            return Ok((found, None, total));
        }
        let (mut found, total) = store::list(db, authority, filter, page, reach).await?;
        let place = |last: &AdminUser| Cursor { at: last.user.created_at, id: last.user.id };
        let next = page.cut_by_bytes(&mut found, json_bytes, place);
        Ok((found, next, total))
    }
}
