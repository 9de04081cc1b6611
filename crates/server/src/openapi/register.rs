//! How registering is described: by the one success that the settings leave.

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, Ref, RefOr};

use crate::config::{Registration, Settings};

/// Leaves the answer that these settings give: generated clients make a union of two.
pub(super) fn describe(operation: &mut Operation, settings: &Settings) {
    if settings.registration_signs_in {
        answer_tokens(operation);
    }
    let unused = if settings.registration == Registration::Verified { "201" } else { "202" };
    operation.responses.responses.remove(unused);
}

/// What registering answers with where `REGISTRATION_SIGNS_IN` says so.
fn answer_tokens(operation: &mut Operation) {
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut("201") else { return };
    response.description = "The tokens of the new account's first session".into();
    let content = Content::new(Some(Ref::from_schema_name("Tokens")));
    response.content.insert("application/json".into(), content.into());
}
