//! The response for a failed statement.

use crate::error::{Error, Invalid};
use crate::gate::{KeyScope, Permission};
use crate::sql::DbError;

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::SessionEnded => {
                Self::InvalidToken("The session of this token has ended: sign in again.")
            }
            DbError::KeyEnded => Self::InvalidToken(
                "This API key is unknown, expired or revoked, or its account is disabled.",
            ),
            DbError::Refused(reason) => refusal(&reason),
            DbError::Away(why) | DbError::NotAdmitted(why) => {
                tracing::warn!(%why, "database away");
                Self::Unavailable(
                    "The database is unavailable; nothing was changed. Try again shortly.",
                )
            }
            DbError::Unready(why) => {
                tracing::error!(
                    %why,
                    "the schema of the database is incomplete: see `doorward db verify`"
                );
                Self::Unavailable(
                    "The database is not ready for this server; nothing was changed. Try again later.",
                )
            }
            DbError::Full(why) => {
                tracing::error!(
                    %why,
                    "the database's disk is full: free some space; until then writes fail, and reads continue"
                );
                Self::StorageFull
            }
            DbError::Unconfirmed(why) => {
                tracing::warn!(%why, "a write was not confirmed");
                Self::Unavailable(
                    "The connection to the database failed before the change was confirmed: check whether it \
                        was made before you retry.",
                )
            }
            DbError::Overloaded => {
                Self::Unavailable("The server is overloaded; try again shortly.")
            }
            DbError::Orphan => Self::NotFound,
            DbError::Unique(_) => Self::Internal("unexpected unique violation".into()),
            DbError::Internal(why) => Self::Internal(why),
        }
    }
}

/// The meaning of the reasons passed to `doorward_refuse`.
fn refusal(reason: &str) -> Error {
    if let Some(needed) = reason.strip_prefix("insufficient_scope:") {
        let needed = Permission::parse(needed).map_or(Permission::EVERY, Permission::as_str);
        return Error::InsufficientScope(needed);
    }
    if let Some(lacked) = reason.strip_prefix("key_scope:") {
        let lacked = KeyScope::parse(lacked).map_or(Permission::EVERY, KeyScope::as_str);
        return Error::KeyLacksScope(lacked);
    }
    if let Some(lacked) = reason.strip_prefix("owner_lacks:") {
        let lacked = Permission::parse(lacked).map_or(Permission::EVERY, Permission::as_str);
        return Error::OwnerLacks(lacked);
    }
    if let Some(asked) = reason.strip_prefix("stale_sign_in:") {
        let (max_age, factor) = asked.split_once(':').unwrap_or((asked, ""));
        return Error::StaleSignIn {
            max_age: max_age.parse().unwrap_or_default(),
            factor: factor == "factor",
        };
    }
    match reason {
        "key_network" => Error::KeyNetwork,
        "key_account" => Error::KeyNotTaken,
        "service_account" => Error::ServiceAccount,
        "too_many_keys" => Error::TooManyKeys,
        "not_found" => Error::NotFound,
        "not_invitable" => Error::NotInvitable,
        "last_admin" => Error::LastAdmin,
        "code_used" => Error::WrongCode,
        "too_many_factors" => Error::TooManyFactors,
        "factor_needed" => Error::FactorNeeded("This requires a second factor: add one and retry."),
        "address_changed" => Error::InvalidLink(
            "The account's address has changed since this link was sent: request a new one.",
        ),
        "link_used" => Error::InvalidLink("This link has already been used: request a new one."),
        "metadata_too_large" => {
            let why = ("would have more than 16 KiB of JSON".into(), "too_long");
            Error::Validation(vec![Invalid::new("body", "metadata", why)])
        }
        "too_many_passkeys" => Error::TooManyPasskeys,
        "username_taken" => Error::UsernameTaken,
        "role_built_in" => Error::RoleBuiltIn,
        _ => Error::Internal(format!("refused for an unknown reason: {reason}")),
    }
}
