//! What a dialect becomes at the start of a server: tables that a request is looked up in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;

use super::spec::{FailureRule, QueryRules};
use super::template::Template;

/// An operation in a dialect.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) id: String,
    pub(super) reader: Reader,
    pub(super) shape: Option<Arc<Shape>>,
    /// The shape if the answer has tokens.
    pub(super) signed_in: Option<Arc<Shape>>,
    pub(super) is_list: bool,
    pub(super) wrap: Option<Template>,
    pub(super) status: Option<u16>,
    pub(super) query: QueryRules,
    pub(super) errors: HashMap<String, FailureRule>,
    pub(super) error_body: ErrorBody,
    pub(super) plain_errors: bool,
}

impl Spoken {
    /// Whether an answer that succeeds stays as it is.
    pub(super) fn leaves_answers(&self) -> bool {
        let same = |shape: Option<&Arc<Shape>>| shape.is_none_or(|it| it.is_same());
        same(self.shape.as_ref())
            && same(self.signed_in.as_ref())
            && self.wrap.is_none()
            && self.status.is_none()
    }
}

/// How bodies are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    /// What the operation reads itself.
    pub(super) known: BTreeSet<String>,
    pub(super) names: HashMap<String, Incoming>,
    pub(super) joins: Vec<(String, Vec<String>)>,
    pub(super) keep: BTreeSet<String>,
    pub(super) ignore: BTreeSet<String>,
}

/// What a field that is sent means.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) to: String,
    pub(super) values: HashMap<String, Value>,
    pub(super) empty_is_null: bool,
    pub(super) keep: bool,
}

/// How objects are shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Members that are needed to show others.
    pub(super) wanted: Vec<Vec<u8>>,
    pub(super) extras: Vec<Extra>,
    /// Members shown by other values.
    pub(super) replaced: HashMap<Vec<u8>, ShownValues>,
    /// Members that are objects of a shape themselves.
    pub(super) nested: HashMap<Vec<u8>, Arc<Shape>>,
    /// Names shown from the metadata.
    pub(super) keep: BTreeSet<String>,
    /// Names of the whole object once more.
    pub(super) whole: Vec<Vec<u8>>,
}

impl Shape {
    fn is_same(&self) -> bool {
        self.extras.is_empty()
            && self.replaced.is_empty()
            && self.nested.values().all(|shape| shape.is_same())
            && self.keep.is_empty()
            && self.whole.is_empty()
    }

    /// The place of a member among those that are needed.
    pub(super) fn want(&mut self, name: &str) -> usize {
        let name = name.as_bytes();
        self.wanted.iter().position(|other| other == name).unwrap_or_else(|| {
            self.wanted.push(name.to_vec());
            self.wanted.len() - 1
        })
    }
}

/// The texts of values, and what is shown for each.
pub(super) type ShownValues = Vec<(Vec<u8>, Vec<u8>)>;

/// One member more.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    pub(super) name: String,
    /// `,"name":`.
    pub(super) key: Vec<u8>,
    pub(super) from: From,
}

/// Where a further member comes from.
#[derive(Clone, Debug)]
pub(super) enum From {
    Constant(Vec<u8>),
    Member {
        at: usize,
        inner: Option<Vec<u8>>,
        show: ShownValues,
        /// Where the sent value is kept: shown while it means the present one.
        kept: Option<HashMap<String, Value>>,
    },
    Contains {
        at: usize,
        /// The item, as JSON.
        item: Vec<u8>,
    },
}

/// What the body of a failure is.
#[derive(Clone, Debug)]
pub(super) enum ErrorBody {
    Problem,
    Detail,
    FastApi,
    Template(Value),
}

/// One route.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: Method,
    /// Only with this parameter in the query.
    pub(super) when: Option<(String, String)>,
    /// The names of the parts of the path.
    pub(super) parts: Vec<String>,
    pub(super) spoken: Arc<Spoken>,
    /// The contract's method and path, unless this is it.
    pub(super) rewrite: Option<(Method, Vec<Part>)>,
    /// Whether its path names a user that the contract's does not.
    pub(super) names_user: bool,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// How it is listed.
    pub(super) listed: String,
    pub(super) is_native: bool,
}

/// A piece of the contract's path.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    /// The part of the alias with this number.
    Of(usize),
}
