//! The old backend as an HTTP client: pooled connections, HTTP or HTTPS (certificates verified against the
//! public webpki roots or your own CAs), bodies streamed in both directions.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

use crate::config::AuthorityFile;

/// The timeout for connecting, including TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// The timeout for the start of a response.
const BEGIN: Duration = Duration::from_mins(5);

/// The old backend's address and options.
#[derive(Clone, Copy, Debug)]
pub struct OldBackend<'a> {
    /// Its `http:` or `https:` URL.
    pub url: &'a str,
    /// Whether it gets the client's `Host` instead of its own.
    pub keeps_host: bool,
    /// The CAs to trust instead of the public ones.
    pub authorities: Option<&'a AuthorityFile>,
}

/// The old backend.
#[derive(Clone)]
pub(super) struct Upstream {
    client: Client<Connector, Body>,
    base: Uri,
}

/// An unusable URL.
#[derive(Debug, PartialEq, Eq)]
pub struct UpstreamError(String);

impl std::fmt::Display for UpstreamError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(url) = self;
        write!(out, "{url:?} is not the address of a backend: write http:// or https:// and a host")
    }
}

impl Upstream {
    /// The backend at this `http:` or `https:` URL; its path is prepended to every path.
    pub(super) fn at(old: &OldBackend<'_>) -> Result<Self, UpstreamError> {
        let url = old.url;
        let wrong = || UpstreamError(shown(url));
        let base: Uri = url.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let is_web = matches!(base.scheme_str(), Some("http" | "https"));
        let has_user = base.authority().is_some_and(|host| host.as_str().contains('@'));
        if !is_web || base.host().is_none_or(str::is_empty) || base.query().is_some() || has_user {
            return Err(wrong());
        }
        let connector = Connector { tls: tls(old.authorities)? };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .retry_canceled_requests(true)
            .build(connector);
        Ok(Self { client, base })
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        self.base.authority().map_or("", |authority| authority.as_str())
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.base.scheme_str().unwrap_or("http"), self.authority())
    }

    /// The URL for a client's path.
    pub(super) fn place(&self, uri: &Uri) -> Option<Uri> {
        let asked = uri.path_and_query().map_or("/", |path| path.as_str());
        let above = self.base.path().trim_end_matches('/');
        format!("{}{above}{asked}", self.origin()).parse().ok()
    }

    /// Sends a request with a complete URL; `None` if no response started in time.
    pub(super) async fn send(
        &self,
        request: Request<Body>,
    ) -> Option<Result<Response<Incoming>, Error>> {
        timeout(BEGIN, self.client.request(request)).await.ok()
    }
}

/// The URL without a password.
fn shown(url: &str) -> String {
    url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, host)| format!("…@{host}"))
}

fn tls(authorities: Option<&AuthorityFile>) -> Result<TlsConnector, UpstreamError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = match authorities {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(own) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(own.certificates().map(CertificateDer::from));
            roots
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| UpstreamError(error.to_string()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[derive(Clone)]
struct Connector {
    tls: TlsConnector,
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Wire, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = self.tls.clone();
        Box::pin(async move {
            let late = |_| io::Error::from(io::ErrorKind::TimedOut);
            timeout(CONNECT, connect(tls, uri)).await.map_err(late)?
        })
    }
}

async fn connect(tls: TlsConnector, uri: Uri) -> io::Result<Wire> {
    // Without the brackets of an IPv6 address.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    if !is_tls {
        return Ok(Wire::Plain(TokioIo::new(stream)));
    }
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    Ok(Wire::Tls(Box::new(TokioIo::new(tls.connect(name, stream).await?))))
}

/// A connection.
enum Wire {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(wire) => Pin::new(wire).poll_read(cx, buffer),
            Self::Tls(wire) => Pin::new(wire).poll_read(cx, buffer),
        }
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(wire) => Pin::new(wire).poll_write(cx, bytes),
            Self::Tls(wire) => Pin::new(wire).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Self::Tls(wire) => Pin::new(wire).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Self::Tls(wire) => Pin::new(wire).poll_shutdown(cx),
        }
    }
}
