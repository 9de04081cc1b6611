//! The examples of errors: for each response its possible problem documents, from the table in `error.rs` and
//! the code that writes real responses. Errors common to all operations are components; one with the
//! operation's own field or permission is in the response.

use secrecy::SecretString;
use serde_json::Value;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Components, Content, Ref, RefOr, Schema, Type};
use uuid::Uuid;

use crate::error::{Challenge, Code, Error, Invalid};
use crate::http::problem;
use crate::http::{FORM_TAKES, JSON_TAKES, RequestId};

/// Operations that require recent authentication.
const STEPS_UP: [&str; 10] = [
    "passkeys.options",
    "passkeys.delete",
    "emails.change",
    "accounts.update",
    "accounts.delete",
    "accounts.delete_by_post",
    "factors.enrol",
    "factors.remove",
    "factors.recovery_codes",
    "sessions.reauthenticate",
];
const REQUEST_ID: Uuid = Uuid::from_u128(0x0199_c1a4_5d2e_7b60_9f13_6a8e_42d0_7c5b);

/// The properties of an operation that determine its errors.
pub(super) struct Subject {
    id: String,
    /// The required permissions, if a token is required.
    scopes: Option<Vec<String>>,
    takes_form: bool,
    invalid: Invalid,
}

impl Subject {
    /// The properties of this operation, with these body schemas.
    pub(super) fn of(operation: &Operation, components: &Components) -> Self {
        let body = match &operation.request_body {
            Some(RefOr::T(body)) => Some(body),
            _ => None,
        };
        let mut contents = body.into_iter().flat_map(|body| &body.content);
        Self {
            id: super::id_of(operation).to_owned(),
            scopes: scopes(operation),
            takes_form: super::also_takes(operation).any(|kind| kind.contains("form")),
            invalid: contents
                .find_map(|(_, content)| missing_field(content, components))
                .unwrap_or_else(|| invalid_parameter(operation)),
        }
    }

    /// Adds its possible documents to an error's content.
    pub(super) fn complete(&self, status: &str, content: &mut Content) {
        for error in self.errors(status) {
            let code = error.code();
            let document = document(error);
            let example = if document == document_of(code) {
                RefOr::Ref(Ref::new(format!("#/components/examples/{}", code.as_str())))
            } else {
                RefOr::T(example(code, document))
            };
            content.examples.insert(code.as_str().into(), example);
        }
    }

