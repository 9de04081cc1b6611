//! The HTTP client for requests to issuers: published keys and introspection. HTTPS, or HTTP if the operator
//! configured an `http:` URL (for a private network). One request per connection, no redirects, no proxy,
//! limited time and size, certificates verified against the public webpki roots. The TLS provider is chosen
//! explicitly, so another one in the same process does not interfere.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Fetch, Fetched, RemoteKeys};

const WITHIN: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;
const AGENT: &str = concat!("doorward-verify/", env!("CARGO_PKG_VERSION"));

/// Gets documents over HTTPS or HTTP.
#[derive(Clone, Debug)]
pub struct HttpFetch {
    within: Duration,
    max_bytes: usize,
    agent: &'static str,
}

impl Default for HttpFetch {
    fn default() -> Self {
        Self { within: WITHIN, max_bytes: MAX_BYTES, agent: AGENT }
    }
}

impl HttpFetch {
    /// Sets the timeout, from name resolution to the last byte; 5 s by default.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Sets the maximum document size; 256 KiB by default.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the `User-Agent`.
    #[must_use]
    pub fn agent(mut self, agent: &'static str) -> Self {
        self.agent = agent;
        self
    }

    /// Posts a body; returns the status, whatever it is, and the body.
    pub async fn post(
        &self,
        url: &str,
        kind: &str,
        bearer: Option<&str>,
        body: String,
    ) -> Result<(u16, Vec<u8>), String> {
        let mut request = Request::post("/").header(header::CONTENT_TYPE, kind);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(Full::from(body)).map_err(said)?;
        self.ask(url, request).await
    }

    async fn ask(
        &self,
        url: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Vec<u8>), String> {
        let asked = tokio::time::timeout(self.within, self.answer(url, request)).await;
        asked.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.within)))
    }

    async fn answer(
        &self,
        url: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Vec<u8>), String> {
        let uri = address(url).map_err(said)?;
        let host = host(&uri);
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await.map_err(said)?;
        if !is_tls {
            return self.exchange(stream, &uri, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(said)?;
        let connector = TlsConnector::from(Arc::new(tls()?));
        let stream = connector.connect(name, stream).await.map_err(said)?;
        self.exchange(stream, &uri, request).await
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        uri: &Uri,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(u16, Vec<u8>), String> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        // The part before an @ is not the host name.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(header::HOST, host.parse().map_err(said)?);
        headers.insert(header::USER_AGENT, header::HeaderValue::from_static(self.agent));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(said)?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(said)?;
        let answer = async { self.whole(sender.send_request(request).await.map_err(said)?).await };
        // The connection is driven here, not by its own task, and ends with this call.
        tokio::pin!(connection);
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            ended = &mut connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(said(error)),
            },
        }
    }

    async fn whole(
        &self,
        response: Response<hyper::body::Incoming>,
    ) -> Result<(u16, Vec<u8>), String> {
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), self.max_bytes).collect().await;
        Ok((status, body.map_err(said)?.to_bytes().to_vec()))
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async move {
            let request = Request::get("/")
                .header(header::ACCEPT, "application/jwk-set+json, application/json")
                .body(Full::default())
                .map_err(said)?;
            match self.ask(url, request).await? {
                (200, document) => Ok(document),
                (status, _) => Err(format!("the server answered {status}")),
            }
        })
    }
}

impl RemoteKeys {
    /// The keys at this `https:` or `http:` URL; nothing is fetched yet.
    pub fn at(url: impl Into<String>) -> Result<Self, AddressError> {
        let url = url.into();
        checked(&url)?;
        Ok(Self::new(url, HttpFetch::default()))
    }
}

/// A URL that cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    url: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} is no address that begins with https:// or http:// and a host", self.url)
    }
}

impl std::error::Error for AddressError {}

/// Checks that the URL can be fetched.
pub(crate) fn checked(url: &str) -> Result<(), AddressError> {
    let uri = address(url)?;
    let host = host(&uri);
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if uri.scheme_str() == Some("http") && !is_near {
        tracing::warn!(
            host,
            "an issuer is queried without TLS: an attacker on the network can impersonate it"
        );
    }
    Ok(())
}

fn address(url: &str) -> Result<Uri, AddressError> {
    let uri: Option<Uri> = url.parse().ok();
    let is_whole =
        |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && !host(uri).is_empty();
    uri.filter(is_whole).ok_or_else(|| AddressError { url: url.to_owned() })
}

/// The host, without the brackets of an IPv6 address.
fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_matches(['[', ']'])
}

fn tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(said)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[allow(clippy::needless_pass_by_value, reason = "passed to map_err")]
fn said(error: impl fmt::Display) -> String {
    error.to_string()
}
