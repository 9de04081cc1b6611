//! `POST /auth/login`: exchanges email and password for an access and a refresh token. One round trip claims
//! a guess and reads the hash, one writes the session. Credentials are only validated for presence, type and
//! size; everything else is one 401.

use axum::extract::State;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::counted::counted;
use super::grant::PasswordGrant;
use super::next_step::SignIn;
use crate::audit::{Event, Outcome, Record};
use crate::devices::DeviceToken;
use crate::error::Error;
use crate::http::{FormError, Json, JsonOrForm, json};
use crate::input::{Field, Origin, Refusal, body};
use crate::metrics::SignInMethod;
use crate::passwords::Password;
use crate::sessions::{Sessions, Tokens};

/// The address of an account as entered: at most 254 bytes, otherwise not validated.
#[derive(Clone, Debug)]
pub(in crate::sessions) struct TypedAddress(String);

const MAX_ADDRESS: usize = 254;

impl Field for TypedAddress {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        if text.len() > MAX_ADDRESS {
            return Err((format!("is longer than {MAX_ADDRESS} bytes"), "string_too_long"));
        }
        Ok(Self(text))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_ADDRESS)).into()
    }
}

body! {
    /// A sign-in.
    pub(in crate::sessions) struct LoginRequest {
        /// The account's address or, with `USERNAMES=on`, its user name; `username` is an alias.
        email or username: TypedAddress,
        /// The password, exactly as it was registered.
        password: Password,
        /// The token of a trusted device, in place of the second step.
        device_token: Option<DeviceToken> = None,
    }
}

body! {
    /// An OAuth 2.0 password form; other fields are ignored.
    pub(in crate::sessions) struct LoginForm {
        /// The account's address, or with `USERNAMES=on` its user name.
        username or email: TypedAddress,
        /// The password, exactly as it was registered.
        password: Password,
        /// The token of a trusted device, in place of the second step.
        device_token: Option<DeviceToken> = None,
    }
    checked {
        /// `password` if present.
        grant_type: Option<PasswordGrant> = None,
        /// Ignored.
        scope: Option<String> = None,
        /// Ignored.
        client_id: Option<String> = None,
        /// Ignored.
        client_secret: Option<String> = None,
    }
}

impl From<LoginForm> for LoginRequest {
    fn from(form: LoginForm) -> Self {
        let LoginForm { username: email, password, device_token } = form;
        Self { email, password, device_token }
    }
}

/// Sign in
///
/// A form with `username`, `password` and, optionally, `grant_type=password` is accepted too: a first-party
/// sign-in in the form of OAuth's password grant, not a grant for third parties (RFC 9700 §2.4). An
/// `Authorization: Basic` header is ignored.
#[utoipa::path(post, path = "/login", operation_id = "sessions.login", tag = "sessions",
    request_body = LoginRequest,
    extensions(("x-also-takes" =
        json!(["application/x-www-form-urlencoded", "multipart/form-data"]))),
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 401, description = "Unknown account or wrong password"),
        (status = 403, description = "The account is disabled, its address must be verified first, or a second \
            factor is required"),
        (status = 422, description = "A field is missing, too long or of the wrong type"),
        (status = 503, description = "Too many sign-ins at once")))]
pub(in crate::sessions) async fn login(
    State(sessions): State<Sessions>,
    origin: Origin,
    JsonOrForm { body, sent_as, .. }: JsonOrForm<LoginRequest, LoginForm>,
) -> Result<Json<Tokens>, FormError> {
    let LoginRequest { email, password, device_token } = body;
    let done = sessions.login(&email.0, password, device_token.as_ref(), &origin).await;
    done.and_then(SignIn::answer).map(json).map_err(|error| sent_as.failed(error))
}

impl Sessions {
    /// Creates a session if the password is right.
    pub(crate) async fn login(
        &self,
        email: &str,
        password: Password,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<SignIn, Error> {
        let answer = self.try_login(email, password, device, origin).await;
        counted(self.db.metrics(), SignInMethod::Password, answer)
    }

    async fn try_login(
        &self,
        email: &str,
        password: Password,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<SignIn, Error> {
        // A second attempt, in case two concurrent sign-ins upgrade the account's hash, or a trusted device
        // is removed in the meantime.
        for _ in 0..2 {
            let proof = self.passwords.prove(email, password.clone(), origin).await?;
            if !proof.user.email_verified && self.settings.signs_in_verified_only() {
                let record = Record::from(origin, Event::Login).about(proof.user.id);
                self.audit.note(record.came_out(Outcome::Blocked));
                return Err(Error::EmailNotVerified);
            }
            if let Some(done) = self.begin(proof, device, origin).await? {
                return Ok(done);
            }
        }
        Err(Error::InvalidCredentials)
    }
}
