//! The session cookie in the contract, if accepted.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use crate::error::Code;

const COOKIE: &str = "session_cookie";

/// Describes the cookie with this name, and accepts it for every protected operation.
pub(super) fn describe(document: &mut OpenApi, name: String) {
    let text = "Better Auth's session cookie, for requests without an `Authorization` header. Requests that change something must come from an allowed origin.";
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        name,
        text.to_owned(),
    )));
    document.components.get_or_insert_default().add_security_scheme(COOKIE, scheme);
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let _ = get.as_mut().map(allow);
        for operation in [put, post, delete, patch].into_iter().flatten() {
            if allow(operation) {
                let responses = &mut operation.responses.responses;
                responses.entry("403".into()).or_insert_with(|| refused().into());
            }
        }
    }
}

/// Whether the operation is protected; then the cookie is accepted.
fn allow(operation: &mut Operation) -> bool {
    let Some(security) = operation.security.as_mut().filter(|all| !all.is_empty()) else {
        return false;
    };
    security.push(SecurityRequirement::new(COOKIE, <[&str; 0]>::default()));
    true
}

fn refused() -> Response {
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    let code = Code::CrossSite.as_str();
    let example = Ref::new(format!("#/components/examples/{code}"));
    content.examples.insert(code.into(), RefOr::Ref(example));
    let mut response = Response::new("A cookie sent by another site");
    response.content.insert(super::PROBLEM_JSON.into(), content.into());
    response
}
