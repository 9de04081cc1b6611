//! `POST /auth/keys`: creates an API key for the caller. It outlives the session, so recent authentication is
//! required: a stolen token must not become a permanent key.

use axum::extract::State;
use uuid::Uuid;

use super::{ApiKeys, KeyName, KeyNetworks, KeyScopes, MadeKey, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::{Error, Invalid};
use crate::gate::{Fresh, signed_in_since};
use crate::http::{Created, JsonBody};
use crate::input::{Draft, Instant, Origin, body};
use crate::keys::{Caller, PresentedKey, no_key};
use crate::sql::Step;

body! {
    /// A new API key.
    pub struct NewKey as "CreateApiKeyRequest" {
        /// What it is for: 1–100 characters after trimming.
        pub name: KeyName,
        /// What it may be used for: `tasks:read`, `tasks:write` and permissions that you have.
        pub scopes: KeyScopes,
        /// When it expires; never if absent.
        pub expires_at: Option<Instant>,
        /// Addresses and CIDR ranges it may be used from; all if absent.
        pub networks: Option<KeyNetworks>,
    }
}

/// Create an API key
///
/// The key is only shown in this response. Requires a recent sign-in.
#[utoipa::path(post, path = "/keys", operation_id = "api_keys.create", tag = "keys",
    security(("bearer" = [])),
    request_body = NewKey,
    responses(
        (status = 201, description = "The new key", body = MadeKey,
            headers(("Location" = String))),
        (status = 403, description = "The sign-in is not recent enough, or you lack a permission of the scopes"),
        (status = 409, description = "The account has the maximum number of keys")))]
pub(super) async fn create(
    State(keys): State<ApiKeys>,
    caller: Caller,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<NewKey>>,
) -> Result<Created<MadeKey>, Error> {
    let new = draft.finish()?;
    let fresh = Fresh::of(&keys.settings);
    let fresh = signed_in_since(caller.gate, fresh);
    let actor = Actor::caller(caller.gate, origin);
    let made = keys.make(&actor, caller.user_id, new, [fresh]).await?;
    Ok(Created(format!("{}/keys/{}", keys.settings.auth_path, made.about.id), made))
}

impl ApiKeys {
    /// Creates a key for this user, if the preceding steps succeed.
    pub(super) async fn make(
        &self,
        by: &Actor,
        owner: Uuid,
        new: NewKey,
        before: impl IntoIterator<Item = Step>,
    ) -> Result<MadeKey, Error> {
        no_key(by)?;
        let now = self.clock.now();
        if new.expires_at.is_some_and(|Instant(at)| at <= now) {
            let why = ("must be in the future".into(), "value_error");
            return Err(Error::Validation(vec![Invalid::new("body", "expires_at", why)]));
        }
        let (key, text) = PresentedKey::mint(&self.random, owner);
        let mut steps: Vec<Step> = before.into_iter().collect();
        steps.extend(store::room(owner));
        steps.extend(new.scopes.iter().filter_map(|scope| store::owner_holds(owner, scope)));
        steps.extend(store::insert(&key, &new, now));
        steps.push(store::find(owner, key.id));
        let at = steps.len() - 1;
        steps.extend(self.mail.notify(Notice::ApiKeyCreated, owner, &by.origin_for_owner()));
        let scopes: Vec<_> = new.scopes.iter().map(crate::gate::KeyScope::as_str).collect();
        let said = format!("{}: {}", key.id, scopes.join(" "));
        let record = Record::by(by, Event::ApiKeyCreate).about(owner).detail(said);
        let rows = self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        let row = rows.get(at).and_then(|found| found.first());
        let row = row.ok_or_else(|| Error::Internal("a new key vanished".into()))?;
        Ok(MadeKey { about: row.read()?, key: text })
    }

    /// Creates a key for this user, on the command line.
    pub async fn create_for(&self, by: &Actor, owner: Uuid, new: NewKey) -> Result<MadeKey, Error> {
        self.make(by, owner, new, [crate::gate::user_exists(owner)]).await
    }
}
