//! Paths as they are mounted: trailing slashes are removed internally, never redirected (a redirect would
//! lose the body or the token), and `TASKS_PATH` may contain the user's id, as in many back ends.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The placeholder for the caller in `TASKS_PATH`.
pub const USER_ID: &str = "{user_id}";

/// The URI without trailing slashes in its path, if it has any.
pub(in crate::http) fn without_trailing_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if path.len() < 2 || !path.ends_with('/') {
        return None;
    }
    let path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    with_path(uri, path)
}

/// The same URI with another path.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(text.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_slashes_are_dropped_and_the_query_is_kept() {
        for (given, wanted) in [
            ("/auth/me/", Some("/auth/me")),
            ("/api/tasks//?limit=2", Some("/api/tasks?limit=2")),
            ("//", Some("/")),
            ("http://host/auth/me/?a=/", Some("http://host/auth/me?a=/")),
            ("/", None),
            ("/auth/me", None),
            ("/auth/me?next=/", None),
        ] {
            let uri = without_trailing_slash(&given.parse().unwrap()).map(|uri| uri.to_string());
            assert_eq!(uri.as_deref(), wanted, "{given}");
        }
    }
}
