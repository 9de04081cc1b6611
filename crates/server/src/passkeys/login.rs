//! `POST /auth/login/passkey`: exchanges a passkey's signature for an access and a refresh token. Every error
//! (unknown, removed, another user's, another origin, expired, used, cloned) is the same 401; the audit log
//! has the reason.

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::Passkeys;
use super::ceremony::{Ceremony, SealedCeremony};
use super::create::{BrowserCredential, credential_digest};
use super::relying_party::CLONED;
use super::store::{self, FoundPasskey, StoredCredential};
use crate::audit::{Event, Outcome, Record};
use crate::error::Error;
use crate::factors::{FirstProof, FirstStep, Method, Methods, SecondStep};
use crate::gate::{Authority, Standing};
use crate::http::{Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::metrics::SignInMethod;
use crate::sessions::{PASSKEY_REFUSED, Tokens, counted};
use crate::single_use::{OneTimeToken, Purpose};
use crate::sql::DbError;

/// Concurrent sign-ins with one passkey that are retried; more succeed only if its counter keeps increasing.
const ATTEMPTS: usize = 3;

body! {
    /// A sign-in with a passkey.
    pub(super) struct PasskeyLoginRequest {
        /// The `ceremony` from the options.
        ceremony: SealedCeremony,
        /// The credential from `navigator.credentials.get`, converted with `toJSON()`.
        credential: BrowserCredential<PublicKeyCredential>,
        /// The token of a sign-in that requires a second factor, to complete it.
        mfa_token: Option<OneTimeToken>,
        /// Whether to trust this device, only with `mfa_token`; see `POST /auth/mfa/verify`.
        remember_device: bool = false,
    }
}

/// A response to an open ceremony, and the first step that it completes.
struct Answer<'a> {
    ceremony: Ceremony<DiscoverableAuthentication>,
    credential: &'a PublicKeyCredential,
    first: Option<FirstStep>,
    /// Whether to trust the device.
    remembers: bool,
}

/// Sign in with a passkey
#[utoipa::path(post, path = "/login/passkey", operation_id = "passkeys.login", tag = "passkeys",
    request_body = PasskeyLoginRequest,
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 401, description = "The passkey was not accepted; the reason is not disclosed"),
        (status = 403, description = "The account is disabled, or its address must be verified first"),
        (status = 404, description = "This service is not configured for passkeys; `detail` says what to set"),
        (status = 422, description = "A field is missing or of the wrong type")))]
pub(super) async fn login(
    State(passkeys): State<Passkeys>,
    origin: Origin,
    JsonBody(request): JsonBody<PasskeyLoginRequest>,
) -> Result<Json<Tokens>, Error> {
    let PasskeyLoginRequest { ceremony, credential, mfa_token, remember_device } = request;
    let first = mfa_token.as_ref().map(|token| (token, remember_device));
    passkeys.login(&ceremony, &credential.0, first, &origin).await.map(json)
}

impl Passkeys {
    /// Creates a session if the signature is valid; completes the sign-in of the `mfa_token`, if there is
    /// one, and then trusts the device if requested.
    pub async fn login(
        &self,
        ceremony: &SealedCeremony,
        credential: &PublicKeyCredential,
        mfa_token: Option<(&OneTimeToken, bool)>,
        origin: &Origin,
    ) -> Result<Tokens, Error> {
        self.party()?;
        let answer = self.answered(ceremony, credential, mfa_token, origin).await;
        counted(self.db.metrics(), SignInMethod::Passkey, answer)
    }

