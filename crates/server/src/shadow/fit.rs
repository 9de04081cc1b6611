//! Finds a built-in dialect that covers many of the routes, and where to mount it: one setting instead of
//! many entries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Findings;
use crate::dialect;

/// Routes of the contract itself, which depend on the mount.
const OWN: [(&str, &str); 12] = [
    ("POST {auth}/register", "accounts.register"),
    ("POST {auth}/login", "sessions.login"),
    ("POST {auth}/logout", "sessions.logout"),
    ("POST {auth}/refresh", "sessions.refresh"),
    ("GET {auth}/me", "accounts.me"),
    ("PATCH {auth}/me", "accounts.update"),
    ("GET {tasks}", "tasks.list"),
    ("POST {tasks}", "tasks.create"),
    ("GET {tasks}/{id}", "tasks.show"),
    ("PATCH {tasks}/{id}", "tasks.update"),
    ("DELETE {tasks}/{id}", "tasks.delete"),
    ("PATCH {tasks}/{id}/complete", "tasks.complete"),
];
/// `AUTH_PATH` relative to `{root}`, for dialects that expect it there.
const BELOW_ROOT: [(&str, &str); 2] = [("fastapi-template", "/users"), ("fastapi-users", "/auth")];
/// The minimum number of routes for a suggestion.
const FEWEST: usize = 3;

/// A suitable built-in dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Its name in `COMPAT`.
    pub compat: &'static str,
    /// `AUTH_PATH` for it.
    pub auth_path: String,
    /// `TASKS_PATH` for it.
    pub tasks_path: String,
    /// How many of the routes it covers.
    pub serves: usize,
    /// How many routes were found that Doorward itself does not have.
    pub of: usize,
}

impl Fit {
    /// One sentence for people.
    pub fn sentence(&self) -> String {
        let Self { compat, auth_path, tasks_path, serves, of } = self;
        format!(
            "COMPAT={compat} with AUTH_PATH={auth_path} and TASKS_PATH={tasks_path} serves {serves} of these \
                {of} routes, including names, values and statuses. Try it first: set it, rehearse again, and \
                use the suggestion for the remaining differences."
        )
    }
}

/// The built-in dialect that covers most of the routes: at least three, and at least half.
pub fn fit(findings: &Findings) -> Option<Fit> {
    if !findings.compat.is_empty() {
        return None;
    }
    let operation = |target: &Value| {
        target.as_str().or_else(|| target["operation"].as_str()).map(str::to_owned)
    };
    let routes = findings.dialect.get("routes")?.as_object()?;
    let found: BTreeMap<&str, String> =
        routes.iter().filter_map(|(route, to)| Some((route.as_str(), operation(to)?))).collect();
    let fits = dialect::NAMES.into_iter().filter_map(|name| of_dialect(name, &found));
    let enough = |fit: &Fit| fit.serves >= FEWEST && fit.serves * 2 >= fit.of;
    // Of equally good ones, the first.
    fits.filter(enough).reduce(|best, one| if one.serves > best.serves { one } else { best })
}

fn of_dialect(name: &'static str, found: &BTreeMap<&str, String>) -> Option<Fit> {
    let spoken: toml::Table = toml::from_str(dialect::text(name)?).ok()?;
    let target = |to: &toml::Value| match to {
        toml::Value::String(operation) => Some(operation.clone()),
        to => Some(to.get("operation")?.as_str()?.to_owned()),
    };
    let own = OWN.iter().map(|(route, operation)| ((*route).to_owned(), (*operation).to_owned()));
    let more = spoken.get("routes")?.as_table()?.iter();
    let all: Vec<(String, String)> =
        own.chain(more.filter_map(|(route, to)| Some((route.clone(), target(to)?)))).collect();
    let auth_path = auth_path(name, &all, found);
    let of_lists = ["tasks.list", "tasks.create"];
    let lists = found.iter().filter(|(_, operation)| of_lists.contains(&operation.as_str()));
    let paths = lists.filter_map(|(route, _)| route.split_once(' ').map(|(_, path)| path));
    let tasks_path = paths.filter(|path| !path.contains('{')).min_by_key(|path| path.len());
    let tasks_path = tasks_path.unwrap_or("/api/tasks").to_owned();
    let above = |path: &str| path.rsplit_once('/').map_or(String::new(), |(above, _)| above.into());
    let (root, api) = (above(&auth_path), above(&tasks_path));
    let filled = |text: &str| {
        text.replace("{root}", &root).replace("{api}", &api).replace("{auth}", &auth_path)
    };
    let places = spoken.get("tasks_at").and_then(toml::Value::as_array).into_iter().flatten();
    let mut places: Vec<String> = places.filter_map(|it| Some(filled(it.as_str()?))).collect();
    places.push(tasks_path.clone());
    let mut answered = BTreeSet::new();
    for (route, operation) in all {
        let route = filled(route.split('?').next().unwrap_or_default());
        if route.contains("{tasks}") {
            answered
                .extend(places.iter().map(|at| (route.replace("{tasks}", at), operation.clone())));
        } else {
            answered.insert((route, operation));
        }
    }
    let is_served = |(route, operation): &(&&str, &String)| {
        answered.contains(&((**route).to_owned(), (*operation).clone()))
    };
    let serves = found.iter().filter(is_served).count();
    Some(Fit { compat: name, auth_path, tasks_path, serves, of: found.len() })
}

