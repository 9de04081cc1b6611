//! `POST /auth/login`: e-mail and password for an access and a refresh token. One round trip claims a
//! guess and reads the hash, one writes the session. Nothing about the credentials is checked but presence, type and size; all else is one 401.

use axum::extract::State;
use utoipa::ToSchema;

use super::{Sessions, Tokens};
use crate::error::Error;
use crate::http::{FormError, Json, JsonOrForm, json};
use crate::input::{Fields, Origin};
use crate::passwords::Password;

/// What a sign-in sends.
#[derive(Debug, ToSchema)]
struct LoginRequest {
    /// The account's address; `username` is an alias.
    email: String,
    /// The password, exactly as it was registered.
    #[schema(value_type = String, format = "password")]
    password: Password,
}

impl LoginRequest {
    fn read(mut fields: Fields) -> Result<Self, Error> {
        let name =
            if fields.has("email") || !fields.has("username") { "email" } else { "username" };
        let email: Option<String> = fields.required(name);
        if email.as_ref().is_some_and(|email| email.len() > 254) {
            fields.refuse(name, "is longer than 254 bytes", "string_too_long");
        }
        let password = fields.required("password");
        fields.finish()?;
        let (Some(email), Some(password)) = (email, password) else {
            return Err(Error::Internal("a required field vanished".into()));
        };
        Ok(Self { email, password })
    }
}

/// What an OAuth 2.0 password form sends; whatever else it holds is ignored.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes the form in the OpenAPI document")]
struct LoginForm {
    /// The account's address.
    username: String,
    /// The password, exactly as it was registered.
    #[schema(format = "password")]
    password: String,
    /// `password` if present.
    grant_type: Option<String>,
    /// Ignored.
    scope: Option<String>,
    /// Ignored.
    client_id: Option<String>,
    /// Ignored.
    client_secret: Option<String>,
}

/// Signs in.
///
/// The form is a first-party sign-in in the shape of OAuth's password grant, not a grant offered to
/// third parties (RFC 9700 §2.4). An `Authorization: Basic` header is ignored.
#[utoipa::path(post, path = "/login", operation_id = "sessions.login", tag = "sessions",
    request_body(content(
        (LoginRequest = "application/json"),
        (LoginForm = "application/x-www-form-urlencoded"),
        (LoginForm = "multipart/form-data"))),
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 401, description = "Unknown account or wrong password"),
        (status = 403, description = "The right password of a disabled account"),
        (status = 422, description = "A field is missing, too long or of the wrong type"),
        (status = 503, description = "Too many sign-ins at once")))]
pub(super) async fn login(
    State(sessions): State<Sessions>,
    origin: Origin,
    mut body: JsonOrForm,
) -> Result<Json<Tokens>, FormError> {
    let is_form = body.is_form;
    let failed = |error| FormError { error, is_form };
    body.expect_grant("password");
    let request = LoginRequest::read(body.fields).map_err(failed)?;
    sessions.login(&request.email, request.password, &origin).await.map(json).map_err(failed)
}

impl Sessions {
    /// Begins a session if the password is right.
    pub async fn login(
        &self,
        email: &str,
        password: Password,
        origin: &Origin,
    ) -> Result<Tokens, Error> {
        // A second try covers two sign-ins of one account that upgrade its hash at once.
        for _ in 0..2 {
            let proof = self.passwords.prove(email, password.clone(), origin).await?;
            if let Some(tokens) = self.begin(proof, origin).await? {
                return Ok(tokens);
            }
        }
        Err(Error::InvalidCredentials)
    }
}
