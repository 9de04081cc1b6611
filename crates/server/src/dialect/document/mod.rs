//! The OpenAPI document under a dialect: each alias is a copy of its operation at its own path; then bodies,
//! responses and errors of all operations are described as they are sent and read.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Required, Schema, Type};

mod spoken_answers;
mod spoken_failures;
mod spoken_schemas;

use super::alias_tree::{Dialects, RouteAlias};
use spoken_schemas::Schemas;

/// Separates an operation's name and the number of its alias.
const ALIAS: &str = ".alias";

impl Dialects {
    /// Adds all aliases with a path of their own.
    pub fn describe(&self, document: &mut OpenApi) {
        let mut natives = BTreeMap::new();
        for item in document.paths.paths.values() {
            let all = [&item.get, &item.put, &item.post, &item.delete, &item.patch];
            for operation in all.into_iter().flatten() {
                natives
                    .insert(operation.operation_id.clone().unwrap_or_default(), operation.clone());
            }
        }
        let mut numbers = BTreeMap::<&str, usize>::new();
        for alias in self.aliases() {
            let Some(native) = natives.get(&alias.operation) else { continue };
            let (path, when) = match alias.path.split_once('?') {
                Some((path, when)) => (path, Some(when.split_once('=').unwrap_or((when, "")))),
                None => (alias.path.as_str(), None),
            };
            let Some(method) = method_of(alias) else { continue };
            let there = document.paths.paths.get_mut(path).and_then(|item| slot(item, &method));
            if let Some(there) = there {
                // An alias for another value of the same parameter.
                if let (Some((name, value)), Some(found)) = (when, there) {
                    join(found, native, name, value);
                }
                continue;
            }
            let number = numbers.entry(&alias.operation).or_default();
            *number += 1;
            let mut operation = native.clone();
            operation.operation_id = Some(format!("{}{ALIAS}{number}", alias.operation));
            operation.description = Some(format!("Another path of `{}`.", alias.operation));
            if alias.fixes_body {
                operation.request_body = None;
            }
            set_parts(&mut operation, path);
            if let Some((name, value)) = when {
                operation.parameters.get_or_insert_default().push(asked_for(name, value).into());
            }
            let item = PathItem::new(method, operation);
            match document.paths.paths.get_mut(path) {
                Some(found) => found.merge_operations(item),
                None => drop(document.paths.paths.insert(path.to_owned(), item)),
            }
        }
    }

    /// Describes all operations as they are sent and read, in an otherwise complete document.
    pub fn speak(&self, document: &OpenApi) -> Value {
        let mut whole = serde_json::to_value(document).unwrap_or_default();
        let components = whole["components"]["schemas"].take();
        let mut schemas = Schemas::new(components);
        let examples = whole["components"]["examples"].clone();
        for item in whole["paths"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            for operation in item.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
                let Some(id) = operation["operationId"].as_str() else { continue };
                let id = id.split_once(ALIAS).map_or(id, |(id, _)| id);
                let Some(spoken) = self.spoken.get(id) else { continue };
                schemas.ask(operation, spoken);
                schemas.answer(operation, spoken);
                spoken_failures::describe(operation, spoken, &examples);
            }
        }
        whole["components"]["schemas"] = schemas.into_value();
        whole
    }
}

fn method_of(alias: &RouteAlias) -> Option<HttpMethod> {
    Some(match alias.method.as_str() {
        "GET" => HttpMethod::Get,
        "PUT" => HttpMethod::Put,
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        "PATCH" => HttpMethod::Patch,
        _ => return None,
    })
}

/// The entry of a method; `None` if there is none, and nothing to join if it is the contract's own.
#[allow(clippy::option_option, reason = "no such method, and none yet, are not the same")]
fn slot<'a>(item: &'a mut PathItem, method: &HttpMethod) -> Option<Option<&'a mut Operation>> {
    let found = match method {
        HttpMethod::Get => item.get.as_mut(),
        HttpMethod::Put => item.put.as_mut(),
        HttpMethod::Post => item.post.as_mut(),
        HttpMethod::Delete => item.delete.as_mut(),
        _ => item.patch.as_mut(),
    }?;
    let is_alias = found.operation_id.as_ref().is_some_and(|id| id.contains(ALIAS));
    Some(is_alias.then_some(found))
}

/// The parameter that selects an alias.
fn asked_for(name: &str, value: &str) -> utoipa::openapi::path::Parameter {
    let words = ObjectBuilder::new().schema_type(Type::String);
    let words = if value.is_empty() { words } else { words.enum_values(Some([value.to_owned()])) };
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
    parameter.required(Required::True).schema(Some(words)).build()
}

/// The same path for another value of the parameter: either body, and either value. A path that also works
/// without the parameter is described as it works then.
fn join(operation: &mut Operation, other: &Operation, name: &str, value: &str) {
    let is_asked = |parameter: &RefOr<utoipa::openapi::path::Parameter>| match parameter {
        RefOr::T(one) => one.name == name,
        RefOr::Ref(_) => false,
    };
    if !operation.parameters.iter().flatten().any(is_asked) {
        return;
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(one) = parameter
            && one.name == name
            && let Some(RefOr::T(Schema::Object(words))) = &mut one.schema
        {
            words.enum_values.get_or_insert_default().push(value.into());
        }
    }
    let (Some(RefOr::T(body)), Some(RefOr::T(more))) =
        (&mut operation.request_body, &other.request_body)
    else {
        return;
    };
    for (kind, content) in &mut body.content {
        let (RefOr::T(content), Some(RefOr::T(more))) = (content, more.content.get(kind)) else {
            continue;
        };
        if let (Some(one), Some(another)) = (content.schema.take(), more.schema.clone()) {
            let either =
                utoipa::openapi::schema::AnyOfBuilder::new().item(one).item(another).build();
            content.schema = Some(RefOr::T(Schema::AnyOf(either)));
        }
    }
}

/// The path parameters are those of the path; `{user_id}` is described for every path that has it.
fn set_parts(operation: &mut Operation, path: &str) {
    let names: Vec<&str> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .filter(|name| *name != "user_id")
        .collect();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.retain(|parameter| match parameter {
        RefOr::T(one) => {
            one.parameter_in != ParameterIn::Path || names.contains(&one.name.as_str())
        }
        RefOr::Ref(_) => true,
    });
    for name in names {
        let is_there = parameters
            .iter()
            .any(|parameter| matches!(parameter, RefOr::T(one) if one.name == name));
        if !is_there {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text));
            parameters.push(parameter.build().into());
        }
    }
}
