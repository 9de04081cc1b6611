//! The fields of a dialect by object: how they are read and shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::spec::{FieldRule, Habits, Rule};
use super::tables::{Extra, From, Incoming, Reader, Shape, ShownValues};

/// Keeps all otherwise unknown fields.
pub(in crate::dialect) const EVERYTHING: &str = "*";

pub(in crate::dialect) struct Shapes {
    fields: BTreeMap<String, BTreeMap<String, FieldRule>>,
    keep: Vec<String>,
}

impl Shapes {
    pub(in crate::dialect) fn of(dialect: &Habits) -> Self {
        let mut fields: BTreeMap<String, BTreeMap<String, FieldRule>> = BTreeMap::new();
        for (kind, rules) in &dialect.fields {
            let of_kind = fields.entry(kind.clone()).or_default();
            for (name, rule) in rules {
                let field = match rule {
                    Rule::Name(to) => FieldRule { field: Some(to.clone()), ..FieldRule::default() },
                    Rule::FieldRule(field) => field.as_ref().clone(),
                };
                of_kind.insert(name.clone(), field);
            }
        }
        if let Some(word) = &dialect.open_status
            && let Some(status) = fields.get_mut("task").and_then(|task| task.get_mut("status"))
        {
            status.show.insert("false".into(), word.clone().into());
            status.values.insert(word.to_lowercase(), false.into());
        }
        Self { fields, keep: dialect.keep.clone() }
    }

    /// Fields without any rule.
    pub(in crate::dialect) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (kind, rules) in &self.fields {
            for (name, field) in rules {
                let says = field.field.is_some() || field.constant.is_some() || field.whole;
                if !says && field.join.is_empty() && field.only.is_empty() {
                    let needs = "needs field, join, constant, only or whole";
                    problems.push(format!("fields.{kind}.{name} {needs}"));
                }
            }
        }
        problems
    }

    /// How an operation with these fields reads bodies of an object. `shown_only` applies to the account's
    /// owner; administrators may write the field.
    pub(in crate::dialect) fn reader(
        &self,
        kind: &str,
        id: &str,
        known: BTreeSet<String>,
    ) -> Reader {
        let administers = id.starts_with("users.");
        let mut reader = Reader { known, ..Reader::default() };
        for (name, field) in self.fields.get(kind).into_iter().flatten() {
            if !field.join.is_empty() {
                reader.joins.push((name.clone(), field.join.clone()));
            }
            if !field.only.is_empty() {
                reader.only.insert(name.clone(), field.only.clone());
            }
            let Some(to) = field.field.clone() else { continue };
            if let Some(role) = field.contains.as_ref().filter(|_| administers) {
                reader.roles.insert(name.clone(), role.clone());
            }
            let may_write = administers && field.contains.is_none() && reader.known.contains(&to);
            if field.shown_only && !may_write {
                continue;
            }
            let values =
                field.values.iter().map(|(sent, means)| (sent.to_lowercase(), means.clone()));
            let incoming = Incoming {
                to,
                values: values.collect(),
                empty_is_null: field.empty_is_null,
                keep: field.keep,
                drop_empty: field.drop_empty,
            };
            reader.names.insert(name.clone(), incoming);
        }
        reader
    }

    /// How an object is shown.
    pub(in crate::dialect) fn shape(&self, kind: &str) -> Option<Arc<Shape>> {
        let mut shape = Shape::default();
        if kind == "tokens"
            && let Some(user) = self.shape("user")
        {
            // The user within tokens is not wrapped again.
            let user = Shape { whole: Vec::new(), ..user.as_ref().clone() };
            shape.nested.insert(b"user".to_vec(), Arc::new(user));
        }
        for (name, field) in self.fields.get(kind).into_iter().flatten() {
            if field.hidden {
                continue;
            }
            let key = format!(",{}:", Value::from(name.as_str())).into_bytes();
            if field.whole {
                shape.whole.push(key);
                continue;
            }
            if let Some(constant) = &field.constant {
                let from = made(constant, &mut shape);
                shape.extras.push(Extra { name: name.clone(), key, from });
                continue;
            }
            let Some(to) = &field.field else { continue };
            let show: ShownValues = field
                .show
                .iter()
                .map(|(value, shown)| (value.clone().into_bytes(), shown.to_string().into_bytes()))
                .collect();
            if let Some(otherwise) = &field.otherwise {
                let (at, text) = (shape.want(to), otherwise.to_string().into());
                let from = From::Otherwise { at, text };
                shape.extras.push(Extra { name: name.clone(), key, from });
                continue;
            }
            if to == name {
                if !show.is_empty() {
                    shape.replaced.insert(name.clone().into_bytes(), show);
                }
                continue;
            }
            let (outer, inner) = match to.split_once('.') {
                Some((outer, inner)) => (outer, Some(inner.as_bytes().to_vec())),
                None => (to.as_str(), None),
            };
            let at = shape.want(outer);
            let from = if let Some(item) = &field.contains {
                let item = Value::from(item.as_str()).to_string().into_bytes();
                From::Contains { at, item }
            } else {
                let values = field.values.iter();
                let values: HashMap<_, _> =
                    values.map(|(sent, means)| (sent.to_lowercase(), means.clone())).collect();
                let when = field.when.as_ref().map(|when| shape.want(when));
                From::Member { at, inner, show, when, kept: field.keep.then_some(values) }
            };
            shape.extras.push(Extra { name: name.clone(), key, from });
        }
        if kind == "task" {
            shape.keep = self.keep.iter().cloned().collect();
            shape.keeps_all = shape.keep.remove(EVERYTHING);
            shape.metadata = Some(shape.want("metadata"));
        }
        let is_nothing = shape.extras.is_empty()
            && shape.replaced.is_empty()
            && shape.nested.is_empty()
            && shape.keep.is_empty()
            && !shape.keeps_all
            && shape.whole.is_empty();
        (!is_nothing).then(|| Arc::new(shape))
    }
}

/// A value that contains members of the contract.
fn made(value: &Value, shape: &mut Shape) -> From {
    let text = value.to_string();
    let (mut pieces, mut rest) = (Vec::new(), text.as_str());
    while let Some((before, from)) = rest.split_once("\"$")
        && let Some((name, after)) = from.split_once('"')
    {
        pieces.push((before.into(), Some(shape.want(name))));
        rest = after;
    }
    if pieces.is_empty() {
        return From::Constant(text.into());
    }
    pieces.push((rest.into(), None));
    From::Made(pieces)
}
