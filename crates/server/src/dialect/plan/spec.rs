//! What a dialect says, as it is written: in TOML for the built-in ones, as `[dialect]` in
//! `doorward.toml` for an operator's own. Later dialects are laid over earlier ones.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A dialect, or several laid over each other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct Habits {
    /// What it is for.
    pub about: String,
    /// Settings that it sets where nobody else does.
    pub settings: BTreeMap<String, String>,
    /// `METHOD /path`, `METHOD /path?name` or `METHOD /path?name=value`: what answers there.
    pub routes: BTreeMap<String, RouteTarget>,
    /// Further places of the tasks.
    pub tasks_at: Vec<String>,
    /// Fields by what they belong to: `task`, `user`, `account`, `tokens`, ….
    pub fields: BTreeMap<String, BTreeMap<String, Rule>>,
    /// Fields of the app's own, kept in a task's metadata.
    pub keep: Vec<String>,
    /// Fields that are read and dropped, since the server decides them.
    pub ignore: Vec<String>,
    /// Query parameters by operation.
    pub query: BTreeMap<String, QueryRules>,
    /// Query parameters of tasks that name the caller.
    pub user_params: Vec<String>,
    /// What answers look like, by operation.
    pub answers: BTreeMap<String, AnswerRule>,
    /// How a list is wrapped: a word or a template.
    pub list: Option<Value>,
    /// How a single task is wrapped: a word or a template.
    pub item: Option<Value>,
    /// The word for a task that is not done.
    pub open_status: Option<String>,
    /// What deleting answers with: `empty` or `message`.
    pub delete: Option<String>,
    /// What failures look like, by operation (`*` for all) and code.
    pub errors: BTreeMap<String, BTreeMap<String, FailureRule>>,
    /// The body of every failure: `problem`, `message`, `detail`, `fastapi`, or a template.
    pub error_body: Option<Value>,
    /// Whether failures are `application/json` instead of `application/problem+json`.
    pub plain_errors: Option<bool>,
}

/// What answers on a route.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::dialect) enum RouteTarget {
    /// An operation.
    Operation(String),
    /// An operation, with what it is asked for.
    Fixed(Fixed),
}

/// An operation with parts of its request given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dialect) struct Fixed {
    /// Its name.
    pub operation: String,
    /// Parameters of its query; `{now}`, `{today}`, `{tomorrow}` and parts of the path may be in them.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The body instead of the client's; parts of the path may be in it.
    pub body: Option<Value>,
}

/// A field: another name of one, or more about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::dialect) enum Rule {
    /// The contract's name.
    Name(String),
    /// Details.
    FieldRule(Box<FieldRule>),
}

/// What a field means.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct FieldRule {
    /// The contract's name.
    pub field: Option<String>,
    /// Values that clients send, in any case, and what they mean.
    pub values: BTreeMap<String, Value>,
    /// Values of the contract, and what clients are shown.
    pub show: BTreeMap<String, Value>,
    /// Empty text means null.
    pub empty_is_null: bool,
    /// Keeps the sent value in the metadata too, to be shown again while it still means the same.
    pub keep: bool,
    /// It is sent only, never shown.
    pub hidden: bool,
    /// It is shown only, never read.
    pub shown_only: bool,
    /// True if the list `field` holds this.
    pub contains: Option<String>,
    /// Further fields that are sent, joined by spaces to one.
    pub join: Vec<String>,
    /// Values that say what is so anyway: they are dropped, and others refused.
    pub only: Vec<Value>,
    /// An empty object, list or text is as if nothing was sent.
    pub drop_empty: bool,
    /// What is shown where the contract shows nothing.
    pub otherwise: Option<Value>,
    /// Null unless this field is true.
    pub when: Option<String>,
    /// A value that is always the same, but for `"$name"`s in it, which are fields of the contract.
    pub constant: Option<Value>,
    /// The whole object once more under this name.
    pub whole: bool,
}

/// What a query means.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct QueryRules {
    /// Other names of parameters.
    pub rename: BTreeMap<String, String>,
    /// Values that mean that a parameter was not given.
    pub unset: Vec<String>,
    /// Parameters whose values are spelled otherwise.
    pub values: BTreeMap<String, ValueMap>,
    /// Names of the field to sort by.
    pub sort_by: Vec<String>,
    /// Names of the direction.
    pub order: Vec<String>,
    /// Other names of fields to sort by.
    pub sort_fields: BTreeMap<String, String>,
    /// Names of the page's number, from 1.
    pub page: Vec<String>,
    /// Names of the page's size.
    pub size: Vec<String>,
    /// Parameters that are read and dropped. Others that the contract does not know are refused.
    pub ignore: Vec<String>,
}

/// A parameter whose values are spelled otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dialect) struct ValueMap {
    /// The contract's parameter.
    pub to: String,
    /// The values.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Values that stand for several parameters; `{now}`, `{today}` and `{tomorrow}` may be in them.
    #[serde(default)]
    pub several: BTreeMap<String, BTreeMap<String, String>>,
}

/// What an answer looks like.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct AnswerRule {
    /// Its status.
    pub status: Option<u16>,
    /// A template; `$item` is what the contract answers.
    pub body: Option<Value>,
}

/// What a failure looks like.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::dialect) struct FailureRule {
    /// Only if this field was refused.
    pub field: Option<String>,
    /// Its status.
    pub status: Option<u16>,
    /// Its `$code`.
    pub code: Option<String>,
    /// Its `detail`; `$detail` and `$msg` in it are the contract's.
    pub detail: Option<Value>,
}

impl Habits {
    /// Lays another over this one.
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
    /// Whether a parameter is asked for as another, or not at all.
    pub(in crate::dialect) fn touches(&self, name: &str, value: &str) -> bool {
        let lists = [&self.sort_by, &self.order, &self.page, &self.size];
        self.rename.contains_key(name)
            || self.values.contains_key(name)
            || self.unset.iter().any(|unset| unset.eq_ignore_ascii_case(value))
            || lists.into_iter().flatten().any(|other| other == name)
    }
}
