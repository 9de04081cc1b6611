//! Compiles dialects into tables. All operations, placeholders and names are checked here, so that a mistake
//! stops the start and not a request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;

use super::shapes::{EVERYTHING, Shapes};
use super::spec::{FailureRule, Fixed, Habits, RouteTarget};
use super::tables::{ErrorBody, Part, Route, Shape, Spoken};
use super::template::{self, Template};
use crate::config::Settings;
use crate::http::Operation;

/// The operations whose lists and objects the task options wrap.
const TASKS: &str = "tasks.";

/// The compiled dialect, or all mistakes.
pub(in crate::dialect) struct Compiler<'a> {
    dialect: &'a Habits,
    settings: &'a Settings,
    operations: &'a [Operation],
    shapes: Shapes,
    problems: Vec<String>,
}

impl<'a> Compiler<'a> {
    pub(in crate::dialect) fn new(
        dialect: &'a Habits,
        settings: &'a Settings,
        operations: &'a [Operation],
    ) -> Self {
        Self { dialect, settings, operations, shapes: Shapes::of(dialect), problems: Vec::new() }
    }

    /// The routes, the contract's own first.
    pub(in crate::dialect) fn routes(mut self) -> Result<Vec<Route>, Vec<String>> {
        self.check_names();
        let mut spoken = HashMap::new();
        for operation in self.operations {
            let made = self.spoken(operation);
            spoken.insert(operation.id.as_str(), (operation, Arc::new(made)));
        }
        let mut routes = Vec::new();
        for (operation, spoken) in spoken.values() {
            let target = Fixed::of(&operation.id);
            let method = operation.method;
            let from = (operation.path.as_str(), spoken);
            self.add(&mut routes, method, &operation.path, from, (operation, &target));
        }
        for route in &mut routes {
            route.rewrite = None;
            route.is_native = true;
        }
        let mut aliases = Vec::new();
        for place in self.dialect.tasks_at.iter().flat_map(|place| self.places(place)) {
            for operation in self.operations.iter().filter(|one| one.id.starts_with(TASKS)) {
                let Some(rest) = operation.path.strip_prefix(&self.settings.tasks_path) else {
                    continue;
                };
                let target = RouteTarget::Operation(operation.id.clone());
                aliases.push((operation.method.to_owned(), format!("{place}{rest}"), None, target));
            }
        }
        for (key, target) in &self.dialect.routes {
            let Some((method, path)) = key.split_once(' ') else {
                self.problems.push(format!("routes: {key:?} is not METHOD /path"));
                continue;
            };
            let (path, when) = match path.split_once('?') {
                Some((path, when)) => (path, Some(when)),
                None => (path, None),
            };
            let when = when.map(|when| match when.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (when.to_owned(), None),
            });
            for path in self.places(path) {
                aliases.push((method.to_owned(), path, when.clone(), target.clone()));
            }
        }
        for (method, path, when, target) in aliases {
            let target = match target {
                RouteTarget::Operation(name) => Fixed::of(&name),
                RouteTarget::Fixed(fixed) => fixed,
            };
            let Some((operation, spoken)) = spoken.get(target.operation.as_str()) else {
                // An operation that this version does not serve has no alias either.
                if !LATER.iter().any(|later| target.operation.starts_with(later)) {
                    let known: Vec<_> = self.operations.iter().map(|one| one.id.as_str()).collect();
                    let (name, all) = (&target.operation, known.join(", "));
                    self.problems.push(format!(
                        "routes: {method} {path} names {name:?}, which is not an operation; the operations are {all}"
                    ));
                }
                continue;
            };
            let before = routes.len();
            self.add(&mut routes, &method, &path, (&path, spoken), (operation, &target));
            if let Some(route) = routes.get_mut(before) {
                route.when = when;
            }
        }
        if self.problems.is_empty() { Ok(routes) } else { Err(self.problems) }
    }

    /// A path with all values of its placeholders.
    fn places(&self, path: &str) -> Vec<String> {
        let Settings { auth_path, tasks_path, .. } = self.settings;
        let above = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        let root = above(auth_path);
        let api = match tasks_path.split_once("/{user_id}") {
            Some((api, _)) => api.trim_end_matches("/users").to_owned(),
            None => above(tasks_path),
        };
        let path = path.replace("{auth}", auth_path).replace("{root}", &root);
        let path = path.replace("{api}", &api).replace("{admin}", "/admin");
        if !path.contains("{tasks}") {
            return vec![path];
        }
        let mut all = vec![tasks_path.clone()];
        all.extend(self.dialect.tasks_at.iter().map(|place| {
            place.replace("{root}", &root).replace("{api}", &api).replace("{auth}", auth_path)
        }));
        all.iter().map(|place| path.replace("{tasks}", place)).collect()
    }

    fn add(
        &mut self,
        routes: &mut Vec<Route>,
        method: &str,
        path: &str,
        (listed, spoken): (&str, &Arc<Spoken>),
        (operation, target): (&Operation, &Fixed),
    ) {
        let Ok(method) = Method::from_bytes(method.as_bytes()) else {
            self.problems.push(format!("routes: {method} is not a method"));
            return;
        };
        let parts: Vec<String> = path.split('/').filter_map(part_name).map(str::to_owned).collect();
        let mut rewritten = vec![Part::Text(String::new())];
        for segment in operation.path.split('/').skip(1) {
            let Some(name) = part_name(segment) else {
                rewritten.push(Part::Text(format!("/{segment}")));
                continue;
            };
            rewritten.push(Part::Text("/".into()));
            match parts.iter().position(|part| part == name) {
                Some(at) => rewritten.push(Part::Of(at)),
                None if name == "user_id" => rewritten.push(Part::Text("me".into())),
                None => self
                    .problems
                    .push(format!("routes: {path} lacks {{{name}}}, which {} needs", operation.id)),
            }
        }
        let native_method = Method::from_bytes(operation.method.as_bytes()).unwrap_or_default();
        let names_user = operation.id.starts_with(TASKS)
            && parts.iter().any(|part| part == "user_id")
            && !operation.path.contains("{user_id}");
        routes.push(Route {
            listed: format!("{method} {listed}"),
            method,
            when: None,
            parts,
            spoken: Arc::clone(spoken),
            rewrite: Some((native_method, rewritten)),
            names_user,
            query: target.query.clone().into_iter().collect(),
            body: target.body.clone(),
            is_native: false,
        });
    }

    fn spoken(&mut self, operation: &Operation) -> Spoken {
        let (dialect, id) = (self.dialect, operation.id.as_str());
        let (asked, shown) = kinds(id);
        let is_list = matches!(id, "tasks.list" | "users.list");
        let answer = dialect.answers.get(id).cloned().unwrap_or_default();
        let is_task = id.starts_with(TASKS);
        let keeps_empty = id == "tasks.delete" && dialect.delete.as_deref() == Some("empty");
        let mut wrap = answer.body.filter(|_| !keeps_empty);
        if wrap.is_none() && id == "tasks.list" {
            wrap = self.option("list", dialect.list.as_ref(), template::list_of);
        } else if wrap.is_none() && is_task && shown == "task" {
            wrap = self.option("item", dialect.item.as_ref(), template::item_of);
        }
        let wrap = wrap.and_then(|body| match Template::cut(&body) {
            Ok(template) => Some(template),
            Err(what) => {
                self.problems.push(format!("the answer of {id} {what}"));
                None
            }
        });
        let mut errors = HashMap::<String, Vec<FailureRule>>::new();
        for (code, rule) in [id, "*"].iter().filter_map(|name| dialect.errors.get(*name)).flatten()
        {
            errors.entry(code.clone()).or_default().push(rule.clone());
        }
        let mut known: BTreeSet<String> = operation.body.iter().cloned().collect();
        if asked == "login" {
            // The address's name in OAuth's form, which the JSON schema lacks.
            known.insert("username".into());
        }
        let mut reader = self.shapes.reader(asked, id, known);
        if asked == "task" {
            reader.keep = dialect.keep.iter().cloned().collect();
            reader.keeps_all = reader.keep.remove(EVERYTHING);
        }
        reader.ignore = dialect.ignore.iter().cloned().collect();
        let shape = self.shapes.shape(shown);
        let signed_in = if id == "accounts.register" { self.shapes.shape("tokens") } else { None };
        let status = answer.status.filter(|_| !keeps_empty);
        let is_same = |shape: &Option<Arc<Shape>>| shape.as_ref().is_none_or(|it| it.is_same());
        let leaves_answers =
            is_same(&shape) && is_same(&signed_in) && wrap.is_none() && status.is_none();
        Spoken {
            id: id.to_owned(),
            reader,
            shape,
            signed_in,
            is_list,
            counts: is_list && wrap.as_ref().is_some_and(Template::counts),
            leaves_answers,
            wrap,
            status,
            query: dialect.query.get(id).cloned().unwrap_or_default(),
            parameters: operation.query.clone(),
            user_params: if is_task { dialect.user_params.clone() } else { Vec::new() },
            errors,
            error_body: self.error_body(),
            plain_errors: dialect.plain_errors.unwrap_or(false),
        }
    }

    fn option(
        &mut self,
        name: &str,
        given: Option<&Value>,
        by_word: fn(&str) -> Option<Value>,
    ) -> Option<Value> {
        let given = given?;
        let Value::String(word) = given else { return Some(given.clone()) };
        if let Some(found) = by_word(word) {
            return (!found.is_null()).then_some(found);
        }
        if let Ok(template @ Value::Object(_)) = serde_json::from_str(word) {
            return Some(template);
        }
        self.problems.push(format!("{name} must be a known name or a template, not {word:?}"));
        None
    }

    fn error_body(&mut self) -> ErrorBody {
        match &self.dialect.error_body {
            None => ErrorBody::Problem,
            Some(Value::String(word)) => match word.as_str() {
                "problem" => ErrorBody::Problem,
                "message" => ErrorBody::Message,
                "detail" => ErrorBody::Detail,
                "fastapi" => ErrorBody::FastApi,
                other => {
                    let sentence = format!(
                        "error_body must be problem, message, detail, fastapi or a template, not {other:?}"
                    );
                    self.problems.push(sentence);
                    ErrorBody::Problem
                }
            },
            Some(template) => ErrorBody::Template(template.clone()),
        }
    }

    /// Checks operations and objects that are named without a route.
    fn check_names(&mut self) {
        let dialect = self.dialect;
        let named = dialect.query.keys().chain(dialect.answers.keys()).chain(dialect.errors.keys());
        for name in named.filter(|name| *name != "*") {
            let is_known = self.operations.iter().any(|one| one.id == *name)
                || LATER.iter().any(|later| name.starts_with(later));
            if !is_known {
                self.problems.push(format!("{name:?} is not an operation"));
            }
        }
        let kinds = ["task", "user", "tokens", "login", "refresh", "password", "deletion", "code"];
        for kind in dialect.fields.keys().filter(|kind| !kinds.contains(&kind.as_str())) {
            let all = kinds.join(", ");
            self.problems.push(format!("fields.{kind} is not one of {all}"));
        }
        self.problems.extend(self.shapes.problems());
        if let Some(word) = &dialect.delete
            && !matches!(word.as_str(), "empty" | "message")
        {
            self.problems.push(format!("delete must be empty or message, not {word:?}"));
        }
    }
}

