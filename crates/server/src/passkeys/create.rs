//! `POST /auth/passkeys`: adds the passkey that the browser created to the caller's account. Which account
//! that is follows from what the browser signed, never from what the page says.

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::State;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

use super::ceremony::SealedCeremony;
use super::store::StoredCredential;
use super::{PasskeyName, PasskeyView, Passkeys, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::{Error, Invalid};
use crate::factors::Method;
use crate::gate::{Gate, end_devices};
use crate::http::{Created, JsonBody};
use crate::input::{Field, Origin, Refusal, body};
use crate::keys::Caller;
use crate::single_use::Purpose;
use crate::sql::DbError;

/// Maximum stored size of a passkey in bytes. The longest id with the largest key takes half of it; an
/// unrequested attestation adds certificates and transport names.
const MOST: usize = 4096;

/// A browser's credential, as `toJSON()` writes it (WebAuthn §5.1).
#[derive(Clone, Debug)]
pub(super) struct BrowserCredential<C>(pub(super) C);

impl<C: DeserializeOwned> Field for BrowserCredential<C> {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        if !value.is_object() {
            return Err(("must be an object".into(), "dict_type"));
        }
        serde_json::from_value(value).map(Self).map_err(|why| {
            // The library's message names a member or a type, never the value sent.
            let why = why.to_string();
            let missing =
                why.strip_prefix("missing field ").map(|name| format!(": {name} is missing"));
            let named = missing.unwrap_or_default();
            (format!("is not the toJSON() form of a browser's credential{named}"), "value_error")
        })
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

body! {
    /// A new passkey.
    pub(super) struct CreatePasskeyRequest {
        /// The `ceremony` from the options.
        ceremony: SealedCeremony,
        /// The credential from `navigator.credentials.create`, converted with `toJSON()`.
        credential: BrowserCredential<RegisterPublicKeyCredential>,
        /// Its name; the browser's name if absent.
        name: Option<PasskeyName>,
    }
}

/// Add a passkey
#[utoipa::path(post, path = "/passkeys", operation_id = "passkeys.create", tag = "passkeys",
    security(("bearer" = [])),
    request_body = CreatePasskeyRequest,
    responses(
        (status = 201, description = "The new passkey", body = PasskeyView,
            headers(("Location" = String))),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 404, description = "This service is not configured for passkeys; `detail` says what to set"),
        (status = 409, description = "The passkey is already registered, or the account has the maximum of twenty"),
        (status = 422, description = "The ceremony has expired, or the credential is not acceptable; `detail` \
            says why")))]
pub(super) async fn create(
    State(passkeys): State<Passkeys>,
    caller: Caller,
    origin: Origin,
    JsonBody(request): JsonBody<CreatePasskeyRequest>,
) -> Result<Created<PasskeyView>, Error> {
    let CreatePasskeyRequest { ceremony, credential, name } = request;
    let name = name.unwrap_or_else(|| PasskeyName::of_client(origin.user_agent.as_deref()));
    let made = passkeys.create(caller.gate, &ceremony, &credential.0, &name, origin).await?;
    Ok(Created(format!("{}/passkeys/{}", passkeys.settings.auth_path, made.id), made))
}

impl Passkeys {
    /// Adds a passkey to the gate's user.
    pub async fn create(
        &self,
        gate: Gate,
        ceremony: &SealedCeremony,
        credential: &RegisterPublicKeyCredential,
        name: &PasskeyName,
        origin: Origin,
    ) -> Result<PasskeyView, Error> {
        let party = self.party()?;
        let purpose = Purpose::PasskeyAdd;
        let ceremony = self.ceremonies.open(purpose, Some(gate), ceremony, gate.now);
        let ceremony = ceremony.ok_or_else(over)?;
        let state: &PasskeyRegistration = &ceremony.state;
        let made = party.created(credential, state).map_err(|why| invalid("credential", why))?;
        let stored = StoredCredential::of(&made)?;
        if stored.json.len() > MOST {
            return Err(invalid("credential", "is too large to store"));
        }
        let id = self.random.id(gate.now);
        let by = Actor::caller(gate, origin);
        let mut steps = vec![ceremony.spend(&self.single_use, gate.user_id)];
        steps.extend(store::insert(gate, id, &credential_digest(made.cred_id()), &stored, name));
        // The account has a factor now, and the session has just used it.
        steps.push(self.proven_again(gate, Method::VerifiedPasskey).await?.step());
        steps.push(end_devices(gate.user_id));
        steps.extend(self.mail.notify(Notice::PasskeyAdded, gate.user_id, &by.origin));
        let record = Record::by(&by, Event::PasskeyAdd).about(gate.user_id).detail(id.to_string());
        match self.audit.commit(by.authority, steps, [record]).await {
            Ok(_) => {
                self.mail.wake();
                Ok(PasskeyView {
                    id,
                    name: name.as_str().to_owned(),
                    backup_eligible: stored.backup_eligible,
                    backed_up: stored.backed_up,
                    created_at: gate.now,
                    last_used_at: None,
                })
            }
            Err(DbError::Unique(index)) if index.contains("credential") => Err(Error::PasskeyTaken),
            Err(DbError::Unique(_)) => Err(over()),
            Err(error) => Err(error.into()),
        }
    }
}

impl StoredCredential {
    /// The properties of a new passkey, from the library's data.
    pub(super) fn of(made: &Passkey) -> Result<Self, Error> {
        let text = |error: serde_json::Error| Error::Internal(format!("a passkey: {error}"));
        let kept = serde_json::to_value(made).map_err(text)?;
        let kept = &kept["cred"];
        let flag = |name: &str| kept[name].as_bool();
        let counter = kept["counter"].as_u64().and_then(|counter| u32::try_from(counter).ok());
        let (Some(counter), Some(backup_eligible), Some(backed_up)) =
            (counter, flag("backup_eligible"), flag("backup_state"))
        else {
            return Err(Error::Internal("a passkey without a counter".into()));
        };
        let json = serde_json::to_string(made).map_err(text)?;
        Ok(Self { json, counter, backup_eligible, backed_up })
    }
}

/// The digest by which a credential is looked up.
pub(super) fn credential_digest(id: &[u8]) -> Vec<u8> {
    digest(&SHA256, id).as_ref().to_vec()
}

fn over() -> Error {
    invalid(
        "ceremony",
        "has expired, was already used or belongs to another session: request new options",
    )
}

fn invalid(field: &str, why: &str) -> Error {
    Error::Validation(vec![Invalid::new("body", field, (why.to_owned(), "value_error"))])
}