/// The value that fits most of the routes.
fn auth_path(name: &str, all: &[(String, String)], found: &BTreeMap<&str, String>) -> String {
    let below = BELOW_ROOT.iter().find(|(other, _)| *other == name).map(|(_, below)| *below);
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for (pattern, operation) in all {
        let Some((method, path)) = pattern.split_once(' ') else { continue };
        let path = path.split('?').next().unwrap_or_default();
        let (suffix, behind) = match (path.strip_prefix("{auth}"), path.strip_prefix("{root}")) {
            (Some(suffix), _) => (suffix, ""),
            (None, Some(suffix)) => match below {
                Some(below) => (suffix, below),
                None => continue,
            },
            (None, None) => continue,
        };
        for (route, other) in found {
            let at = route.split_once(' ').filter(|(own, _)| *own == method);
            let before = at.and_then(|(_, path)| path.strip_suffix(suffix));
            if let Some(before) = before.filter(|_| other == operation && !suffix.is_empty()) {
                *votes.entry(format!("{before}{behind}")).or_default() += 1;
            }
        }
    }
    votes.remove("");
    let most = votes.into_iter().max_by_key(|(path, votes)| (*votes, usize::MAX - path.len()));
    most.map_or_else(|| "/auth".to_owned(), |(path, _)| path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, fit};

    fn found(routes: serde_json::Value) -> Findings {
        let mut findings = Findings::default();
        findings.dialect.insert("routes".into(), routes);
        findings
    }

    #[test]
    fn the_dialect_that_serves_most_routes_is_named_with_its_mount() {
        let fits = fit(&found(json!({
            "POST /v1/auth/signup": "accounts.register", "POST /v1/auth/signin": "sessions.login",
            "GET /v1/auth/me": "accounts.me", "GET /v1/todos": "tasks.list",
            "PATCH /v1/todos/{id}/toggle": {"operation": "tasks.complete", "body": "none"},
            "GET /v1/odd": "tasks.stats",
        })));
        let fits = fits.unwrap();
        assert_eq!((fits.compat, fits.serves, fits.of), ("todo", 5, 6));
        assert_eq!((fits.auth_path.as_str(), fits.tasks_path.as_str()), ("/v1/auth", "/v1/todos"));
        assert!(fits.sentence().starts_with("COMPAT=todo with AUTH_PATH=/v1/auth and "));
        let fits = fit(&found(json!({
            "POST /api/v1/login/access-token": "sessions.login", "POST /api/v1/users/signup": "accounts.register",
            "GET /api/v1/users/me": "accounts.me", "PATCH /api/v1/users/me/password": "passwords.change",
            "GET /api/v1/items": "tasks.list",
        })));
        let fits = fits.unwrap();
        assert_eq!((fits.compat, fits.auth_path.as_str()), ("fastapi-template", "/api/v1/users"));
        assert_eq!((fits.tasks_path.as_str(), fits.serves), ("/api/v1/items", 5));
    }

    #[test]
    fn none_is_named_where_few_routes_fit_or_one_is_in_use() {
        let few = json!({"POST /v1/enter": "sessions.login", "GET /v1/whoami": "accounts.me"});
        assert_eq!(fit(&found(few)), None);
        let mut all = found(json!({
            "POST /a/signup": "accounts.register", "POST /a/signin": "sessions.login", "GET /a/me": "accounts.me",
        }));
        assert!(fit(&all).is_some());
        all.compat.push("todo".into());
        assert_eq!(fit(&all), None);
        assert_eq!(fit(&Findings::default()), None);
    }
}
