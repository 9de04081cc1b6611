//! The state of a ceremony between its two requests, encrypted by the server and kept by the client, so that
//! requesting options writes nothing and any server can accept the response. It is bound to its purpose, to
//! the session that adds a passkey, and to five minutes. Completing it records its use in the transaction of
//! the work, so it can be completed only once.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::config::Settings;
use crate::crypto::{Random, Seals};
use crate::gate::Gate;
use crate::input::{Field, Refusal};
use crate::single_use::{Purpose, SingleUse};
use crate::sql::Step;

/// How long users have for a ceremony.
pub(super) const LIVES: Duration = Duration::from_mins(5);

const PREFIX: &str = "dwc_";

/// An encrypted ceremony as clients send it back.
#[derive(Clone, Debug)]
pub struct SealedCeremony(SecretString);

impl Field for SealedCeremony {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        SecretString::from_json(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        SecretString::schema()
    }
}

/// The plaintext: the library's state of the ceremony, and what it is bound to.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed<S> {
    /// Its expiry in seconds since 1970.
    until: i64,
    /// The user and session that add a passkey.
    holder: Option<(Uuid, Uuid)>,
    state: S,
}

/// A ceremony that can be completed.
#[derive(Debug)]
pub(super) struct Ceremony<S> {
    pub(super) state: S,
    purpose: Purpose,
    until: OffsetDateTime,
    digest: Vec<u8>,
}

impl<S> Ceremony<S> {
    /// Uses it up.
    pub(super) fn spend(&self, single_use: &SingleUse, user: Uuid) -> Step {
        single_use.spend(self.purpose, &self.digest, user, self.until)
    }
}

/// Creates and reads ceremonies.
#[derive(Debug)]
pub(super) struct Ceremonies(Seals);

impl Ceremonies {
    pub(super) fn new(settings: &Settings) -> Self {
        Self(Seals::for_ceremonies(settings))
    }

    /// Encrypts the state for this purpose, and for `holder` if a user is signed in. `None` only if the
    /// cipher fails.
    pub(super) fn begin<S: Serialize>(
        &self,
        purpose: Purpose,
        holder: Option<Gate>,
        state: S,
        now: OffsetDateTime,
        random: &Random,
    ) -> Option<String> {
        let until = (now + LIVES).unix_timestamp();
        let holder = holder.map(|gate| (gate.user_id, gate.session_id));
        let contents = serde_json::to_vec(&Sealed { until, holder, state }).ok()?;
        let sealed = self.0.seal(purpose.as_str(), &contents, random)?;
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The ceremony, if it was created for this purpose and holder and has not expired.
    pub(super) fn open<S: DeserializeOwned>(
        &self,
        purpose: Purpose,
        holder: Option<Gate>,
        sealed: &SealedCeremony,
        now: OffsetDateTime,
    ) -> Option<Ceremony<S>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed.0.expose_secret().strip_prefix(PREFIX)?).ok()?;
        let contents = self.0.unseal(purpose.as_str(), &sealed)?;
        let contents: Sealed<S> = serde_json::from_slice(&contents).ok()?;
        let until = OffsetDateTime::from_unix_timestamp(contents.until).ok()?;
        let holder = holder.map(|gate| (gate.user_id, gate.session_id));
        let is_open = now < until && contents.holder == holder;
        let digest = digest(purpose, &sealed);
        is_open.then_some(Ceremony { state: contents.state, purpose, until, digest })
    }
}

/// What is stored of a used ceremony. The ciphertext has only one encoding, so it has one digest.
fn digest(purpose: Purpose, sealed: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(b"doorward ceremony v1\0");
    context.update(purpose.as_str().as_bytes());
    context.update(b"\0");
    context.update(sealed);
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::config::{DatabaseUrl, Secret};
    use crate::gate::Via;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    fn ceremonies() -> Ceremonies {
        let database = DatabaseUrl::Sqlite("a.db".into());
        Ceremonies::new(&Settings::new(
            database,
            Secret::new("a secret of more than thirty-two bytes"),
        ))
    }

    fn gate(user: u128, session: u128) -> Gate {
        let (user_id, session_id) = (Uuid::from_u128(user), Uuid::from_u128(session));
        let (generation, permission) = (0, None);
        Gate { user_id, via: Via::Session, session_id, generation, now: NOON, permission }
    }

    #[test]
    fn a_ceremony_opens_for_its_purpose_its_holder_and_five_minutes_alone() {
        let (all, random) = (ceremonies(), Random::seeded(1));
        let add = Purpose::PasskeyAdd;
        let begun = all.begin(add, Some(gate(1, 2)), "state", NOON, &random).unwrap();
        let open = |purpose, holder, text: &str, seconds| {
            let at = NOON + Duration::from_secs(seconds);
            let opened = all.open::<String>(purpose, holder, &SealedCeremony(text.into()), at);
            opened.map(|opened| opened.state)
        };
        assert_eq!(open(add, Some(gate(1, 2)), &begun, 299).as_deref(), Some("state"));
        assert_eq!(open(add, Some(gate(1, 2)), &begun, 300), None);
        assert_eq!(open(add, Some(gate(1, 3)), &begun, 0), None);
        assert_eq!(open(add, Some(gate(2, 2)), &begun, 0), None);
        assert_eq!(open(add, None, &begun, 0), None);
        assert_eq!(open(Purpose::PasskeySignIn, Some(gate(1, 2)), &begun, 0), None);
        // Neither another encoding of it, nor something made by others.
        for text in [
            format!("{begun}="),
            format!("{begun} "),
            begun[1..].into(),
            "dwc_".into(),
            String::new(),
        ] {
            assert_eq!(open(add, Some(gate(1, 2)), &text, 0), None, "{text}");
        }
        let anybody = all.begin(add, None, "state", NOON, &random).unwrap();
        assert_eq!(open(add, Some(gate(1, 2)), &anybody, 0), None);
    }
}
