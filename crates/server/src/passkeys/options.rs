//! `POST /auth/passkeys/options`: the options that a page passes to the browser to create a passkey. Requires
//! recent authentication, since a thief with a stolen token could otherwise keep access to the account. The
//! second request does not require it again, so that no authenticator keeps a passkey that the server
//! rejected as too late.

use axum::extract::State;
use uuid::Uuid;
use webauthn_rs::prelude::Passkey;

use super::ceremony::LIVES;
use super::relying_party::Holder;
use super::store::HolderRow;
use super::{PasskeyOptions, Passkeys, store};
use crate::db::Row;
use crate::error::Error;
use crate::gate::{Authority, Fresh, Gate, signed_in_since};
use crate::http::{Json, json};
use crate::keys::Caller;
use crate::single_use::Purpose;

/// Begin to register a passkey
///
/// Pass `publicKey` to `navigator.credentials.create`, and send the credential with `ceremony` to `POST
/// /auth/passkeys` within five minutes and in the same session. Requesting options changes nothing.
#[utoipa::path(post, path = "/passkeys/options", operation_id = "passkeys.options", tag = "passkeys",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The options for the browser", body = PasskeyOptions),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 404, description = "This service is not configured for passkeys; `detail` says what to set")))]
pub(super) async fn options(
    State(passkeys): State<Passkeys>,
    caller: Caller,
) -> Result<Json<PasskeyOptions>, Error> {
    passkeys.options(caller.gate).await.map(json)
}

impl Passkeys {
    /// Starts adding a passkey to the gate's user.
    pub async fn options(&self, gate: Gate) -> Result<PasskeyOptions, Error> {
        let party = self.party()?;
        let mut steps = vec![signed_in_since(gate, Fresh::of(&self.settings))];
        let own = steps.len();
        steps.extend(store::holder(gate.user_id, Uuid::from_bytes(self.random.bytes::<16>())));
        let rows = self.db.write_by(Authority::Caller(gate), steps).await?;
        let read = |step: usize| rows.get(own + step).map_or(&[][..], Vec::as_slice);
        let found: HolderRow = read(1).first().ok_or(Error::NotFound)?.read()?;
        let known = read(2).iter().map(Row::read::<String>).collect::<Result<Vec<_>, _>>()?;
        let known = known.iter().filter_map(|one| serde_json::from_str::<Passkey>(one).ok());
        let known = known.map(|one| one.cred_id().clone()).collect();
        let unreadable = |what: String| Error::Internal(format!("passkey options: {what}"));
        let handle = Uuid::from_slice(&found.handle).map_err(|it| unreadable(it.to_string()))?;
        let name = found.email.as_ref().or(found.username.as_ref()).or(found.name.as_ref());
        let name = name.map_or("account", String::as_str);
        let display_name = found.name.as_deref().unwrap_or(name);
        let holder = Holder { handle, name, display_name };
        let (public_key, state) =
            party.ask_to_create(&holder, known).map_err(|it| unreadable(it.to_string()))?;
        let (purpose, random) = (Purpose::PasskeyAdd, &self.random);
        let ceremony = self.ceremonies.begin(purpose, Some(gate), state, gate.now, random);
        let ceremony = ceremony.ok_or_else(|| unreadable("no seal".into()))?;
        Ok(PasskeyOptions { ceremony, expires_in: LIVES.as_secs(), public_key })
    }
}
