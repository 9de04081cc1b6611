//! `PATCH /admin/users/{id}`: changes, disables or bans a user (RFC 7396: absent keeps, null clears). A ban
//! with an end expires by itself. Disabling and banning end all sessions in the same transaction, and fail
//! for the last active admin.

use axum::extract::State;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use super::{AdminUser, Users, store};
use crate::accounts::Name;
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::UsersWrite;
use crate::gate::{end_devices, end_sessions, keep_an_admin, lock_admins, user_exists};
use crate::http::{IdInPath, Json, JsonBody, json};
use crate::input::{Draft, Field, Given, Instant, Letters, Locale, Refusal, TextLimits, body};
use crate::keys::Permitted;
use crate::metadata::{MetadataObject, too_large};
use crate::sql::DbError;

const REASON: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 500, letters: Letters::Lines };

/// Why somebody is banned: 1–500 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanReason(String);

impl BanReason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field for BanReason {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        REASON.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        REASON.schema().into()
    }
}

body! {
    /// The changes; absent fields keep their values.
    #[derive(Default)]
    pub struct UserChange as "UpdateUserRequest" {
        /// Display name; null clears it.
        pub name: Given<Name>,
        /// False disables the account and ends its sessions.
        pub is_active: Option<bool> = None,
        /// Whether the address is verified.
        pub email_verified: Option<bool> = None,
        /// Bans the user until this time, `9999-12-31T23:59:59Z` for ever, and ends all sessions; null lifts
        /// the ban.
        pub banned_until: Given<Instant>,
        /// The reason, shown to administrators only; null clears it.
        pub ban_reason: Given<BanReason>,
        /// The user's language, as a BCP 47 tag; null clears it.
        pub locale: Given<Locale>,
        /// Changes to the fields that the account's owner may change too, as a merge patch: absent names keep
        /// their values, null removes a name. Null instead of an object removes all.
        pub user_metadata: Given<MetadataObject>,
        /// The same for the fields that only administrators may change.
        pub app_metadata: Given<MetadataObject>,
    }
}

impl UserChange {
    /// Lifting a ban also clears its reason.
    fn settled(mut self) -> Self {
        if matches!(self.banned_until, Given::Null) && matches!(self.ban_reason, Given::Absent) {
            self.ban_reason = Given::Null;
        }
        self
    }

    fn shuts_out(&self) -> bool {
        self.is_active == Some(false) || matches!(self.banned_until, Given::Value(_))
    }

    /// The database does not say which of the two objects was too large.
    fn too_large(&self) -> Error {
        let of_app = self.app_metadata != Given::Absent;
        too_large(if of_app { "app_metadata" } else { "user_metadata" })
    }

    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        match self.is_active {
            Some(true) => events.push(Event::AccountEnable),
            Some(false) => events.push(Event::AccountDisable),
            None => {}
        }
        match self.banned_until {
            Given::Value(_) => events.push(Event::AccountBan),
            Given::Null => events.push(Event::AccountUnban),
            Given::Absent => {}
        }
        let more = self.name != Given::Absent
            || self.email_verified.is_some()
            || self.locale != Given::Absent
            || self.user_metadata != Given::Absent
            || self.app_metadata != Given::Absent;
        if more || events.is_empty() {
            events.push(Event::AccountUpdate);
        }
        events
    }
}

/// Change, disable, ban or unban a user
#[utoipa::path(patch, path = "/users/{id}", operation_id = "users.update", tag = "admin",
    security(("bearer" = ["users:write"])),
    params(("id" = String, Path, description = "The user's id")),
    request_body = UserChange,
    responses(
        (status = 200, description = "The changed user", body = AdminUser),
        (status = 403, description = "Needs `users:write`, and every permission the user holds"),
        (status = 404, description = "No such user"),
        (status = 409, description = "The last active admin cannot be disabled or banned")))]
pub(super) async fn update(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    IdInPath(id): IdInPath,
    JsonBody(mut draft): JsonBody<Draft<UserChange>>,
) -> Result<Json<AdminUser>, Error> {
    if let (_, _, _, Some(Given::Value(Instant(until))), ..) = &draft.parts
        && *until <= users.clock.now()
    {
        draft.fields.refuse("banned_until", "must be in the future", "value_error");
    }
    users.update(&by.actor, id, draft.finish()?).await.map(json)
}

impl Users {
    /// Changes a user.
    pub async fn update(
        &self,
        by: &Actor,
        id: Uuid,
        change: UserChange,
    ) -> Result<AdminUser, Error> {
        self.check_token_fields(change.app_metadata.value())?;
        let change = change.settled();
        let now = self.clock.now();
        let mut steps = vec![lock_admins(), user_exists(id)];
        steps.extend(by.authority.holds_all_of_user(id));
        if change.shuts_out() {
            steps.push(keep_an_admin(id, now));
            steps.push(end_sessions(id, now, "disabled"));
            steps.push(end_devices(id));
        }
        steps.push(store::update(id, &change, now));
        steps.push(store::find(id));
        let records = change.events().into_iter().map(|event| Record::by(by, event).about(id));
        let rows = match self.audit.commit(by.authority, steps, records).await {
            Err(DbError::Refused(why)) if why == "metadata_too_large" => {
                return Err(change.too_large());
            }
            done => done?,
        };
        let row = rows.last().and_then(|found| found.first()).ok_or(Error::NotFound)?;
        Ok(row.read()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_an_event() {
        let none = UserChange::default;
        let words = |change: UserChange| {
            change.events().iter().map(|event| event.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(words(none()), ["account.update"]);
        assert_eq!(words(UserChange { is_active: Some(false), ..none() }), ["account.disable"]);
        let unban = UserChange { banned_until: Given::Null, ..none() };
        assert_eq!(words(unban.clone()), ["account.unban"]);
        assert!(matches!(unban.settled().ban_reason, Given::Null));
        let both = UserChange { is_active: Some(true), email_verified: Some(true), ..none() };
        assert_eq!(words(both), ["account.enable", "account.update"]);
    }
}
