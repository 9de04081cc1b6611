//! Passkeys (WebAuthn Level 3): sign-in with a device or security key, without typing anything. A ceremony
//! has two requests: the first returns options, which the page passes to the browser, the second sends the
//! browser's response. Every passkey is discoverable and verifies its user, so it counts as two factors.

mod ceremony;
mod create;
mod delete;
mod list;
mod login;
mod login_options;
mod options;
mod passkey;
mod relying_party;
mod store;
mod update;

pub use passkey::{PasskeyName, PasskeyView};
pub use store::STATEMENTS;

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::Error;
use crate::http::{Declared, RateGroup, Routes};
use crate::keys::Keys;
use crate::sessions::Sessions;
use ceremony::Ceremonies;
use relying_party::RelyingParty;

/// The use cases of passkeys.
#[derive(Clone, Debug)]
pub struct Passkeys(Arc<PasskeysContext>);

/// The sessions feature, and what else passkeys need.
#[derive(Debug)]
pub struct PasskeysContext {
    sessions: Sessions,
    ceremonies: Ceremonies,
    /// Or which setting is missing.
    party: Result<RelyingParty, String>,
}

/// What a page needs to begin a WebAuthn ceremony.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyOptions {
    /// Send it back with the browser's credential.
    pub ceremony: String,
    /// Seconds until the ceremony expires.
    pub expires_in: u64,
    /// The options for `navigator.credentials`, in WebAuthn's JSON form.
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    pub public_key: Value,
}

impl Passkeys {
    /// For the origins in the settings.
    pub fn new(sessions: Sessions) -> Self {
        let ceremonies = Ceremonies::new(&sessions.settings);
        let party = RelyingParty::new(&sessions.settings);
        Self(Arc::new(PasskeysContext { sessions, ceremonies, party }))
    }

    fn party(&self) -> Result<&RelyingParty, Error> {
        self.party.as_ref().map_err(|why| Error::PasskeysOff(why.clone()))
    }
}

impl Deref for Passkeys {
    type Target = PasskeysContext;

    fn deref(&self) -> &PasskeysContext {
        &self.0
    }
}

impl Deref for PasskeysContext {
    type Target = Sessions;

    fn deref(&self) -> &Sessions {
        &self.sessions
    }
}

impl AsRef<Keys> for Passkeys {
    fn as_ref(&self) -> &Keys {
        &self.keys
    }
}

/// The routes below `AUTH_PATH` for passkeys.
pub fn routes() -> Routes<Passkeys> {
    let login = Declared { rate: RateGroup::Login, ..Declared::STRICT };
    let api = Declared { rate: RateGroup::Api, ..Declared::STRICT };
    Routes::default()
        .add(Declared::STRICT, routes!(options::options))
        .add(Declared::STRICT, routes!(create::create))
        .add(api, routes!(list::list))
        .add(Declared::STRICT, routes!(update::update, delete::delete))
        .add(Declared::STRICT, routes!(login_options::login_options))
        .add(login, routes!(login::login))
}
