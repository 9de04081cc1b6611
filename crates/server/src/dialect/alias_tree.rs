//! All paths that dialects know, with their targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderValue, Method};
use serde::Serialize;

use super::plan::tables::{Route, Spoken};
use crate::clock::Clock;

/// All routes of the dialects in use.
#[derive(Debug)]
pub struct Dialects {
    pub(super) paths: matchit::Router<PathRoutes>,
    aliases: Vec<RouteAlias>,
    pub(super) spoken: BTreeMap<String, Arc<Spoken>>,
    pub(super) clock: Clock,
}

/// The routes of one path.
#[derive(Debug)]
pub(super) struct PathRoutes {
    pub(super) routes: Vec<Route>,
    /// The methods, if one of them is an alias.
    pub(super) allow: Option<HeaderValue>,
}

/// A route that a dialect adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RouteAlias {
    /// Its path, with parameter names.
    pub path: String,
    /// Its method.
    pub method: String,
    /// Its operation.
    pub operation: String,
    /// Whether it replaces the client's body.
    #[serde(skip)]
    pub fixes_body: bool,
}

impl Dialects {
    /// Routes in order; a later one replaces an earlier alias, and nothing replaces the contract's own.
    pub(super) fn new(routes: Vec<Route>, clock: Clock) -> Result<Self, String> {
        let by_name = |route: &Route| (route.spoken.id.clone(), Arc::clone(&route.spoken));
        let spoken = routes.iter().map(by_name).collect();
        let mut tree = matchit::Router::new();
        let mut aliases = Vec::new();
        for (path, routes) in by_path(routes, |route| path_of(&route.listed)) {
            let routes = distinct(routes);
            aliases.extend(routes.iter().filter(|route| !route.is_native).map(RouteAlias::of));
            let shown = routes.first().map(|route| route.listed.clone()).unwrap_or_default();
            let routes = PathRoutes { allow: allow(&routes), routes };
            tree.insert(path, routes).map_err(|error| format!("routes: {shown}: {error}"))?;
        }
        aliases.sort();
        Ok(Self { paths: tree, aliases, spoken, clock })
    }

    /// All routes that the dialects add.
    pub fn aliases(&self) -> &[RouteAlias] {
        &self.aliases
    }

    /// The same, one per line.
    pub fn listed(&self) -> String {
        let line = |alias: &RouteAlias| {
            format!("{:6} {:50} {}\n", alias.method, alias.path, alias.operation)
        };
        self.aliases.iter().map(line).collect()
    }
}

/// The path of a listed route: `METHOD /path`.
fn path_of(listed: &str) -> &str {
    listed.split_once(' ').map_or("", |(_, path)| path)
}

/// The routes of one path without replaced ones. Routes that require a parameter are tried first.
fn distinct(routes: Vec<Route>) -> Vec<Route> {
    let mut all: Vec<Route> = Vec::new();
    for route in routes {
        let same = |other: &&mut Route| other.method == route.method && other.when == route.when;
        match all.iter_mut().find(same) {
            Some(other) if other.is_native => {}
            Some(other) => *other = route,
            None => all.insert(if route.when.is_some() { 0 } else { all.len() }, route),
        }
    }
    all
}

impl RouteAlias {
    fn of(route: &Route) -> Self {
        let path = path_of(&route.listed);
        let when = route.when.as_ref();
        let when = when.map_or_else(String::new, |(name, value)| match value {
            Some(value) => format!("?{name}={value}"),
            None => format!("?{name}"),
        });
        Self {
            path: format!("{path}{when}"),
            method: route.method.to_string(),
            operation: route.spoken.id.clone(),
            fixes_body: route.body.is_some(),
        }
    }
}

/// The methods of a path with aliases, and HEAD with GET.
fn allow(routes: &[Route]) -> Option<HeaderValue> {
    if routes.iter().all(|route| route.is_native) {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for route in routes {
        let is_get = route.method == Method::GET;
        for name in is_get.then_some("HEAD").into_iter().chain([route.method.as_str()]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort_unstable();
    HeaderValue::try_from(names.join(",")).ok()
}

/// Routes grouped by path, for a router that accepts each path once: parameters are numbered, so that
/// `/tasks/{id}` and `/tasks/{task_id}` are the same path.
pub(crate) fn by_path<T>(
    routes: impl IntoIterator<Item = T>,
    path: impl Fn(&T) -> &str,
) -> Vec<(String, Vec<T>)> {
    let mut all: Vec<(String, Vec<T>)> = Vec::new();
    for route in routes {
        let key = numbered(path(&route));
        match all.iter_mut().find(|(other, _)| *other == key) {
            Some((_, found)) => found.push(route),
            None => all.push((key, vec![route])),
        }
    }
    all
}

fn numbered(path: &str) -> String {
    let mut number = 0;
    let parts = path.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        number += 1;
        format!("{{p{number}}}")
    });
    parts.collect::<Vec<_>>().join("/")
}
