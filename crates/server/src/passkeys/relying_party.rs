//! The relying party of WebAuthn Level 3: creates options for browsers and verifies their responses.
//! webauthn-rs handles the cryptography and formats. Decided here: passkeys must be discoverable, and pages
//! in an iframe of another site cannot sign users in.

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

/// Maximum length of a credential id (WebAuthn §4).
const MAX_ID: usize = 1023;

/// Why a credential was rejected: the end of a sentence that begins with "it".
pub(super) type WhyNot = &'static str;

/// For a counter that has not increased.
pub(super) const CLONED: WhyNot =
    "has a signature counter that did not increase, so it may have been cloned";

/// The user a new passkey is for.
#[derive(Debug)]
pub(super) struct Holder<'a> {
    /// The user handle.
    pub(super) handle: Uuid,
    /// The account's name, to distinguish accounts.
    pub(super) name: &'a str,
    /// The user's name.
    pub(super) display_name: &'a str,
}

/// Creates options for the passkeys of one domain, and verifies them.
#[derive(Debug)]
pub(super) struct RelyingParty(Webauthn);

impl RelyingParty {
    /// With these settings; the error is a sentence that says what to set.
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

    /// The options for creating a passkey.
    pub(super) fn ask_to_create(
        &self,
        holder: &Holder<'_>,
        known: Vec<CredentialID>,
    ) -> Result<(Value, PasskeyRegistration), WebauthnError> {
        let Holder { handle, name, display_name } = *holder;
        let (options, state) =
            self.0.start_passkey_registration(handle, name, display_name, None)?;
        let mut options = public_key(&options);
        // By default the library accepts any kind of credential; if it is not discoverable, users would have
        // to enter a user name.
        options["authenticatorSelection"]["residentKey"] = "required".into();
        options["authenticatorSelection"]["requireResidentKey"] = true.into();
        let known = known.into_iter().map(|id| json!({"type": "public-key", "id": base64url(&id)}));
        options["excludeCredentials"] = known.collect();
        Ok((options, state))
    }

    /// The passkey that a browser created.
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

    /// The options for signing any user in.
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

    /// Verifies a signature of `known`.
    pub(super) fn signed(
        &self,
        credential: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        known: &Passkey,
    ) -> Result<AuthenticationResult, WhyNot> {
        let key = DiscoverableKey::from(known);
        let judged = self.0.finish_discoverable_authentication_v2(credential, state, &key);
        let judged = judged.map_err(|error| why_not(&error))?;
        // After the signature, which proves that the browser wrote it.
        let data: ClientData = serde_json::from_slice(&credential.response.client_data_json)
            .map_err(|_| "has no client data")?;
        if data.cross_origin {
            return Err("comes from a page embedded in another site");
        }
        Ok(judged)
    }
}

/// Client data of a sign-in that the library does not read (WebAuthn §5.8.1).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// The options in the JSON form that browsers parse.
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