    /// The errors with this status, except those that any request can get.
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn errors(&self, status: &str) -> Vec<Error> {
        let id = self.id.as_str();
        let takes = if self.takes_form { FORM_TAKES } else { JSON_TAKES };
        match status {
            "400"
                if [
                    "passwords.reset",
                    "passwords.accept",
                    "emails.verify",
                    "emails.undo",
                    "codes.verify",
                ]
                .contains(&id) =>
            {
                vec![representative(Code::BadRequest), representative(Code::InvalidLink)]
            }
            "404" if id == "users.create" => vec![Error::MailOff],
            "404"
                if ["factors.enrol", "factors.verify", "factors.recovery_codes"].contains(&id) =>
            {
                vec![Error::MfaOff]
            }
            "404" if ["passwords.forgot", "emails.resend", "emails.change"].contains(&id) => {
                vec![Error::MailOff]
            }
            "404" if id == "users.invite" => vec![Error::NotFound, Error::MailOff],
            "404" if id == "codes.verify" => vec![Error::CodesOff],
            "404" if id == "codes.code" => vec![Error::CodesOff, Error::MailOff],
            "404"
                if [
                    "passkeys.options",
                    "passkeys.create",
                    "passkeys.login_options",
                    "passkeys.login",
                ]
                .contains(&id) =>
            {
                vec![passkeys_off()]
            }
            "401" => match (&self.scopes, id) {
                (_, "sessions.login") => vec![Error::InvalidCredentials],
                (_, "passkeys.login") => vec![Error::PasskeyRefused],
                (_, "codes.verify") => vec![Error::InvalidCode],
                (_, "sessions.refresh") => {
                    vec![Error::InvalidRefreshToken, Error::RefreshTokenReused]
                }
                (_, "factors.verify") => vec![Error::InvalidToken(
                    "The mfa_token is not valid, was used or has expired: sign in again.",
                )],
                (_, id) if STEPS_UP.contains(&id) => [
                    Code::NotAuthenticated,
                    Code::InvalidToken,
                    Code::TokenExpired,
                    Code::StaleSignIn,
                ]
                .map(representative)
                .into(),
                _ => [Code::NotAuthenticated, Code::InvalidToken, Code::TokenExpired]
                    .map(representative)
                    .into(),
            },
            "403" => match (self.scopes.as_deref(), id) {
                (_, "accounts.register") => vec![Error::RegistrationClosed],
                (_, "sessions.login") => {
                    vec![
                        representative(Code::MfaRequired),
                        Error::AccountDisabled,
                        Error::EmailNotVerified,
                    ]
                }
                (_, "passkeys.login") => {
                    vec![Error::AccountDisabled, Error::EmailNotVerified]
                }
                (_, "passwords.reset" | "passwords.accept") => vec![Error::AccountDisabled],
                (_, "codes.verify") => {
                    vec![representative(Code::MfaRequired), Error::AccountDisabled]
                }
                (_, "factors.verify") => vec![Error::WrongCode, Error::AccountDisabled],
                (_, "factors.confirm") => vec![Error::WrongCode],
                (_, "sessions.reauthenticate") => vec![Error::WrongPassword, Error::WrongCode],
                (_, "emails.change") => vec![Error::WrongPassword],
                (_, "passwords.change" | "accounts.delete" | "accounts.delete_by_post") => {
                    vec![Error::WrongPassword]
                }
                (Some([scope, ..]), _) => permission(scope).into_iter().collect(),
                _ => vec![Error::NotYours],
            },
            "409" if id == "passkeys.create" => vec![Error::PasskeyTaken, Error::TooManyPasskeys],
            "409" => vec![match id {
                "accounts.register" | "accounts.update" | "users.create" | "emails.verify"
                | "emails.undo" => Error::EmailTaken,
                "users.invite" => Error::NotInvitable,
                "api_keys.create" | "api_keys.create_of_user" => Error::TooManyKeys,
                "factors.enrol" => Error::TooManyFactors,
                "factors.remove" | "factors.recovery_codes" => representative(Code::FactorNeeded),
                "roles.create" => Error::RoleTaken,
                "roles.update" | "roles.delete" => Error::RoleBuiltIn,
                _ => Error::LastAdmin,
            }],
            "415" => vec![Error::UnsupportedMediaType(takes)],
            "422" => vec![Error::Validation(vec![self.invalid.clone()])],
            "503" => {
                let hashing = self.hashes().then_some(Error::HashingUnavailable);
                let any = [representative(Code::Unavailable), Error::StorageFull];
                any.into_iter().chain(hashing).collect()
            }
            _ => {
                let of_status = |code: &&Code| code.status().as_str() == status;
                let first = Code::ALL.iter().rev().find(of_status);
                first.map(|code| representative(*code)).into_iter().collect()
            }
        }
    }

    /// Whether it hashes a password.
    fn hashes(&self) -> bool {
        let ids = [
            "accounts.register",
            "sessions.login",
            "passwords.change",
            "passwords.reset",
            "emails.change",
            "users.create",
            "sessions.reauthenticate",
        ];
        ids.contains(&self.id.as_str()) || self.id.starts_with("accounts.delete")
    }
}

/// The scopes of the bearer token; `None` if no token is required.
fn scopes(operation: &Operation) -> Option<Vec<String>> {
    let security = serde_json::to_value(operation.security.as_ref()?).ok()?;
    serde_json::from_value(security.get(0)?.get(super::BEARER)?.clone()).ok()
}

/// The error for a caller without this permission.
fn permission(scope: &str) -> Option<Error> {
    let known = crate::gate::Permission::ALL.iter().find(|known| known.as_str() == scope);
    known.map(|permission| Error::InsufficientScope(permission.as_str()))
}

/// The first required field, omitted; otherwise the first text field, with another type.
fn missing_field(content: &RefOr<Content>, components: &Components) -> Option<Invalid> {
    let RefOr::T(content) = content else { return None };
    let name = super::examples::schema_name(content.schema.as_ref()?)?;
    let RefOr::T(Schema::Object(object)) = components.schemas.get(name)? else { return None };
    let invalid = |field: &String, message: &str, kind| {
        Invalid::new("body", field.clone(), (message.into(), kind))
    };
    if let Some(field) = object.required.first() {
        return Some(invalid(field, "is required", "missing"));
    }
    let (field, _) = object.properties.iter().find(|(_, schema)| is_text(schema))?;
    Some(invalid(field, "must be a string", "string_type"))
}