    async fn answered(
        &self,
        ceremony: &SealedCeremony,
        credential: &PublicKeyCredential,
        mfa_token: Option<(&OneTimeToken, bool)>,
        origin: &Origin,
    ) -> Result<Tokens, Error> {
        let now = self.clock.now();
        let first = match mfa_token {
            Some((token, _)) => Some(self.factors().first_step(token, SecondStep::Verify).await?),
            None => None,
        };
        let ceremony: Option<Ceremony<DiscoverableAuthentication>> =
            self.ceremonies.open(Purpose::PasskeySignIn, None, ceremony, now);
        let record = Record::from(origin, Event::Login);
        let Some(ceremony) = ceremony else {
            return Err(self.refused(record, "answers a ceremony that has expired"));
        };
        let digest = credential_digest(credential.get_credential_id());
        let remembers = mfa_token.is_some_and(|(_, remembers)| remembers);
        let answer = Answer { ceremony, credential, first, remembers };
        // A concurrent sign-in with the same passkey may have changed its counter.
        for _ in 0..ATTEMPTS {
            let Some(found) = store::find(&self.db, &digest).await? else {
                self.stand_in(credential, &answer.ceremony);
                return Err(self.refused(record, "is not known"));
            };
            if let Some(tokens) = self.try_in(&answer, found, origin).await? {
                return Ok(tokens);
            }
        }
        Err(self.refused(record, "was used elsewhere at the same time"))
    }
}

