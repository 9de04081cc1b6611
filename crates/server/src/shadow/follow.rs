//! Follows the old backend: one exchange after another, in the order of its responses, so that the databases
//! stay in step. A copy with Doorward's ids and tokens is sent to Doorward, the responses are compared, and
//! consequences of something that Doorward could not do are not counted again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tower::Service;

use super::compare::compare;
use super::copy::{Copying, RequestCopy, token};
use super::exchange::{Exchanged, Observed};
use super::findings::{Difference, DifferenceKind as Kind, Ended, Findings};
use super::learn::{Learner, On, Sent};
use super::places::{RouteBook, template};
use super::swaps::Swaps;
use super::{Reporter, pairs};
use crate::app::{App, Served, operations};
use crate::clock::Clock;
use crate::dialect;
use crate::http::NativeProblem;
use crate::http::client_ip::PeerAddr;

/// The timeout for a copy.
const WITHIN: Duration = Duration::from_secs(30);
/// How often a copy is repeated after something was learned.
const ROUNDS: usize = 8;
const ANSWER: usize = 4 * 1024 * 1024;

pub(super) struct Follower {
    app: App,
    router: Served,
    book: RouteBook,
    learner: Learner,
    swaps: Swaps,
    /// The learned dialect that the router uses.
    spoken: (Map<String, Value>, BTreeMap<String, String>),
    findings: Arc<Mutex<Findings>>,
    reporter: Reporter,
}

/// Doorward's response, with its problem in the contract's terms.
struct Reply {
    heard: Observed,
    problem: Option<Value>,
}

impl Follower {
    pub(super) fn new(app: App, findings: Arc<Mutex<Findings>>, reporter: Reporter) -> Self {
        let router = app.router();
        let book = book(&app);
        let (learner, swaps) = (Learner::default(), Swaps::default());
        let spoken = (Map::new(), BTreeMap::new());
        Self { app, router, book, learner, swaps, spoken, findings, reporter }
    }

