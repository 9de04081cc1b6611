//! The relying party of WebAuthn level 3: what browsers are asked for, and the judgement of what comes back.
//! The cryptography and the formats are webauthn-rs's; what it leaves to its caller is decided here:
//! passkeys must be discoverable, and no page that another site embeds signs anybody in.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Webauthn,
    WebauthnBuilder, WebauthnError,
};

use super::ceremony::LIVES;
use crate::config::Settings;
use crate::mail::letter::app_name;

/// Bytes of a credential's id at most (WebAuthn §4).
const MAX_ID: usize = 1023;

/// Why a credential was refused: the end of a sentence that begins with "it".
pub(super) type WhyNot = &'static str;

/// Said of a counter that has not risen.
pub(super) const CLONED: WhyNot =
    "has a signature counter that did not increase, so it may have been cloned";

/// Whom a new passkey is for.
#[derive(Debug)]
pub(super) struct Holder<'a> {
    /// What authenticators know the user by.
    pub(super) handle: Uuid,
    /// What people tell their accounts apart by.
    pub(super) name: &'a str,
    /// How they are called.
    pub(super) display_name: &'a str,
}

/// Asks for passkeys of one domain, and judges them.
#[derive(Debug)]
pub(super) struct RelyingParty(Webauthn);

impl RelyingParty {
    /// That of these settings; the error is a sentence that says what to set.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let scope = settings.passkey_scope()?;
        let wrong = |error: WebauthnError| format!("RP_ID and RP_ORIGINS cannot be used: {error}.");
        let Some((first, others)) = scope.origins.split_first() else {
            return Err("RP_ORIGINS names no origin.".into());
        };
        let name = app_name(settings);
        let builder = WebauthnBuilder::new(scope.rp_id.as_str(), first).map_err(wrong)?;
        let builder = builder.rp_name(&name).timeout(LIVES).allow_any_port(scope.any_port);
        let builder = others.iter().fold(builder, WebauthnBuilder::append_allowed_origin);
        builder.build().map(Self).map_err(wrong)
    }

    /// What to ask a browser for that shall make a passkey.
    pub(super) fn ask_to_create(
        &self,
        holder: &Holder<'_>,
        known: Vec<CredentialID>,
    ) -> Result<(Value, PasskeyRegistration), WebauthnError> {
        let Holder { handle, name, display_name } = *holder;
        let (options, state) =
            self.0.start_passkey_registration(handle, name, display_name, None)?;
        let mut options = public_key(&options);
        // The library asks for whatever an authenticator likes to make; without discoverable ones people
        // would have to type who they are.
        options["authenticatorSelection"]["residentKey"] = "required".into();
        options["authenticatorSelection"]["requireResidentKey"] = true.into();
        let known = known.into_iter().map(|id| json!({"type": "public-key", "id": base64url(&id)}));
        options["excludeCredentials"] = known.collect();
        Ok((options, state))
    }

    /// The passkey that a browser made.
    pub(super) fn created(
        &self,
        credential: &RegisterPublicKeyCredential,
        state: &PasskeyRegistration,
    ) -> Result<Passkey, WhyNot> {
        let discoverable = credential.extensions.cred_props.as_ref().and_then(|known| known.rk);
        if discoverable == Some(false) {
            return Err("is not discoverable: use an authenticator that can store passkeys");
        }
        let made = self.0.finish_passkey_registration(credential, state);
        let made = made.map_err(|error| why_not(&error))?;
        if made.cred_id().is_empty() || made.cred_id().len() > MAX_ID {
            return Err("has an id that is empty or longer than 1023 bytes");
        }
        Ok(made)
    }

    /// What to ask a browser for that shall sign somebody in, whoever it is.
    pub(super) fn ask_to_sign_in(
        &self,
    ) -> Result<(Value, DiscoverableAuthentication), WebauthnError> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        let mut options = public_key(&options);
        if let Some(members) = options.as_object_mut() {
            members.remove("extensions");
        }
        Ok((options, state))
    }

    /// Judges a signature of `known`.
    pub(super) fn signed(
        &self,
        credential: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        known: &Passkey,
    ) -> Result<AuthenticationResult, WhyNot> {
        let key = DiscoverableKey::from(known);
        let judged = self.0.finish_discoverable_authentication_v2(credential, state, &key);
        let judged = judged.map_err(|error| why_not(&error))?;
        // After the signature, which says that the browser wrote this.
        let data: ClientData = serde_json::from_slice(&credential.response.client_data_json)
            .map_err(|_| "has no client data")?;
        if data.cross_origin {
            return Err("comes from a page embedded in another site");
        }
        Ok(judged)
    }
}

/// What the library does not read of the client data of a sign-in (WebAuthn §5.8.1).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// The options as the browser's own functions read them.
fn public_key<T: serde::Serialize>(options: &T) -> Value {
    let mut options = serde_json::to_value(options).unwrap_or_default();
    options["publicKey"].take()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn why_not(error: &WebauthnError) -> WhyNot {
    match error {
        WebauthnError::InvalidRPOrigin => "comes from an origin that is not in RP_ORIGINS",
        WebauthnError::InvalidRPIDHash => "is for a domain other than RP_ID",
        WebauthnError::CredentialCrossOrigin => "comes from a page embedded in another site",
        WebauthnError::MismatchedChallenge => "answers a different challenge",
        WebauthnError::InvalidClientDataType => "belongs to a different kind of ceremony",
        WebauthnError::UserNotPresent | WebauthnError::UserNotVerified => {
            "was made without verifying the user: the authenticator needs a PIN or biometrics"
        }
        WebauthnError::CredentialAlteredAlgFromRequest
        | WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::COSEKeyEDUnsupported => "has a key type that was not requested",
        WebauthnError::CredentialPossibleCompromise => CLONED,
        WebauthnError::CredentialBackupEligibilityInconsistent
        | WebauthnError::CredentialMayNotBeHardwareBound => {
            "has backup flags that contradict its registration"
        }
        WebauthnError::AuthenticationFailure => "has an invalid signature",
        _ => "cannot be read or verified",
    }
}