impl Passkeys {
    /// Verifies the signature with the stored passkey, and creates a session; `None` if the passkey was used
    /// or removed in between.
    async fn try_in(
        &self,
        answer: &Answer<'_>,
        found: FoundPasskey,
        origin: &Origin,
    ) -> Result<Option<Tokens>, Error> {
        let Answer { ceremony, credential, first, remembers } = answer;
        let record = Record::from(origin, Event::Login).about(found.user.id);
        let unreadable = |it: serde_json::Error| Error::Internal(format!("a passkey: {it}"));
        let mut known: Passkey = serde_json::from_str(&found.credential).map_err(unreadable)?;
        // The user, according to the authenticator (WebAuthn §7.2 step 6).
        if credential.get_user_unique_id() != Some(found.handle.as_slice()) {
            return Err(self.refused(record, "names another user"));
        }
        if first.as_ref().is_some_and(|first| first.user.id != found.user.id) {
            return Err(self.refused(record, "belongs to another user"));
        }
        let judged = self.party()?.signed(credential, ceremony.state.clone(), &known);
        let judged = judged.map_err(|why| {
            if why == CLONED {
                let cloned = Record::from(origin, Event::PasskeyCloned).about(found.user.id);
                let cloned = cloned.detail(found.id.to_string());
                self.audit.note(cloned.came_out(Outcome::Blocked));
            }
            self.refused(record.clone(), why)
        })?;
        let now = self.clock.now();
        let standing = Standing::of(found.user.is_active, found.banned_until, now);
        if standing != Standing::Active {
            self.audit.note(record.came_out(Outcome::Blocked));
            return Err(Error::AccountDisabled);
        }
        if !found.user.email_verified && self.settings.signs_in_verified_only() {
            self.audit.note(record.came_out(Outcome::Blocked));
            return Err(Error::EmailNotVerified);
        }
        known.update_credential(&judged);
        let stored = StoredCredential::of(&known)?;
        let proof = FirstProof {
            user: &found.user,
            // The hash that the password was verified with, if that was the first step.
            hash: first.as_ref().map_or(&found.hash, |first| &first.hash).as_deref(),
            // A passkey with user verification counts as two factors.
            factors: &[],
            methods: first
                .as_ref()
                .map_or_else(Methods::default, |first| first.methods)
                .and(Method::VerifiedPasskey),
        };
        let mut steps = store::used(&found, &stored, now).to_vec();
        steps.push(ceremony.spend(&self.single_use, found.user.id));
        steps.extend(first.iter().flat_map(|first| self.factors().claim(first)));
        let next = self.next_step(&proof, origin);
        let (work, done, written) = next.into_parts();
        steps.extend(work);
        // The record also names the first step.
        let after = first.as_ref().map(|it| format!(" after {}", it.methods.amr().join(" ")));
        let done = done.detail(format!("passkey {}{}", found.id, after.unwrap_or_default()));
        let mut records = vec![done];
        let new = remembers.then(|| self.devices().trust(&found.user, proof.hash, origin));
        let device = new.flatten().map(|new| new.into_parts(&mut steps, &mut records));
        match self.audit.commit(Authority::Operator, steps, records).await {
            Ok(_) => {
                let tokens = self.signed_in(written).await?.answer()?;
                if device.is_some() {
                    self.mail.wake();
                }
                Ok(Some(tokens.on_trusted(device)))
            }
            // Used or removed in the meantime, or the user was disabled or deleted.
            Err(DbError::Refused(_) | DbError::Orphan) => Ok(None),
            Err(DbError::Unique(_)) => {
                Err(self.refused(record, "answers a ceremony that was already used"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes as long as verifying a known passkey, so that timing does not disclose which are known.
    fn stand_in(
        &self,
        credential: &PublicKeyCredential,
        ceremony: &Ceremony<DiscoverableAuthentication>,
    ) {
        if let (Ok(party), Some(stand_in)) = (self.party(), stand_in(credential)) {
            drop(party.signed(credential, ceremony.state.clone(), &stand_in));
        }
    }

    fn refused(&self, record: Record, why: &str) -> Error {
        self.audit
            .note(record.came_out(Outcome::Failure).detail(format!("{PASSKEY_REFUSED}{why}")));
        Error::PasskeyRefused
    }
}

/// A passkey with this credential's id and a dummy key: P-256's generator.
fn stand_in(credential: &PublicKeyCredential) -> Option<Passkey> {
    const X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
    const Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
    let id = URL_SAFE_NO_PAD.encode(credential.get_credential_id());
    // Its backup flags match those of the credential (WebAuthn §6.1); otherwise it would be rejected before
    // the signature is verified, which is the expensive part.
    let flags = credential.response.authenticator_data.get(32).copied().unwrap_or_default();
    let (eligible, backed_up) = (flags & 0x08 != 0, flags & 0x10 != 0);
    serde_json::from_value(serde_json::json!({"cred": {
        "cred_id": id,
        "cred": {"type_": "ES256", "key": {"EC_EC2": {"curve": "SECP256R1", "x": X, "y": Y}}},
        "counter": 0,
        "transports": null,
        "user_verified": true,
        "backup_eligible": eligible,
        "backup_state": backed_up,
        "registration_policy": "required",
        "extensions": {
            "cred_protect": "NotRequested", "hmac_create_secret": "NotRequested",
            "appid": "NotRequested", "cred_props": "NotRequested",
        },
        "attestation": {"data": "None", "metadata": "None"},
        "attestation_format": "none",
    }}))
    .ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;
    use crate::config::{DatabaseUrl, Secret, Settings};
    use crate::passkeys::relying_party::RelyingParty;

    #[test]
    fn the_stand_in_has_the_id_of_the_credential_that_is_not_known() {
        let credential = serde_json::json!({
            "id": "AQID", "rawId": "AQID", "type": "public-key", "response": {
                "authenticatorData": "AA", "clientDataJSON": "e30", "signature": "AA", "userHandle": null,
            },
        });
        let credential: PublicKeyCredential = serde_json::from_value(credential).unwrap();
        assert_eq!(stand_in(&credential).unwrap().cred_id(), &[1, 2, 3]);
    }

    /// Whatever the backup flags, the signature is verified.
    #[test]
    fn the_stand_in_costs_a_signature() {
        let database = DatabaseUrl::Sqlite("a.db".into());
        let mut settings = Settings::new(database, Secret::new("s"));
        settings.public_url = Some("https://example.com".into());
        let party = RelyingParty::new(&settings).unwrap();
        for flags in [0x05_u8, 0x0d, 0x1d] {
            let (options, state) = party.ask_to_sign_in().unwrap();
            let client_data = serde_json::json!({
                "type": "webauthn.get", "challenge": options["challenge"], "origin": "https://example.com",
            });
            let mut data = digest(&SHA256, b"example.com").as_ref().to_vec();
            data.extend([flags, 0, 0, 0, 7]);
            // An ECDSA signature in DER with r = s = 1.
            let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let credential = serde_json::json!({
                "id": "AQID", "rawId": "AQID", "type": "public-key", "response": {
                    "authenticatorData": encoded(&data),
                    "clientDataJSON": encoded(client_data.to_string().as_bytes()),
                    "signature": encoded(&[0x30, 6, 2, 1, 1, 2, 1, 1]), "userHandle": null,
                },
            });
            let credential: PublicKeyCredential = serde_json::from_value(credential).unwrap();
            let known = stand_in(&credential).unwrap();
            let why = party.signed(&credential, state, &known).unwrap_err();
            assert_eq!(why, "has an invalid signature", "{flags:x}");
        }
    }
}