fn is_text(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Object(object)) = schema else { return false };
    match &object.schema_type {
        SchemaType::Type(only) => *only == Type::String,
        SchemaType::Array(any) => any.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

/// A parameter that cannot be parsed: in a path its id or name, in a query its limit.
fn invalid_parameter(operation: &Operation) -> Invalid {
    let names = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter.name.as_str()),
        RefOr::Ref(_) => None,
    });
    let names: Vec<&str> = names.collect();
    let (place, name, message, kind) = if names.contains(&"id") {
        ("path", "id", "is not a UUID", "uuid_parsing")
    } else if names.contains(&"limit") {
        ("query", "limit", "must be a number from 1 to 1000", "int_parsing")
    } else if names.contains(&"scope") {
        ("query", "scope", "must be others or all", "enum")
    } else {
        let message = "must be 1 to 50 characters of a-z 0-9 _ - and start with a letter";
        ("path", "role", message, "value_error")
    };
    Invalid::new(place, name, (message.into(), kind))
}

/// The documents that operations share, by code.
pub(super) fn add_shared(components: &mut Components) {
    for code in Code::ALL {
        let shared = example(*code, document_of(*code));
        components.examples.insert(code.as_str().into(), RefOr::T(shared));
    }
}

fn example(code: Code, document: Value) -> Example {
    ExampleBuilder::new().summary(code.title()).value(Some(document)).build()
}

fn document_of(code: Code) -> Value {
    document(representative(code))
}

fn document(error: Error) -> Value {
    problem::document_of(error, &RequestId::new(REQUEST_ID))
}

fn passkeys_off() -> Error {
    let missing = "This service is not configured for passkeys: its operator must set PUBLIC_URL, or RP_ID and \
        RP_ORIGINS.";
    Error::PasskeysOff(missing.into())
}

/// An error with this code.
fn representative(code: Code) -> Error {
    match code {
        Code::BadRequest => {
            Error::BadRequest("The body is not valid JSON (line 1, column 2).".into())
        }
        Code::NotAuthenticated => Error::NotAuthenticated,
        Code::InvalidToken => {
            Error::InvalidToken("The session of this token has ended: sign in again.")
        }
        Code::TokenExpired => Error::TokenExpired,
        Code::InvalidCredentials => Error::InvalidCredentials,
        Code::RefreshTokenReused => Error::RefreshTokenReused,
        Code::InvalidRefreshToken => Error::InvalidRefreshToken,
        Code::InvalidLink => Error::InvalidLink("This link has expired: request a new one."),
        Code::WrongPassword => Error::WrongPassword,
        Code::InsufficientScope => Error::NotYours,
        Code::CrossSite => Error::CrossSite,
        Code::KeyNetwork => Error::KeyNetwork,
        Code::TooManyKeys => Error::TooManyKeys,
        Code::StaleSignIn => Error::StaleSignIn { max_age: 600, factor: false },
        Code::FactorNeeded => {
            Error::FactorNeeded("This requires a second factor: add one and retry.")
        }
        Code::TooManyFactors => Error::TooManyFactors,
        Code::RegistrationClosed => Error::RegistrationClosed,
        Code::AccountDisabled => Error::AccountDisabled,
        Code::EmailNotVerified => Error::EmailNotVerified,
        Code::MfaRequired => Error::MfaRequired(Box::new(Challenge {
            token: SecretString::from("dwo_…"),
            expires_in: 300,
            methods: vec!["recovery_code".into(), "totp".into()],
            enrol: Vec::new(),
        })),
        Code::WrongCode => Error::WrongCode,
        Code::MfaOff => Error::MfaOff,
        Code::PasskeysOff => passkeys_off(),
        Code::MailOff => Error::MailOff,
        Code::NotFound => Error::NotFound,
        Code::MethodNotAllowed => Error::MethodNotAllowed,
        Code::EmailTaken => Error::EmailTaken,
        Code::UsernameTaken => Error::UsernameTaken,
        Code::PasskeyTaken => Error::PasskeyTaken,
        Code::TooManyPasskeys => Error::TooManyPasskeys,
        Code::NotInvitable => Error::NotInvitable,
        Code::ServiceAccount => Error::ServiceAccount,
        Code::LastAdmin => Error::LastAdmin,
        Code::RoleTaken => Error::RoleTaken,
        Code::RoleBuiltIn => Error::RoleBuiltIn,
        Code::PreconditionFailed => Error::PreconditionFailed,
        Code::PayloadTooLarge => Error::PayloadTooLarge,
        Code::UnsupportedMediaType => Error::UnsupportedMediaType(JSON_TAKES),
        Code::Validation => {
            let message = ("is required".into(), "missing");
            Error::Validation(vec![Invalid::new("body", "title", message)])
        }
        Code::RateLimited => Error::RateLimited(12),
        Code::Internal => Error::Internal(String::new()),
        Code::StorageFull => Error::StorageFull,
        Code::HashingUnavailable => Error::HashingUnavailable,
        Code::Unavailable => Error::Unavailable("The server is overloaded; try again shortly."),
    }
}
