//! What the OpenAPI document says of aliases: each is its operation once more, at its own path.

use std::collections::BTreeMap;

use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Required, Type};

use super::layer::Dialects;

impl Dialects {
    /// Adds every alias that is a path of its own.
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
        for alias in self.aliases().iter().filter(|alias| !alias.path.contains('?')) {
            let Some(native) = natives.get(&alias.operation) else { continue };
            let number = numbers.entry(&alias.operation).or_default();
            *number += 1;
            let mut operation = native.clone();
            operation.operation_id = Some(format!("{}.alias{number}", alias.operation));
            operation.description = Some(format!(
                "Another path of `{}`; names, values and envelopes are those of the dialect.",
                alias.operation
            ));
            let method = match alias.method.as_str() {
                "GET" => HttpMethod::Get,
                "PUT" => HttpMethod::Put,
                "POST" => HttpMethod::Post,
                "DELETE" => HttpMethod::Delete,
                "PATCH" => HttpMethod::Patch,
                _ => continue,
            };
            set_parts(&mut operation, &alias.path);
            let item = PathItem::new(method, operation);
            match document.paths.paths.get_mut(&alias.path) {
                Some(found) => found.merge_operations(item),
                None => drop(document.paths.paths.insert(alias.path.clone(), item)),
            }
        }
    }
}

/// The parameters of the path are those that it has; `{user_id}` is said of every path that has it.
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
