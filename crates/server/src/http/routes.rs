//! Routes with the properties that layers need. They are declared at registration, so there is no other list
//! of paths, and no route can be registered without them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use axum::routing::{MethodRouter, Route, any};
use serde_json::Value;
use tower::{Layer, Service};
use utoipa::openapi::path::{ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::error::Error;

/// Routes that share a quota, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateGroup {
    /// Never limited: probes, documents, published keys.
    Uncounted,
    /// Reading, signing out, tasks, administration.
    Api,
    /// Introspection, which other services call for many users.
    Introspect,
    /// Operations that verify a password, send mail or change the account.
    Auth,
    /// Refreshing.
    Refresh,
    /// Registering.
    Register,
    /// Signing in.
    Login,
}

impl RateGroup {
    /// The policy name in the headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uncounted => "uncounted",
            Self::Api => "api",
            Self::Introspect => "introspect",
            Self::Auth => "auth",
            Self::Refresh => "refresh",
            Self::Register => "register",
            Self::Login => "login",
        }
    }
}

/// Who may cache a response, and for how long (RFC 9111).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Nobody.
    NoStore,
    /// The requesting browser, which must revalidate with the `ETag`.
    Private,
    /// Everybody, if the request succeeds; must be revalidated.
    Shared,
    /// Everybody, if the request succeeds, for this many seconds.
    Public {
        /// Seconds.
        max_age: u64,
    },
}

/// The properties of a route that layers need. Start with [`Declared::STRICT`] and set what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The quota that its requests count against.
    pub rate: RateGroup,
    /// Who may cache its responses.
    pub caching: Caching,
    /// Whether it serves monitors, with reserved places that other requests cannot take.
    pub probe: bool,
}

impl Declared {
    /// With the quota of password checks, and not cached.
    pub const STRICT: Self =
        Self { rate: RateGroup::Auth, caching: Caching::NoStore, probe: false };
}

/// A route as seen by layers.
#[derive(Debug)]
pub struct Registered {
    /// Its path, with parameter names.
    pub path: String,
    /// Its declared properties.
    pub declared: Declared,
    /// Whether its operation describes a body; an undescribed one may read one.
    pub reads_body: bool,
    kept: HeaderValue,
}

impl Registered {
    fn new(path: &str, declared: Declared, reads_body: bool) -> Arc<Self> {
        let kept = match declared.caching {
            Caching::NoStore => HeaderValue::from_static("no-store"),
            Caching::Private => HeaderValue::from_static("private, no-cache"),
            Caching::Shared => HeaderValue::from_static("no-cache"),
            Caching::Public { max_age } => {
                HeaderValue::try_from(format!("public, max-age={max_age}"))
                    .unwrap_or(HeaderValue::from_static("no-store"))
            }
        };
        Arc::new(Self { path: path.into(), declared, reads_body, kept })
    }

    /// The `Cache-Control` of a response; errors may only be cached by the requesting browser.
    pub(in crate::http) fn cache_control(&self, failed: bool) -> HeaderValue {
        match self.declared.caching {
            Caching::Shared | Caching::Public { .. } if failed => {
                HeaderValue::from_static("no-store")
            }
            _ => self.kept.clone(),
        }
    }
}

/// An operation of the contract.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, such as `tasks.list`.
    pub id: String,
    /// Its method.
    pub method: &'static str,
    /// Its path, with parameter names.
    pub path: String,
    /// The members of the JSON object that it reads.
    pub body: Vec<String>,
    /// The query parameters that it reads.
    pub query: Vec<String>,
}

/// Routes whose handlers take the state `S`.
#[derive(Debug)]
pub struct Routes<S = ()>(Vec<Added<S>>);

struct Added<S> {
    path: String,
    declared: Declared,
    handler: MethodRouter<S>,
    /// Its OpenAPI description, unless it is not part of the contract.
    described: Option<Described>,
}

struct Described {
    schemas: Vec<(String, RefOr<Schema>)>,
    item: PathItem,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Adds operations of one path, from `routes!`.
    #[must_use]
    pub fn add(mut self, declared: Declared, operations: UtoipaMethodRouter<S>) -> Self {
        let (schemas, paths, handler) = operations;
        for (path, item) in paths.paths {
            let described = Some(Described { schemas: schemas.clone(), item });
            self.0.push(Added { path, declared, handler: handler.clone(), described });
        }
        self
    }

    /// Adds a route that is not part of the contract.
    #[must_use]
    pub fn add_undescribed(
        mut self,
        declared: Declared,
        path: &str,
        handler: MethodRouter<S>,
    ) -> Self {
        self.0.push(Added { path: path.into(), declared, handler, described: None });
        self
    }

