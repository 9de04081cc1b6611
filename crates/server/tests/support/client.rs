//! The actor of every API test: a client with or without a token, calling the real router, or a
//! process that serves it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use doorward::app::Served;
use doorward::http::client_ip::PeerAddr;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The password every signed-up user has.
pub const PASSWORD: &str = "correct horse battery staple";

/// A client of one application.
#[derive(Clone)]
pub struct Client {
    pub(super) callee: Callee,
    /// The folder of the application's SQLite file, which is there for as long as it has a client.
    pub(super) folder: Option<Arc<tempfile::TempDir>>,
    /// The address it calls from.
    pub peer: Option<IpAddr>,
    /// Its access token, sent with each request.
    pub token: Option<String>,
    /// Its refresh token.
    pub refresh_token: Option<String>,
    /// The user it signed up as.
    pub user: Value,
}

/// Whom a client calls.
#[derive(Clone)]
pub enum Callee {
    /// The router, in this process.
    Served(Served),
    /// Whoever listens on this port of 127.0.0.1.
    Process(u16),
}

impl From<Served> for Callee {
    fn from(routes: Served) -> Self {
        Self::Served(routes)
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null if it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header's text; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("an ASCII header"))
    }

    /// Asserts the status, showing the body if it differs.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts that this is a well-formed problem document with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        let body = reply.json();
        assert_eq!(reply.header("content-type"), "application/problem+json", "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["type"], format!("urn:doorward:problem:{code}"), "{body}");
        assert!(body["detail"].is_string() && body["title"].is_string(), "{body}");
        assert!(!reply.header("x-request-id").is_empty(), "no request id");
        reply
    }
}

impl Client {
    /// A client that nobody has signed in.
    pub fn anonymous(callee: impl Into<Callee>) -> Self {
        let callee = callee.into();
        Self {
            callee,
            folder: None,
            peer: None,
            token: None,
            refresh_token: None,
            user: Value::Null,
        }
    }

    /// The same client calling from an address.
    pub fn from(&self, ip: &str) -> Self {
        Self { peer: Some(ip.parse().expect("an address")), ..self.clone() }
    }

    /// The same client calling another process of the application.
    pub fn through(&self, app: &super::TestApp) -> Self {
        Self { callee: app.router.clone().into(), ..self.clone() }
    }

    /// The same client calling a process.
    pub fn calling(&self, process: &super::process::Server) -> Self {
        Self { callee: Callee::Process(process.port), ..self.clone() }
    }

    /// The same client with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Signs in by JSON and keeps the tokens.
    pub async fn login(&self, email: &str, password: &str) -> Self {
        let reply = Self { token: None, ..self.clone() }
            .post("/auth/login", json!({"email": email, "password": password}))
            .await
            .expect(200)
            .json();
        Self {
            token: reply["access_token"].as_str().map(Into::into),
            refresh_token: reply["refresh_token"].as_str().map(Into::into),
            ..self.clone()
        }
    }

    /// Sends a request, adding the token.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse().expect("a header value");
            request.headers_mut().entry(header::AUTHORIZATION).or_insert(value);
        }
        if let Some(ip) = self.peer {
            request.extensions_mut().insert(PeerAddr(SocketAddr::new(ip, 4711)));
        }
        let response = match self.callee.clone() {
            Callee::Served(routes) => {
                routes.oneshot(request).await.expect("the router never fails")
            }
            Callee::Process(port) => super::process::exchange(port, request).await,
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Reply { status, headers, bytes: bytes.to_vec() }
    }

    /// Sends a method with any body bytes and headers.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    async fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.raw(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.raw("GET", path, &[], Body::empty()).await
    }

    /// DELETE without a body.
    pub async fn delete(&self, path: &str) -> Reply {
        self.raw("DELETE", path, &[], Body::empty()).await
    }

    /// DELETE with a JSON body.
    pub async fn delete_with(&self, path: &str, body: Value) -> Reply {
        self.json("DELETE", path, &body).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Reply {
        self.raw("POST", path, &[], Body::empty()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json("POST", path, &body).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.json("PUT", path, &body).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.json("PATCH", path, &body).await
    }

    /// POST of an urlencoded form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.raw("POST", path, &kind, body).await
    }
}
