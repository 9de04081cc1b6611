//! The tables that a dialect is compiled to, for looking up requests.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;

use super::spec::{FailureRule, QueryRules};
use super::template::Template;

/// An operation in a dialect.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(in crate::dialect) struct Spoken {
    pub(in crate::dialect) id: String,
    pub(in crate::dialect) reader: Reader,
    pub(in crate::dialect) shape: Option<Arc<Shape>>,
    /// The shape of a response with tokens.
    pub(in crate::dialect) signed_in: Option<Arc<Shape>>,
    /// Whether the response includes the total.
    pub(in crate::dialect) is_list: bool,
    pub(in crate::dialect) counts: bool,
    /// Whether success responses stay unchanged.
    pub(in crate::dialect) leaves_answers: bool,
    pub(in crate::dialect) wrap: Option<Template>,
    pub(in crate::dialect) status: Option<u16>,
    pub(in crate::dialect) query: QueryRules,
    /// The parameters that the operation itself reads.
    pub(in crate::dialect) parameters: Vec<String>,
    /// Parameters that name the caller.
    pub(in crate::dialect) user_params: Vec<String>,
    pub(in crate::dialect) errors: HashMap<String, Vec<FailureRule>>,
    pub(in crate::dialect) error_body: ErrorBody,
    pub(in crate::dialect) plain_errors: bool,
}

/// How bodies are read.
#[derive(Clone, Debug, Default)]
pub(in crate::dialect) struct Reader {
    /// The fields that the operation itself reads.
    pub(in crate::dialect) known: BTreeSet<String>,
    pub(in crate::dialect) names: HashMap<String, Incoming>,
    pub(in crate::dialect) joins: Vec<(String, Vec<String>)>,
    pub(in crate::dialect) keep: BTreeSet<String>,
    /// Whether all otherwise unknown fields are kept.
    pub(in crate::dialect) keeps_all: bool,
    pub(in crate::dialect) ignore: BTreeSet<String>,
    /// Fields that state an existing fact, and their accepted values.
    pub(in crate::dialect) only: HashMap<String, Vec<Value>>,
    /// Fields that show whether a user has a role, each with the role: for administrators.
    pub(in crate::dialect) roles: HashMap<String, String>,
}

/// The meaning of a request field.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct Incoming {
    pub(in crate::dialect) to: String,
    pub(in crate::dialect) values: HashMap<String, Value>,
    pub(in crate::dialect) empty_is_null: bool,
    pub(in crate::dialect) keep: bool,
    pub(in crate::dialect) drop_empty: bool,
}

/// How objects are shown.
#[derive(Clone, Debug, Default)]
pub(in crate::dialect) struct Shape {
    /// Members that are needed to show others.
    pub(in crate::dialect) wanted: Vec<Vec<u8>>,
    pub(in crate::dialect) extras: Vec<Extra>,
    /// Members shown with other values.
    pub(in crate::dialect) replaced: HashMap<Vec<u8>, ShownValues>,
    /// Members that are objects with a shape.
    pub(in crate::dialect) nested: HashMap<Vec<u8>, Arc<Shape>>,
    /// Names shown from the metadata.
    pub(in crate::dialect) keep: BTreeSet<String>,
    /// Whether all of it is shown, except what the object has itself.
    pub(in crate::dialect) keeps_all: bool,
    /// The index of the metadata among the wanted members, if needed.
    pub(in crate::dialect) metadata: Option<usize>,
    /// Names under which the whole object is repeated.
    pub(in crate::dialect) whole: Vec<Vec<u8>>,
}

impl Shape {
    pub(in crate::dialect) fn is_same(&self) -> bool {
        self.extras.is_empty()
            && self.replaced.is_empty()
            && self.nested.values().all(|shape| shape.is_same())
            && self.keep.is_empty()
            && !self.keeps_all
            && self.whole.is_empty()
    }

    /// Whether members are only added at the end.
    pub(in crate::dialect) fn only_adds(&self) -> bool {
        self.replaced.is_empty() && self.nested.is_empty() && self.whole.is_empty()
    }

    /// The index of a member among the wanted ones.
    pub(in crate::dialect) fn want(&mut self, name: &str) -> usize {
        let name = name.as_bytes();
        self.wanted.iter().position(|other| other == name).unwrap_or_else(|| {
            self.wanted.push(name.to_vec());
            self.wanted.len() - 1
        })
    }
}

/// Texts of values, and what is shown for each.
pub(in crate::dialect) type ShownValues = Vec<(Vec<u8>, Vec<u8>)>;

/// An additional member.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct Extra {
    pub(in crate::dialect) name: String,
    /// `,"name":`.
    pub(in crate::dialect) key: Vec<u8>,
    pub(in crate::dialect) from: From,
}

/// The source of an additional member.
#[derive(Clone, Debug)]
pub(in crate::dialect) enum From {
    Constant(Vec<u8>),
    /// A constant with members of the contract: a text, and the member after it.
    Made(Vec<(Vec<u8>, Option<usize>)>),
    /// This, if the contract lacks the member.
    Otherwise {
        at: usize,
        text: Vec<u8>,
    },
    Member {
        at: usize,
        inner: Option<Vec<u8>>,
        show: ShownValues,
        /// Null unless this member is true.
        when: Option<usize>,
        /// Where the sent value is kept: shown while it means the current one.
        kept: Option<HashMap<String, Value>>,
    },
    Contains {
        at: usize,
        /// The item, as JSON.
        item: Vec<u8>,
    },
}

/// The body of an error.
#[derive(Clone, Debug)]
pub(in crate::dialect) enum ErrorBody {
    Problem,
    /// The same, with its `detail` also as `message`.
    Message,
    Detail,
    FastApi,
    Template(Value),
}

/// One route.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct Route {
    pub(in crate::dialect) method: Method,
    /// Only with this query parameter, with this value or any.
    pub(in crate::dialect) when: Option<(String, Option<String>)>,
    /// The names of the path parameters.
    pub(in crate::dialect) parts: Vec<String>,
    pub(in crate::dialect) spoken: Arc<Spoken>,
    /// The contract's method and path, unless this is it.
    pub(in crate::dialect) rewrite: Option<(Method, Vec<Part>)>,
    /// Whether its path names a user, unlike the contract's.
    pub(in crate::dialect) names_user: bool,
    pub(in crate::dialect) query: Vec<(String, String)>,
    pub(in crate::dialect) body: Option<Value>,
    /// How it is listed.
    pub(in crate::dialect) listed: String,
    pub(in crate::dialect) is_native: bool,
}

impl Spoken {
    /// Whether this parameter is unknown in a list.
    pub(in crate::dialect) fn lacks(&self, name: &str) -> bool {
        self.is_list && !self.parameters.iter().any(|own| own == name)
    }
}

impl Route {
    /// Whether the operation's query differs from the one sent.
    pub(in crate::dialect) fn asks_otherwise(&self, sent: &[(String, String)]) -> bool {
        let spoken = &self.spoken;
        spoken.counts
            || !self.query.is_empty()
            || sent
                .iter()
                .any(|(name, value)| spoken.query.touches(name, value) || spoken.lacks(name))
            || spoken.wrap.is_some() && spoken.is_list
    }
}

/// A piece of the contract's path.
#[derive(Clone, Debug)]
pub(in crate::dialect) enum Part {
    Text(String),
    /// The alias's path parameter with this number.
    Of(usize),
}

impl Part {
    /// Its text in a request whose path has these parameters.
    pub(in crate::dialect) fn text<'a>(&'a self, parts: &[&'a str]) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Of(at) => parts[*at],
        }
    }
}
