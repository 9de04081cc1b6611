//! The results of a rehearsal: for each route how often the responses were equal, and each kind of difference
//! once. Contains no values of requests or responses: only names, types, formats and counts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Further routes and kinds of difference are only counted.
const ROUTES: usize = 500;
const KINDS: usize = 100;
/// The number of latest durations kept per route.
const TIMES: usize = 1024;

/// The results of a rehearsal.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Findings {
    /// The version of this format.
    pub version: u32,
    /// By method and path.
    pub routes: BTreeMap<String, RouteFindings>,
    /// Exchanges dropped because the queue was full.
    pub overflowed: u64,
    /// Protocol upgrades (such as WebSocket), which were rejected.
    pub upgrades: u64,
    /// Exchanges of routes beyond the maximum.
    pub unlisted: u64,
    /// The dialects that were configured.
    pub compat: Vec<String>,
    /// The dialect that makes the responses equal, as far as found: for `[dialect]`.
    pub dialect: Map<String, Value>,
    /// Additional settings.
    pub settings: BTreeMap<String, String>,
    /// What no dialect can map, by route, with the reason.
    pub unmapped: BTreeMap<String, Vec<String>>,
}

/// One route.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RouteFindings {
    /// Doorward's operation.
    pub operation: Option<String>,
    /// Exchanges.
    pub calls: u64,
    /// Those with equal responses under the current configuration.
    pub same: u64,
    /// Those with equal responses under the suggested dialect.
    pub same_with_dialect: u64,
    /// Those with different responses.
    pub differing: u64,
    /// Those that were not compared, by reason.
    pub not_compared: BTreeMap<String, u64>,
    /// The differences, each once.
    pub differences: Vec<Difference>,
    /// How long the old backend took.
    pub old: Times,
    /// How long Doorward took, in this process.
    pub new: Times,
}

/// Milliseconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Times {
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    #[serde(skip)]
    latest: VecDeque<f64>,
}

/// A difference between responses.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub struct Difference {
    /// Its kind.
    pub kind: DifferenceKind,
    /// Its location: a path of names, empty for the whole response.
    pub at: String,
    /// The old backend's behaviour.
    pub old: String,
    /// Doorward's behaviour.
    pub new: String,
    /// The number of occurrences.
    pub times: u64,
    /// Whether the suggested dialect covers it.
    pub mapped: bool,
}

/// Kinds of differences.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Doorward has no such route.
    Route,
    /// The old backend accepted it, Doorward rejected it.
    Refused,
    /// The old backend rejected it, Doorward accepted it.
    Allowed,
    /// Both accepted or both rejected it, with different statuses.
    Status,
    /// Another content type.
    ContentType,
    /// A list or an object has another envelope.
    Envelope,
    /// A member is missing.
    Missing,
    /// Another JSON type.
    Type,
    /// A time has another format.
    Times,
    /// Ids have another type.
    Ids,
    /// Another value.
    #[default]
    Value,
    /// A list has another number of items.
    Length,
    /// A list is in another order.
    Order,
    /// A token has different claims about its user.
    Claims,
    /// Doorward failed or took too long.
    Failure,
}

impl DifferenceKind {
    /// Its name in options and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Refused => "refused",
            Self::Allowed => "allowed",
            Self::Status => "status",
            Self::ContentType => "content_type",
            Self::Envelope => "envelope",
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Times => "times",
            Self::Ids => "ids",
            Self::Value => "value",
            Self::Length => "length",
            Self::Order => "order",
            Self::Claims => "claims",
            Self::Failure => "failure",
        }
    }
}

impl Difference {
    pub(super) fn new(
        kind: DifferenceKind,
        at: &str,
        old: impl Into<String>,
        new: impl Into<String>,
    ) -> Self {
        let (at, old, new) = (at.to_owned(), old.into(), new.into());
        Self { kind, at, old, new, times: 1, mapped: false }
    }

    /// The names of all kinds.
    pub const KINDS: [&'static str; 15] = [
        "route",
        "refused",
        "allowed",
        "status",
        "content_type",
        "envelope",
        "missing",
        "type",
        "times",
        "ids",
        "value",
        "length",
        "order",
        "claims",
        "failure",
    ];

    fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.at, &self.old, &self.new)
            == (other.kind, &other.at, &other.old, &other.new)
    }

    /// One short sentence.
    pub fn sentence(&self) -> String {
        let Self { kind, at, old, new, .. } = self;
        let place = if at.is_empty() { "The answer" } else { at };
        match kind {
            DifferenceKind::Route => "Doorward has no such route.".to_owned(),
            DifferenceKind::Refused => {
                format!("The old backend answers {old}; Doorward rejects it: {new}.")
            }
            DifferenceKind::Allowed => {
                format!("The old backend rejects it with {old}; Doorward answers {new}.")
            }
            DifferenceKind::Status => format!("The status was {old} and is {new}."),
            DifferenceKind::ContentType => format!("The content type was {old} and is {new}."),
            DifferenceKind::Envelope => format!("{place} was {old} and is {new}."),
            DifferenceKind::Missing => format!("{place} ({old}) is missing."),
            DifferenceKind::Type | DifferenceKind::Times | DifferenceKind::Ids => {
                format!("{place} was {old} and is {new}.")
            }
            DifferenceKind::Value if old == new => format!("{place} has a different value."),
            DifferenceKind::Value => format!("{place} has a different value: {old}, not {new}."),
            DifferenceKind::Length => format!("{place} has a different number of items."),
            DifferenceKind::Order => format!("{place} is in a different order."),
            DifferenceKind::Claims => format!("The token's claim {at} was {old} and is {new}."),
            DifferenceKind::Failure => format!("Doorward failed: {new}."),
        }
    }
}

impl Times {
    fn add(&mut self, took: Duration) {
        if self.latest.len() == TIMES {
            self.latest.pop_front();
        }
        self.latest.push_back(took.as_secs_f64() * 1000.0);
    }

    fn settle(&mut self) {
        let mut all: Vec<f64> = self.latest.iter().copied().collect();
        if all.is_empty() {
            return;
        }
        all.sort_by(f64::total_cmp);
        let rounded = |at: usize| (all[at.min(all.len() - 1)] * 10.0).round() / 10.0;
        self.p50 = rounded(all.len() / 2);
        self.p95 = rounded(all.len() * 95 / 100);
    }
}

/// The result of an exchange.
pub(super) enum Ended {
    /// These differences remain; also whether the suggested dialect applied, and the differences that it
    /// covers.
    Compared { left: Vec<Difference>, with_dialect: bool, mapped: Vec<Difference> },
    /// Not compared, for this reason.
    Not(String),
}

impl Findings {
    pub(super) fn new(compat: Vec<String>) -> Self {
        Self { version: 1, compat, ..Self::default() }
    }

    /// Adds an exchange; returns the differences that are new for this route.
    pub(super) fn add(
        &mut self,
        route: &str,
        operation: Option<&str>,
        times: (Duration, Option<Duration>),
        outcome: Ended,
    ) -> Vec<Difference> {
        if self.routes.len() >= ROUTES && !self.routes.contains_key(route) {
            self.unlisted += 1;
            return Vec::new();
        }
        let found = self.routes.entry(route.to_owned()).or_default();
        found.calls += 1;
        if let Some(operation) = operation {
            found.operation = Some(operation.to_owned());
        }
        found.old.add(times.0);
        if let Some(took) = times.1 {
            found.new.add(took);
        }
        let (left, mapped) = match outcome {
            Ended::Not(reason) => {
                *found.not_compared.entry(reason).or_default() += 1;
                return Vec::new();
            }
            Ended::Compared { left, with_dialect, mapped } => {
                let counter = match (left.is_empty(), with_dialect) {
                    (false, _) => &mut found.differing,
                    (true, true) => &mut found.same_with_dialect,
                    (true, false) => &mut found.same,
                };
                *counter += 1;
                (left, mapped)
            }
        };
        let mut fresh = Vec::new();
        let mapped = mapped.into_iter().map(|one| Difference { mapped: true, ..one });
        for one in left.into_iter().chain(mapped) {
            let like = found.differences.iter_mut().find(|other| other.is_like(&one));
            if let Some(like) = like {
                like.times += 1;
                like.mapped = one.mapped;
            } else if found.differences.len() < KINDS {
                found.differences.push(one.clone());
                fresh.push(one);
            }
        }
        fresh
    }

    /// The same with the durations evaluated.
    pub(super) fn settled(&self) -> Self {
        let mut all = self.clone();
        for route in all.routes.values_mut() {
            route.old.settle();
            route.new.settle();
        }
        all
    }

    /// The number of exchanges of listed routes.
    pub fn calls(&self) -> u64 {
        self.routes.values().map(|route| route.calls).sum()
    }

    /// Calls whose responses differ under the current configuration, except those with only these kinds of
    /// differences.
    pub fn differing(&self, accepted: &[String]) -> u64 {
        let differs = |route: &&RouteFindings| {
            let counts = |one: &&Difference| !accepted.iter().any(|word| word == one.kind.word());
            route.differences.iter().any(|one| counts(&one))
        };
        let calls = |route: &RouteFindings| route.differing + route.same_with_dialect;
        self.routes.values().filter(differs).map(calls).sum()
    }
}
