//! Fetches published keys over HTTPS, or over HTTP where the operator wrote an `http:` address (a
//! private network). One request, five seconds, 256 KiB, no redirect followed, the public roots of
//! webpki; the library's TLS provider is named, so another in the same process does no harm.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Fetch, Fetched, RemoteKeys};

const WITHIN: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;

/// An HTTP client for one document at a time.
#[derive(Clone, Debug, Default)]
pub struct HttpFetch;

impl RemoteKeys {
    /// The keys at this `https:` or `http:` address; nothing is fetched yet.
    pub fn at(url: impl Into<String>) -> Self {
        Self::new(url, HttpFetch)
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async move {
            let fetched = tokio::time::timeout(WITHIN, get(url)).await;
            fetched.unwrap_or_else(|_| Err("no answer within 5 s".into()))
        })
    }
}

async fn get(url: &str) -> Fetched {
    let uri: Uri = url.parse().map_err(|_| "not an address".to_owned())?;
    let host = uri.host().ok_or("no host in the address")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("neither https nor http".into()),
    };
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    if !is_tls {
        return exchange(stream, &uri).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(tls()?));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    exchange(stream, &uri).await
}

fn tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
) -> Fetched {
    let text = |error: hyper::Error| error.to_string();
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(text)?;
    let _connection = AbortOnDrop(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // What stands before an @ is nobody's host name.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(text)?;
    if response.status() != hyper::StatusCode::OK {
        return Err(format!("the answer is {}", response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
    Ok(body.map_err(|error| error.to_string())?.to_bytes().to_vec())
}

/// A connection must not outlive the request it was made for.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
