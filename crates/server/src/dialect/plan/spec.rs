//! A dialect as written: in TOML for the built-in ones, as `[dialect]` in `doorward.toml` for an operator's
//! own. Later dialects take precedence.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A dialect, or several merged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct Habits {
    /// Its purpose.
    pub about: String,
    /// Settings that it sets by default.
    pub settings: BTreeMap<String, String>,
    /// `METHOD /path`, `METHOD /path?name` or `METHOD /path?name=value`, with its target.
    pub routes: BTreeMap<String, RouteTarget>,
    /// Additional paths of the tasks.
    pub tasks_at: Vec<String>,
    /// Fields by object: `task`, `user`, `account`, `tokens`, ….
    pub fields: BTreeMap<String, BTreeMap<String, Rule>>,
    /// The app's own fields, kept in a task's metadata.
    pub keep: Vec<String>,
    /// Fields that are dropped, since the server decides them.
    pub ignore: Vec<String>,
    /// Query parameters by operation.
    pub query: BTreeMap<String, QueryRules>,
    /// Query parameters of tasks that name the caller.
    pub user_params: Vec<String>,
    /// Responses, by operation.
    pub answers: BTreeMap<String, AnswerRule>,
    /// The envelope of a list: a name or a template.
    pub list: Option<Value>,
    /// The envelope of a single task: a name or a template.
    pub item: Option<Value>,
    /// The status of an incomplete task.
    pub open_status: Option<String>,
    /// The response to a deletion: `empty` or `message`.
    pub delete: Option<String>,
    /// Errors, by operation (`*` for all) and code.
    pub errors: BTreeMap<String, BTreeMap<String, FailureRule>>,
    /// The body of all errors: `problem`, `message`, `detail`, `fastapi`, or a template.
    pub error_body: Option<Value>,
    /// Whether errors are `application/json` instead of `application/problem+json`.
    pub plain_errors: Option<bool>,
}

/// The target of a route.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::dialect) enum RouteTarget {
    /// An operation.
    Operation(String),
    /// An operation with fixed parts of its request.
    Fixed(Fixed),
}

/// An operation with fixed parts of its request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dialect) struct Fixed {
    /// Its name.
    pub operation: String,
    /// Query parameters; `{now}`, `{today}`, `{tomorrow}` and path parameters are filled in.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The body instead of the client's; path parameters are filled in.
    pub body: Option<Value>,
}

/// A field: the contract's name, or more options.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::dialect) enum Rule {
    /// The contract's name.
    Name(String),
    /// Details.
    FieldRule(Box<FieldRule>),
}

/// The meaning of a field.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct FieldRule {
    /// The contract's name.
    pub field: Option<String>,
    /// Values that clients send, case-insensitive, and what they mean.
    pub values: BTreeMap<String, Value>,
    /// Values of the contract, and what is shown instead.
    pub show: BTreeMap<String, Value>,
    /// An empty text means null.
    pub empty_is_null: bool,
    /// Stores the sent value in the metadata too, and shows it while it still means the same.
    pub keep: bool,
    /// It is in requests only.
    pub hidden: bool,
    /// It is in responses only.
    pub shown_only: bool,
    /// True if the list `field` contains this.
    pub contains: Option<String>,
    /// Additional request fields, joined with spaces into one.
    pub join: Vec<String>,
    /// Values that state the existing fact: they are dropped, all others rejected.
    pub only: Vec<Value>,
    /// An empty object, list or text counts as absent.
    pub drop_empty: bool,
    /// Shown if the contract has no value.
    pub otherwise: Option<Value>,
    /// Null unless this field is true.
    pub when: Option<String>,
    /// A fixed value, in which `"$name"` is a field of the contract.
    pub constant: Option<Value>,
    /// The whole object again under this name.
    pub whole: bool,
}

/// The meaning of a query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct QueryRules {
    /// Other names of parameters.
    pub rename: BTreeMap<String, String>,
    /// Values that mean "not given".
    pub unset: Vec<String>,
    /// Parameters with other values.
    pub values: BTreeMap<String, ValueMap>,
    /// Parameters with the field to sort by.
    pub sort_by: Vec<String>,
    /// Parameters with the direction.
    pub order: Vec<String>,
    /// Other names of fields to sort by.
    pub sort_fields: BTreeMap<String, String>,
    /// Parameters with the page number, from 1.
    pub page: Vec<String>,
    /// Parameters with the page size.
    pub size: Vec<String>,
    /// Parameters that are dropped. Other unknown ones are rejected.
    pub ignore: Vec<String>,
}

/// A parameter with other values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dialect) struct ValueMap {
    /// The contract's parameter.
    pub to: String,
    /// The values.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Values that stand for several parameters; `{now}`, `{today}` and `{tomorrow}` are filled in.
    #[serde(default)]
    pub several: BTreeMap<String, BTreeMap<String, String>>,
}

/// A response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct AnswerRule {
    /// Its status.
    pub status: Option<u16>,
    /// A template; `$item` is the contract's response.
    pub body: Option<Value>,
}

/// An error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct FailureRule {
    /// Applies only if this field was invalid.
    pub field: Option<String>,
    /// Its status.
    pub status: Option<u16>,
    /// Its `$code`.
    pub code: Option<String>,
    /// Its `detail`; `$detail` and `$msg` in it are the contract's.
    pub detail: Option<Value>,
}

impl Habits {
    /// Merges another dialect, which takes precedence.
    pub(in crate::dialect) fn lay(&mut self, over: Self) {
        fn nested<T>(
            under: &mut BTreeMap<String, BTreeMap<String, T>>,
            over: BTreeMap<String, BTreeMap<String, T>>,
        ) {
            for (name, inner) in over {
                under.entry(name).or_default().extend(inner);
            }
        }
        self.settings.extend(over.settings);
        self.routes.extend(over.routes);
        self.tasks_at.extend(over.tasks_at);
        nested(&mut self.fields, over.fields);
        nested(&mut self.errors, over.errors);
        self.keep.extend(over.keep);
        self.ignore.extend(over.ignore);
        self.user_params.extend(over.user_params);
        self.query.extend(over.query);
        self.answers.extend(over.answers);
        self.list = over.list.or(self.list.take());
        self.item = over.item.or(self.item.take());
        self.open_status = over.open_status.or(self.open_status.take());
        self.delete = over.delete.or(self.delete.take());
        self.error_body = over.error_body.or(self.error_body.take());
        self.plain_errors = over.plain_errors.or(self.plain_errors);
    }
}

impl QueryRules {
    /// Whether a parameter is renamed, mapped or dropped.
    pub(in crate::dialect) fn touches(&self, name: &str, value: &str) -> bool {
        let lists = [&self.sort_by, &self.order, &self.page, &self.size];
        self.rename.contains_key(name)
            || self.values.contains_key(name)
            || self.unset.iter().any(|unset| unset.eq_ignore_ascii_case(value))
            || lists.into_iter().flatten().any(|other| other == name)
    }
}