    /// Runs until the queue is closed and empty.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Exchanged>) {
        while let Some(exchange) = waiting.recv().await {
            self.follow(exchange).await;
        }
    }

    async fn follow(&mut self, exchange: Exchanged) {
        if matches!(exchange.method, Method::OPTIONS | Method::HEAD) {
            return;
        }
        let lock = |kept: &super::tee::Keeping| {
            let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.whole().map(<[u8]>::to_vec).map(zeroize::Zeroizing::new)
        };
        let (asked, answered) = (lock(&exchange.asked), lock(&exchange.answered));
        // A trailing slash is removed before routing.
        let path = match exchange.uri.path().trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let written = template(&path, &self.swaps);
        let of_old = |status| {
            Observed::of(
                status,
                exchange.kind.as_deref(),
                answered.as_ref().map_or(&[][..], |it| it),
                exchange.took,
            )
        };
        let old = of_old(exchange.status);
        let (mut operation, mut place) = self.found(&exchange.method, &path, exchange.uri.query());
        let mut route = format!("{} {}", exchange.method, place.as_deref().unwrap_or(&written));
        if operation.is_none() && old.status == 404 {
            route = format!("{} (unknown to both)", exchange.method);
        }
        let not = |reason: &str| Ended::Not(reason.to_owned());
        let early = match (exchange.status, &asked, &answered) {
            (0, _, _) => Some(not("the old backend did not respond")),
            (_, None, _) => Some(not("the request was too large, or was incomplete")),
            (300..400, _, _) => Some(not("a redirect, or 304 Not Modified")),
            (500.., _, _) => Some(not("the old backend failed")),
            _ if operation.is_none() && old.body.is_none() && !old.is_empty => Some(not("no JSON")),
            _ if operation.is_none() && old.failed() && old.status == 404 => {
                Some(not("404 in both"))
            }
            _ => None,
        };
        if let Some(early) = early {
            self.note(&route, operation.as_deref(), &old, None, early);
            return;
        }
        let asked = asked.unwrap_or_default();
        let copying = Copying { swaps: &self.swaps, exchange: &exchange };
        let ask = match copying.ask(&asked) {
            Ok(ask) => ask,
            Err(lost) => {
                let why = format!("follows from {lost}");
                self.note(&route, operation.as_deref(), &old, None, Ended::Not(why));
                return;
            }
        };
        let mut first = Vec::new();
        if operation.is_none() && !old.failed() {
            first.push(Difference::new(Kind::Route, "", "", ""));
            let known = operations(&self.app.settings);
            let is_known = |name: &str| known.iter().any(|one| one.id == name);
            let method = exchange.method.as_str();
            if self.learner.route(method, &written, ask.body.as_ref(), is_known).is_some() {
                self.speak();
                (operation, place) = self.found(&exchange.method, &path, exchange.uri.query());
                if let Some(place) = &place {
                    route = format!("{method} {place}");
                }
            }
        }
        let Some(operation) = operation else {
            if old.failed() {
                self.note(
                    &route,
                    None,
                    &old,
                    None,
                    not("Doorward has no such route, and the old backend rejected the request"),
                );
                return;
            }
            copying_lost(&mut self.swaps, &old, &exchange, &route, None);
            let ended = Ended::Compared { left: first, with_dialect: false, mapped: Vec::new() };
            self.note(&route, None, &old, None, ended);
            return;
        };
        let _ = place;
        self.compared(&exchange, (&ask, &old), (&route, &operation), first, answered.is_some())
            .await;
    }

    /// Sends the copy, learns, compares.
    async fn compared(
        &mut self,
        exchange: &Exchanged,
        (ask, old): (&RequestCopy, &Observed),
        (route, operation): (&str, &str),
        mut first: Vec<Difference>,
        is_whole: bool,
    ) {
        let on = On { route, operation };
        let query = pairs(ask.uri.query().unwrap_or_default());
        let sent = Sent { body: ask.body.as_ref(), query: &query };
        let mut reply = self.ask(ask, exchange).await;
        for _ in 0..ROUNDS {
            let refused = old.succeeded() && reply.heard.failed();
            let Some(problem) = reply.problem.as_ref().filter(|_| refused) else { break };
            if first.is_empty() {
                first = compare(old, &reply.heard, &self.swaps);
            }
            if !self.learner.refusal(on, sent, problem, old) || !self.speak() {
                break;
            }
            reply = self.ask(ask, exchange).await;
        }
        let took = Some(reply.heard.took);
        let unknown = ask.unknown_token && reply.heard.status == 401 && !old.failed();
        if unknown {
            let why = "signed in before the rehearsal began".to_owned();
            self.note(route, Some(operation), old, took, Ended::Not(why));
            return;
        }
        if old.succeeded() && reply.heard.failed() {
            copying_lost(&mut self.swaps, old, exchange, route, Some(operation));
        } else if old.succeeded() {
            super::copy::learn(&mut self.swaps, exchange, old, &reply.heard, operation);
            self.sign_in(exchange, ask, (old, &reply.heard)).await;
        }
        if !is_whole {
            let why = "the response was too large, or was incomplete".to_owned();
            self.note(route, Some(operation), old, took, Ended::Not(why));
            return;
        }
        let mut left = compare(old, &reply.heard, &self.swaps);
        if first.is_empty() {
            first.clone_from(&left);
        }
        for _ in 0..ROUNDS {
            if left.is_empty() {
                break;
            }
            if old.succeeded() && reply.heard.succeeded() {
                self.learner.answers(on, sent, (old, &reply.heard), &left, &self.swaps);
            } else if old.failed() && reply.heard.failed() {
                let code = reply.problem.as_ref().and_then(|problem| problem["code"].as_str());
                self.learner.failures(on, (old, &reply.heard), code);
            }
            let learnt = self.speak();
            let may_ask_again = exchange.method == Method::GET || reply.heard.failed();
            if !learnt || !may_ask_again {
                break;
            }
            reply = self.ask(ask, exchange).await;
            left = compare(old, &reply.heard, &self.swaps);
        }
        let explained: Vec<_> = if exchange.method == Method::GET || old.failed() {
            left.clone()
        } else {
            // The effect of a new entry shows at the next call.
            left.iter()
                .filter(|one| !matches!(one.kind, Kind::Missing | Kind::Value | Kind::Type))
                .cloned()
                .collect()
        };
        self.learner.explain(route, &explained);
        let with_dialect =
            !first.is_empty() || self.learner.touches(route, Some(operation), old.failed());
        let mapped = first.into_iter().filter(|one| !left.contains(one)).collect();
        self.note(
            route,
            Some(operation),
            old,
            took,
            Ended::Compared { left, with_dialect, mapped },
        );
    }

    fn found(
        &self,
        method: &Method,
        path: &str,
        query: Option<&str>,
    ) -> (Option<String>, Option<String>) {
        match self.book.find(method, path, query.unwrap_or_default()) {
            Some((operation, place)) => (Some(operation.into()), Some(place.into())),
            None => (None, None),
        }
    }

    /// Applies what was learned; false if nothing was, or if it is invalid.
    fn speak(&mut self) -> bool {
        if !self.learner.has_changed() {
            return false;
        }
        let app = self
            .app
            .speaking(&Value::Object(self.learner.dialect().clone()), self.learner.settings());
        let problems =
            dialect::of(&app.settings, &operations(&app.settings), Clock::system()).err();
        if let Some(problems) = problems {
            tracing::warn!(?problems, "an entry that was found is not accepted");
            let (dialect, settings) = self.spoken.clone();
            self.learner.restore(dialect, settings);
            self.learner.has_changed();
            return false;
        }
        self.router = app.router();
        self.book = book(&app);
        self.spoken = (self.learner.dialect().clone(), self.learner.settings().clone());
        let whole = app.settings.dialect.as_deref().and_then(|it| serde_json::from_str(it).ok());
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.dialect = whole.unwrap_or_default();
        findings.settings = self.learner.settings().clone();
        true
    }

    async fn ask(&self, ask: &RequestCopy, exchange: &Exchanged) -> Reply {
        let mut request = Request::new(Body::from(ask.bytes.to_vec()));
        *request.method_mut() = exchange.method.clone();
        *request.uri_mut() = ask.uri.clone();
        *request.headers_mut() = ask.headers.clone();
        self.send(request, exchange.peer).await
    }

    async fn send(&self, mut request: Request<Body>, peer: Option<SocketAddr>) -> Reply {
        let began = Instant::now();
        let failure = |why: &str, took| Reply {
            heard: Observed::of(599, Some(why), b"", took),
            problem: None,
        };
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("localhost"));
        if let Some(peer) = peer {
            request.extensions_mut().insert(PeerAddr(peer));
        }
        let mut router = self.router.clone();
        // On its own task, so that a panic only ends this task.
        let working = tokio::spawn(async move {
            let Ok(response) = router.call(request).await;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER).collect().await;
            (head, body.map(http_body_util::Collected::to_bytes))
        });
        let (head, body) = match timeout(WITHIN, working).await {
            Ok(Ok((head, Ok(body)))) => (head, body),
            Ok(Ok((_, Err(_)))) => return failure("the response is too large", began.elapsed()),
            Ok(Err(_)) => return failure("it panicked", began.elapsed()),
            Err(_) => return failure("it took too long", began.elapsed()),
        };
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let answer = Observed::of(head.status.as_u16(), kind, &body, began.elapsed());
        let native = head.extensions.get::<NativeProblem>().map(|NativeProblem(it)| it.clone());
        let problem = native.or_else(|| answer.body.clone().filter(|_| answer.failed()));
        Reply { heard: answer, problem }
    }

    /// If the old backend signs users in at registration and Doorward does not yet, a copied sign-in provides
    /// the token that replaces the old one.
    async fn sign_in(
        &mut self,
        exchange: &Exchanged,
        ask: &RequestCopy,
        (old, new): (&Observed, &Observed),
    ) {
        let token =
            |heard: &Observed| heard.body.as_ref().is_some_and(|it| token(it, false).is_some());
        if !token(old) || token(new) {
            return;
        }
        let Some(body) = super::copy::sign_in(ask.body.as_ref()) else { return };
        let path = format!("{}/login", self.app.settings.auth_path);
        let Ok(uri) = path.parse() else { return };
        let mut headers = axum::http::HeaderMap::new();
        let json = header::HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let bytes = zeroize::Zeroizing::new(body.to_vec());
        let ask = RequestCopy { uri, headers, bytes, body: None, unknown_token: false };
        let mut request = Request::new(Body::from(ask.bytes.to_vec()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = ask.uri.clone();
        *request.headers_mut() = ask.headers.clone();
        let reply = self.send(request, exchange.peer).await;
        super::copy::learn(&mut self.swaps, exchange, old, &reply.heard, "sessions.login");
    }

    fn note(
        &self,
        route: &str,
        operation: Option<&str>,
        old: &Observed,
        took: Option<Duration>,
        ended: Ended,
    ) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = findings.add(route, operation, (old.took, took), ended);
        findings.unmapped = self.learner.unmapped();
        drop(findings);
        for one in &fresh {
            (self.reporter)(route, one);
        }
    }
}

fn copying_lost(
    swaps: &mut Swaps,
    old: &Observed,
    exchange: &Exchanged,
    route: &str,
    operation: Option<&str>,
) {
    super::copy::lose(swaps, exchange, old, route, operation);
}

fn book(app: &App) -> RouteBook {
    let operations = operations(&app.settings);
    let dialects = dialect::of(&app.settings, &operations, Clock::system());
    let dialects = dialects.ok().flatten();
    RouteBook::of(&operations, dialects.as_ref().map_or(&[], |dialects| dialects.aliases()))
}