    /// Adds the other routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Prefixes every path with `mount`.
    #[must_use]
    pub fn below(mut self, mount: &str) -> Self {
        for one in &mut self.0 {
            one.path.insert_str(0, mount);
        }
        self
    }

    /// Sets the state of the handlers.
    pub fn with_state(self, state: S) -> Routes {
        let with = |one: Added<S>| Added {
            path: one.path,
            declared: one.declared,
            handler: one.handler.with_state(state.clone()),
            described: one.described,
        };
        Routes(self.0.into_iter().map(with).collect())
    }

    /// The first segment of every path.
    pub fn first_segments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|one| one.path.split('/').nth(1))
    }

    /// All routes as seen by layers.
    pub fn registered(&self) -> impl Iterator<Item = Arc<Registered>> {
        self.0.iter().map(Added::registered)
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// All operations in the contract.
    pub fn operations(&self) -> Vec<Operation> {
        let mut all = Vec::new();
        for one in &self.0 {
            let Some(described) = &one.described else { continue };
            let item = &described.item;
            let methods = [
                ("GET", &item.get),
                ("PUT", &item.put),
                ("POST", &item.post),
                ("DELETE", &item.delete),
                ("PATCH", &item.patch),
            ];
            for (method, operation) in methods {
                let Some(operation) = operation else { continue };
                let Some(id) = &operation.operation_id else { continue };
                let body = serde_json::to_value(&operation.request_body).unwrap_or_default();
                let mut names = Vec::new();
                member_names(&body, described, &mut names);
                let path = one.path.clone();
                let parameters = operation.parameters.iter().flatten();
                let query = parameters.filter_map(|one| match one {
                    RefOr::T(one) if one.parameter_in == ParameterIn::Query => {
                        Some(one.name.clone())
                    }
                    _ => None,
                });
                let query = query.collect();
                all.push(Operation { id: id.clone(), method, path, body: names, query });
            }
        }
        all
    }
}

/// The member names of a schema, including those of referenced schemas.
fn member_names(schema: &Value, described: &Described, names: &mut Vec<String>) {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let found = described.schemas.iter().find(|(other, _)| other == name);
        if let Some(Value::Object(found)) =
            found.and_then(|(_, schema)| serde_json::to_value(schema).ok())
            && let Some(Value::Object(properties)) = found.get("properties")
        {
            names.extend(properties.keys().cloned());
        }
    }
    match schema {
        Value::Object(members) => {
            members.values().for_each(|inner| member_names(inner, described, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| member_names(inner, described, names)),
        _ => {}
    }
}

impl<S> Added<S> {
    fn registered(&self) -> Arc<Registered> {
        let item = self.described.as_ref().map(|described| &described.item);
        let reads_body = item.is_none_or(|item| {
            let all = [&item.get, &item.put, &item.post, &item.delete, &item.patch];
            all.into_iter().flatten().any(|operation| operation.request_body.is_some())
        });
        Registered::new(&self.path, self.declared, reads_body)
    }
}

impl<S> std::fmt::Debug for Added<S> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?}", self.path, self.declared)
    }
}

impl Routes {
    /// The OpenAPI document of the operations.
    pub fn document(&self) -> OpenApi {
        let mut document = OpenApi::default();
        for one in &self.0 {
            let Some(Described { schemas, item }) = &one.described else { continue };
            match document.paths.paths.get_mut(&one.path) {
                Some(found) => found.merge_operations(item.clone()),
                None => drop(document.paths.paths.insert(one.path.clone(), item.clone())),
            }
            let components = document.components.get_or_insert_default();
            components.schemas.extend(schemas.iter().cloned());
        }
        document
    }

    /// A router with `layers` around each route, around the 405 of its path, which counts as the most
    /// expensive of its methods, and around the 404 of unknown paths.
    pub fn surrounded<L>(self, layers: impl Fn(Option<Arc<Registered>>) -> L) -> Router
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Response = Response, Error = Infallible>,
        L::Service: Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        let mut strictest = BTreeMap::<String, Declared>::new();
        for one in &self.0 {
            let found = strictest.entry(one.path.clone()).or_insert(one.declared);
            found.rate = found.rate.max(one.declared.rate);
        }
        let missing = any(|| async { Error::NotFound });
        let mut router = Router::new().fallback_service(missing.layer(layers(None)));
        for (path, declared) in strictest {
            let layers = layers(Some(Registered::new(&path, declared, false)));
            let refused = MethodRouter::new().fallback(|| async { Error::MethodNotAllowed });
            router = router.route(&path, refused.layer(layers));
        }
        for one in self.0 {
            let layers = layers(Some(one.registered()));
            router = router.route(&one.path, one.handler.route_layer(layers));
        }
        router
    }
}
