//! Dialects translate between an app's conventions (paths, names, values, envelopes, errors) and the
//! contract, so that features do not know about them. A dialect is data. It is applied around the router: a
//! request gets the contract's path and query before routing, so limits, caching and conditions are those of
//! the operation; its body is translated once the caller is authenticated.

mod alias_tree;
mod answer;
mod ask;
mod asked;
mod document;
mod layer;
mod plan;

pub(crate) use alias_tree::by_path;
pub use alias_tree::{Dialects, RouteAlias};
pub use plan::builtin::{BuiltIn, NAMES, built_in, text};
pub(crate) use plan::kinds;

use plan::spec::Habits;
use plan::{Compiler, builtin};
use serde_json::Value;

use crate::clock::Clock;
use crate::config::Settings;
use crate::http::Operation;

/// The dialects of the settings, if any. Each mistake is one sentence.
pub fn of(
    settings: &Settings,
    operations: &[Operation],
    clock: Clock,
) -> Result<Option<Dialects>, Vec<String>> {
    let Some(dialect) = asked_for(settings).map_err(|problem| vec![problem])? else {
        return Ok(None);
    };
    let compiled = Compiler::new(&dialect, settings, operations).routes();
    let sentences = |problems: Vec<String>| described(settings, problems);
    let routes = compiled.map_err(sentences)?;
    Dialects::new(routes, clock).map(Some).map_err(|problem| sentences(vec![problem]))
}

/// Each problem once, with the setting that an option came from.
fn described(settings: &Settings, problems: Vec<String>) -> Vec<String> {
    let options = &settings.dialect_options;
    let named = [
        ("list ", "DIALECT_LIST", options.list.is_some()),
        ("item ", "DIALECT_ITEM", options.item.is_some()),
        ("delete ", "DIALECT_DELETE", options.delete.is_some()),
    ];
    let mut sentences: Vec<String> = Vec::new();
    for problem in problems {
        let of_option = named.iter().find_map(|(begin, name, is_set)| {
            let rest = problem.strip_prefix(begin).filter(|_| *is_set)?;
            Some(format!("{name} {rest}."))
        });
        let sentence = of_option.unwrap_or_else(|| format!("The dialect is wrong: {problem}."));
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// Settings that the built-in dialects in this list set by default.
pub fn settings_of(compat: &str) -> Vec<(String, String)> {
    let names = compat.split(',').map(|name| name.trim_matches(['[', ']', '"', ' ']));
    let dialects = names.filter_map(|name| builtin::read(name).ok());
    dialects.flat_map(|dialect| dialect.settings).collect()
}

/// Merges one dialect into another, as JSON: tables by entry, lists by appending.
pub fn laid_over(under: Value, over: &Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, value) in over {
                let before = under.remove(name).unwrap_or_default();
                under.insert(name.clone(), laid_over(before, value));
            }
            Value::Object(under)
        }
        (Value::Array(mut under), Value::Array(over)) => {
            for item in over {
                if !under.contains(item) {
                    under.push(item.clone());
                }
            }
            Value::Array(under)
        }
        (_, over) => over.clone(),
    }
}

/// The dialects in the settings, merged.
fn asked_for(settings: &Settings) -> Result<Option<Habits>, String> {
    let own = &settings.dialect;
    if settings.compat.is_empty() && own.is_none() {
        return Ok(None);
    }
    let mut whole = Habits::default();
    for name in &settings.compat {
        whole.lay(builtin::read(name)?);
    }
    if let Some(own) = own {
        let own = serde_json::from_str(own);
        whole.lay(own.map_err(|error| {
            format!(
                "DIALECT cannot be read: {error}; write it as JSON, or as the section [dialect]."
            )
        })?);
    }
    let options = &settings.dialect_options;
    let word = |text: Option<&String>| text.cloned().map(serde_json::Value::from);
    whole.list = word(options.list.as_ref()).or(whole.list);
    whole.item = word(options.item.as_ref()).or(whole.item);
    whole.open_status = options.open_status.clone().or(whole.open_status);
    whole.delete = options.delete.clone().or(whole.delete);
    Ok(Some(whole))
}
