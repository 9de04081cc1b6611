//! Paths as routes: finds Doorward's operation for a path, and writes unknown paths without any ids,
//! addresses or codes.

use axum::http::Method;

use super::swaps::{IdOf, Swaps};
use crate::dialect::{RouteAlias, by_path};
use crate::http::Operation;

/// Doorward's routes, including those of its dialects.
pub(super) struct RouteBook {
    paths: matchit::Router<Vec<Served>>,
}

struct Served {
    method: String,
    operation: String,
    /// The route, with parameter names.
    template: String,
    when: Option<(String, String)>,
}

impl RouteBook {
    pub(super) fn of(operations: &[Operation], aliases: &[RouteAlias]) -> Self {
        let own = operations.iter().map(|one| (one.method, one.path.as_str(), one.id.as_str()));
        let more = aliases
            .iter()
            .map(|one| (one.method.as_str(), one.path.as_str(), one.operation.as_str()));
        let served = own.chain(more).map(|(method, path, operation)| {
            let (template, when) = path.split_once('?').unwrap_or((path, ""));
            let when = when.split_once('=').map(|(name, value)| (name.into(), value.into()));
            Served {
                method: method.into(),
                operation: operation.into(),
                template: template.into(),
                when,
            }
        });
        let mut paths = matchit::Router::new();
        for (path, served) in by_path(served, |served| &served.template) {
            // What a router cannot hold beside the others was rejected with the dialect.
            let _ = paths.insert(path, served);
        }
        Self { paths }
    }

    /// The operation and route for a path.
    pub(super) fn find(&self, method: &Method, path: &str, query: &str) -> Option<(&str, &str)> {
        let found = self.paths.at(path).ok()?;
        let fits = |served: &&Served| {
            let asks = |(name, value): &(String, String)| {
                query.split('&').any(|pair| pair == format!("{name}={value}"))
            };
            served.method == method.as_str() && served.when.as_ref().is_none_or(asks)
        };
        let served = found.value.iter().find(fits)?;
        Some((&served.operation, &served.template))
    }
}

/// Names of tasks in paths.
pub(super) const TASKS: [&str; 8] =
    ["tasks", "task", "todos", "todo", "items", "todo-items", "todo_items", "notes"];
/// Segments after one of these are secrets.
const BEFORE_SECRETS: [&str; 9] = [
    "reset",
    "reset-password",
    "verify",
    "verify-email",
    "confirm",
    "invite",
    "activate",
    "magic",
    "unsubscribe",
];

/// Whether a segment is a fixed part of a route, not an id, address or code.
fn is_word(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    segment.len() <= 32
        && digits <= 2
        && segment.bytes().all(fits)
        && segment.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// What an id in this segment of a path refers to, by the segments around it.
pub(super) fn id_of(segments: &[&str], at: usize) -> IdOf {
    let is_task = |segment: &str| TASKS.contains(&segment.to_ascii_lowercase().as_str());
    let before = at.checked_sub(1).and_then(|before| segments.get(before));
    let is_user_word = |word: &str| matches!(word, "users" | "user");
    if before.is_some_and(|word| is_task(word)) {
        IdOf::Task
    } else if segments.get(at + 1).is_some_and(|word| is_task(word))
        || before.is_some_and(|word| is_user_word(word))
    {
        IdOf::User
    } else {
        IdOf::Task
    }
}

/// The path as a route: ids become `{id}` and `{user_id}`.
pub(super) fn template(path: &str, swaps: &Swaps) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    let mut out = Vec::with_capacity(segments.len());
    let mut after_secret = false;
    for (at, segment) in segments.iter().enumerate() {
        let likely = id_of(&segments, at);
        let known = (!segment.is_empty()).then(|| swaps.any_id(likely, segment)).flatten();
        let is_id = known.is_some() || after_secret || !is_word(segment);
        out.push(match (segment.is_empty() || !is_id, known.map_or(likely, |(of, _)| of)) {
            (true, _) => (*segment).to_owned(),
            (false, IdOf::User) if after_secret => "{id}".to_owned(),
            (false, IdOf::User) => "{user_id}".to_owned(),
            (false, IdOf::Task) => "{id}".to_owned(),
        });
        after_secret = BEFORE_SECRETS.contains(segment);
    }
    // Names are unique within a route.
    let mut seen = 0;
    for segment in &mut out {
        if segment == "{id}" {
            seen += 1;
            if seen > 1 {
                *segment = format!("{{id{seen}}}");
            }
        }
    }
    out.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_addresses_and_codes_of_a_path_are_not_kept() {
        let swaps = Swaps::default();
        let of = |path: &str| template(path, &swaps);
        assert_eq!(of("/api/tasks/17"), "/api/tasks/{id}");
        assert_eq!(of("/api/17/tasks/18/complete"), "/api/{user_id}/tasks/{id}/complete");
        assert_eq!(of("/users/ada@example.com"), "/users/{user_id}");
        assert_eq!(of("/auth/reset-password/abcdefghijk"), "/auth/reset-password/{id}");
        assert_eq!(of("/v2/todos"), "/v2/todos");
        assert_eq!(of("/a/0190b5a2-7b1c-7b1c-8b1c-7b1c8b1c7b1c/b"), "/a/{id}/b");
    }
}
