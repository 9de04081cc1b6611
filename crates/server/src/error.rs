//! Every way a request can fail: one enum, and one table of codes with status and title, which the contract
//! uses too (RFC 9457). `Err` means that nothing happened; outcomes with consequences are values, not errors.
//! Unexpected errors are `Internal`: logged once with the request id, while the response only contains the
//! id.

mod challenge;
mod invalid;

pub use challenge::Challenge;
pub use invalid::Invalid;

use std::fmt;

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A failed request.
#[derive(Debug)]
pub enum Error {
    /// The body is not JSON or form data at all.
    BadRequest(String),
    /// No credentials, or an unusable `Authorization` header.
    NotAuthenticated,
    /// A bearer token that is invalid, or whose session has ended (RFC 6750 §3.1).
    InvalidToken(&'static str),
    /// An expired bearer token.
    TokenExpired,
    /// Unknown account or wrong password, deliberately the same.
    InvalidCredentials,
    /// A code that is wrong, used, expired or requested by another client, deliberately the same.
    InvalidCode,
    /// A passkey sign-in that failed, deliberately the same for every reason.
    PasskeyRefused,
    /// The wrong current password, where a route requires it.
    WrongPassword,
    /// Authenticated, but without the required permission.
    InsufficientScope(&'static str),
    /// An API key without this scope.
    KeyLacksScope(&'static str),
    /// An API key on a route that accepts none: keys cannot access the account itself.
    KeyNotTaken,
    /// An API key from an address outside its networks.
    KeyNetwork,
    /// A scope for a new API key that its owner lacks the permission for.
    OwnerLacks(&'static str),
    /// The account has the maximum number of API keys.
    TooManyKeys,
    /// A request with a cookie that changes something and comes from another site, or whose origin is
    /// unknown.
    CrossSite,
    /// A path that names another user; no permission allows it.
    NotYours,
    /// Authentication was too long ago, or with one factor only (RFC 9470 §3).
    StaleSignIn {
        /// Maximum number of seconds since authentication.
        max_age: u64,
        /// Whether a second factor is needed.
        factor: bool,
    },
    /// Registration is closed: operators create accounts.
    RegistrationClosed,
    /// The right password for a disabled account.
    AccountDisabled,
    /// The right password for an account whose address must be verified first.
    EmailNotVerified,
    /// The first sign-in step is done, and a second one is required.
    MfaRequired(Box<Challenge>),
    /// The code of a second factor is wrong, or was used before.
    WrongCode,
    /// The operation requires the account to have a second factor.
    FactorNeeded(&'static str),
    /// The account has the maximum number of factors.
    TooManyFactors,
    /// The route concerns second factors, and the settings turn them off.
    MfaOff,
    /// The route sends mails, and no mail server is configured.
    MailOff,
    /// The settings do not say where passkeys may be used; the text says what to set.
    PasskeysOff(String),
    /// A refresh token used again after its successor: possible theft.
    RefreshTokenReused,
    /// A refresh token that was never valid, or no longer is.
    InvalidRefreshToken,
    /// A single-use token that was never valid, was used or has expired; the text says which.
    InvalidLink(&'static str),
    /// Not found, or not the caller's.
    NotFound,
    /// The account has a password, has no address, or is disabled, so it cannot be invited.
    NotInvitable,
    /// Sign-in by code is off.
    CodesOff,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// Another account has this e-mail address.
    EmailTaken,
    /// Another account has this user name.
    UsernameTaken,
    /// A service account takes no password.
    ServiceAccount,
    /// The last active admin cannot be removed.
    LastAdmin,
    /// This passkey is already registered.
    PasskeyTaken,
    /// The account has as many passkeys as it may have.
    TooManyPasskeys,
    /// Another role has this name.
    RoleTaken,
    /// `admin` and `user` cannot be changed or deleted.
    RoleBuiltIn,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// The body exceeds this route's limit.
    PayloadTooLarge,
    /// The content type is not supported by this route; the text names the supported ones.
    UnsupportedMediaType(&'static str),
    /// Well-formed, but with invalid values: all of them.
    Validation(Vec<Invalid>),
    /// Too many requests; seconds to wait.
    RateLimited(u64),
    /// Too many wrong passwords for one account; seconds to wait.
    TooManyGuesses(u64),
    /// Too many requests by one API key; seconds to wait.
    TooManyByKey(u64),
    /// The password hashing queue is full or hashing failed; nothing was stored.
    HashingUnavailable,
    /// The database is unavailable or the server is overloaded; the text says which.
    Unavailable(&'static str),
    /// The database's disk is full.
    StorageFull,
    /// Unexpected; the text is only logged.
    Internal(String),
}

macro_rules! codes {
    ($($name:ident = $status:literal, $text:tt, $title:literal;)+) => {
        /// The kinds of errors: stable identifiers for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// HTTP status.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status),+ };
                StatusCode::from_u16(status).unwrap_or_default()
            }

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// RFC 9457 `title`.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }
        }
    };
}

// The table: status, code, title.
codes! {
    InvalidLink = 400, "invalid_link", "Invalid link";
    BadRequest = 400, "bad_request", "Bad request";
    NotAuthenticated = 401, "not_authenticated", "Not authenticated";
    InvalidToken = 401, "invalid_token", "Invalid token";
    TokenExpired = 401, "token_expired", "Token expired";
    InvalidCredentials = 401, "invalid_credentials", "Invalid credentials";
    StaleSignIn = 401, "insufficient_user_authentication", "Recent sign-in required";
    RefreshTokenReused = 401, "refresh_token_reused", "Refresh token reused";
    InvalidRefreshToken = 401, "invalid_refresh_token", "Invalid refresh token";
    WrongPassword = 403, "wrong_password", "Wrong password";
    InsufficientScope = 403, "insufficient_scope", "Insufficient scope";
    KeyNetwork = 403, "network_not_allowed", "Network not allowed";
    CrossSite = 403, "cross_site", "Cross-site request";
    RegistrationClosed = 403, "registration_closed", "Registration closed";
    AccountDisabled = 403, "account_disabled", "Account disabled";
    EmailNotVerified = 403, "email_not_verified", "E-mail not verified";
    MfaRequired = 403, "mfa_required", "Second factor required";
    WrongCode = 403, "wrong_code", "Wrong code";
    MfaOff = 404, "mfa_off", "Second factors disabled";
    PasskeysOff = 404, "passkeys_off", "Passkeys not configured";
    MailOff = 404, "mail_off", "Mail not configured";
    NotFound = 404, "not_found", "Not found";
    MethodNotAllowed = 405, "method_not_allowed", "Method not allowed";
    FactorNeeded = 409, "factor_needed", "Second factor required";
    TooManyFactors = 409, "too_many_factors", "Too many second factors";
    EmailTaken = 409, "email_taken", "E-mail address taken";
    UsernameTaken = 409, "username_taken", "User name taken";
    PasskeyTaken = 409, "passkey_taken", "Passkey taken";
    TooManyPasskeys = 409, "too_many_passkeys", "Too many passkeys";
    NotInvitable = 409, "not_invitable", "Account cannot be invited";
    TooManyKeys = 409, "too_many_keys", "Too many API keys";
    ServiceAccount = 409, "service_account", "Service account";
    LastAdmin = 409, "last_admin", "Last admin";
    RoleTaken = 409, "role_taken", "Role taken";
    RoleBuiltIn = 409, "role_built_in", "Built-in role";
    PreconditionFailed = 412, "precondition_failed", "Precondition failed";
    PayloadTooLarge = 413, "payload_too_large", "Payload too large";
    UnsupportedMediaType = 415, "unsupported_media_type", "Unsupported media type";
    Validation = 422, "validation", "Invalid request";
    RateLimited = 429, "rate_limited", "Too many requests";
    Internal = 500, "internal", "Internal error";
    StorageFull = 503, "storage_full", "Storage full";
    HashingUnavailable = 503, "hashing_unavailable", "Hashing unavailable";
    Unavailable = 503, "unavailable", "Unavailable";
}

impl Error {
    /// The code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::BadRequest(_) => Code::BadRequest,
            Self::NotAuthenticated => Code::NotAuthenticated,
            Self::InvalidToken(_) => Code::InvalidToken,
            Self::TokenExpired => Code::TokenExpired,
            Self::InvalidCredentials | Self::InvalidCode | Self::PasskeyRefused => {
                Code::InvalidCredentials
            }
            Self::RefreshTokenReused => Code::RefreshTokenReused,
            Self::InvalidRefreshToken => Code::InvalidRefreshToken,
            Self::InvalidLink(_) => Code::InvalidLink,
            Self::WrongPassword => Code::WrongPassword,
            Self::InsufficientScope(_)
            | Self::NotYours
            | Self::KeyLacksScope(_)
            | Self::OwnerLacks(_)
            | Self::KeyNotTaken => Code::InsufficientScope,
            Self::KeyNetwork => Code::KeyNetwork,
            Self::TooManyKeys => Code::TooManyKeys,
            Self::CrossSite => Code::CrossSite,
            Self::StaleSignIn { .. } => Code::StaleSignIn,
            Self::RegistrationClosed => Code::RegistrationClosed,
            Self::AccountDisabled => Code::AccountDisabled,
            Self::EmailNotVerified => Code::EmailNotVerified,
            Self::MfaRequired(_) => Code::MfaRequired,
            Self::WrongCode => Code::WrongCode,
            Self::FactorNeeded(_) => Code::FactorNeeded,
            Self::TooManyFactors => Code::TooManyFactors,
            Self::MfaOff => Code::MfaOff,
            Self::PasskeysOff(_) => Code::PasskeysOff,
            Self::MailOff => Code::MailOff,
            Self::NotFound | Self::CodesOff => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::EmailTaken => Code::EmailTaken,
            Self::UsernameTaken => Code::UsernameTaken,
            Self::PasskeyTaken => Code::PasskeyTaken,
            Self::TooManyPasskeys => Code::TooManyPasskeys,
            Self::NotInvitable => Code::NotInvitable,
            Self::ServiceAccount => Code::ServiceAccount,
            Self::LastAdmin => Code::LastAdmin,
            Self::RoleTaken => Code::RoleTaken,
            Self::RoleBuiltIn => Code::RoleBuiltIn,
            Self::PreconditionFailed => Code::PreconditionFailed,
            Self::PayloadTooLarge => Code::PayloadTooLarge,
            Self::UnsupportedMediaType(_) => Code::UnsupportedMediaType,
            Self::Validation(_) => Code::Validation,
            Self::RateLimited(_) | Self::TooManyGuesses(_) | Self::TooManyByKey(_) => {
                Code::RateLimited
            }
            Self::Internal(_) => Code::Internal,
            Self::HashingUnavailable => Code::HashingUnavailable,
            Self::StorageFull => Code::StorageFull,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    /// The sentence for the client: says what to do, and nothing about internals.
    #[allow(clippy::too_many_lines, reason = "a table")]
    pub fn detail(&self) -> String {
        match self {
            Self::BadRequest(text) | Self::PasskeysOff(text) => text.clone(),
            Self::NotAuthenticated => "Not authenticated".into(),
            Self::InvalidToken(text)
            | Self::InvalidLink(text)
            | Self::FactorNeeded(text)
            | Self::Unavailable(text) => {
                (*text).into()
            }
            Self::TokenExpired => "The access token has expired: refresh it or sign in again.".into(),
            Self::InvalidCredentials => "Incorrect e-mail or password.".into(),
            Self::InvalidCode => {
                "The code is wrong, has expired or was requested by another client: use the link in the mail, \
                    or request a new code."
                    .into()
            }
            Self::PasskeyRefused => "This passkey was not accepted: try again, or sign in another way.".into(),
            Self::RefreshTokenReused => {
                "This refresh token was already used, so its session was ended: sign in again."
                    .into()
            }
            Self::InvalidRefreshToken => "The refresh token is not valid: sign in again.".into(),
            Self::WrongPassword => "The current password is wrong.".into(),
            Self::InsufficientScope(permission) => format!("This needs the permission {permission}."),
            Self::KeyLacksScope(scope) => format!("This API key lacks the scope {scope}."),
            Self::OwnerLacks(permission) => format!("The owner of the key lacks the permission {permission}."),
            Self::KeyNotTaken => "An API key cannot be used to manage the account: sign in for this.".into(),
            Self::KeyNetwork => "This API key may not be used from your network address.".into(),
            Self::TooManyKeys => "The account has the maximum number of API keys: revoke one first.".into(),
            Self::NotYours => "The user id in the path is not your own.".into(),
            Self::CrossSite => {
                "A request authenticated by a cookie may only change data if its Origin header names an allowed \
                    origin. Send the Origin header, or use a bearer token."
                    .into()
            }
            Self::StaleSignIn { factor: false, .. } => "This requires a recent sign-in: sign in again and retry.".into(),
            Self::StaleSignIn { factor: true, .. } => "This requires a recent second factor: verify it and retry.".into(),
            Self::RegistrationClosed => "Registration is closed: ask the operator of this service for an account.".into(),
            Self::AccountDisabled => "This account is disabled.".into(),
            Self::EmailNotVerified => {
                "Verify your e-mail address first: open the link in the mail you received, or request a new one."
                    .into()
            }
            Self::MfaRequired(challenge) if challenge.enrol.is_empty() => "A second factor is required: send its code with the mfa_token to complete the sign-in.".into(),
            Self::MfaRequired(_) => "A second factor is required: add one with the mfa_token to complete the sign-in.".into(),
            Self::WrongCode => "The code is wrong, was used before or has expired.".into(),
            Self::TooManyFactors => "This account has the maximum number of second factors.".into(),
            Self::MfaOff => "Second factors are disabled on this server.".into(),
            Self::MailOff => "This service does not send mail: ask its operator for help with your account.".into(),
            Self::NotFound => "Not found.".into(),
            Self::CodesOff => "Sign-in by code is disabled: LOGIN_CODES is off.".into(),
            Self::MethodNotAllowed => "This path does not support that method; the Allow header lists the methods it supports.".into(),
            Self::EmailTaken => "An account with this e-mail address already exists.".into(),
            Self::UsernameTaken => "Another account has this user name.".into(),
            Self::PasskeyTaken => "This passkey is already registered.".into(),
            Self::TooManyPasskeys => "The account has the maximum number of passkeys: remove one first.".into(),
            Self::NotInvitable => "Only an active account with an e-mail address and no password can be invited.".into(),
            Self::ServiceAccount => "A service account has no password: create an API key for it.".into(),
            Self::LastAdmin => "The last active admin cannot be removed.".into(),
            Self::RoleTaken => "A role with this name already exists.".into(),
            Self::RoleBuiltIn => "The roles admin and user are built in and cannot be changed or deleted.".into(),
            Self::PreconditionFailed => "The resource has changed since you read it: read it again and retry with its new ETag.".into(),
            Self::PayloadTooLarge => "The request body is too large.".into(),
            Self::UnsupportedMediaType(takes) => format!("Send the body as {takes}."),
            Self::Validation(problems) => problems.iter().map(Invalid::to_string).collect::<Vec<_>>().join("; "),
            Self::RateLimited(seconds) => format!("Too many requests: try again in {seconds} s."),
            Self::TooManyGuesses(seconds) => format!("Too many wrong passwords or codes for this account: try again in {seconds} s."),
            Self::TooManyByKey(seconds) => format!("Too many requests by this API key: try again in {seconds} s."),
            Self::Internal(_) => "Internal error: report the request id to the operator.".into(),
            Self::StorageFull => "The storage of this service is full; nothing was changed. Try again later.".into(),
            Self::HashingUnavailable => "Too many sign-ins at once; nothing was stored. Try again shortly.".into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal(text) => out.write_str(text),
            other => out.write_str(&other.detail()),
        }
    }
}

impl std::error::Error for Error {}