/// Operations that dialects may name before they exist: their routes are ignored until then.
const LATER: [&str; 5] =
    ["passwords.forgot", "passwords.reset", "emails.", "tasks.stats", "sessions.code"];

impl Fixed {
    fn of(operation: &str) -> Self {
        Self { operation: operation.to_owned(), query: BTreeMap::new(), body: None }
    }
}

/// The name of a path parameter.
fn part_name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The objects that an operation reads and returns, as `[dialect.fields]` names them.
pub(crate) fn kinds(id: &str) -> (&'static str, &'static str) {
    match id {
        "tasks.create" | "tasks.replace" | "tasks.update" | "tasks.complete" => ("task", "task"),
        "tasks.list" | "tasks.show" => ("", "task"),
        "accounts.register" | "accounts.update" | "accounts.me" | "users.create"
        | "users.update" | "users.show" | "users.list" => ("user", "user"),
        "sessions.login" => ("login", "tokens"),
        "sessions.refresh" => ("refresh", "tokens"),
        "codes.code" => ("code", ""),
        "codes.verify" => ("code", "tokens"),
        "accounts.delete" | "accounts.delete_by_post" => ("deletion", ""),
        _ if id.starts_with("passwords.") || id.starts_with("emails.") => ("password", ""),
        _ => ("", ""),
    }
}
