//! Fetches a small document over HTTP or HTTPS from an address the operator configured: an issuer's
//! keys. One request, no redirect, no proxy, time and size bounded, certificates always verified.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use doorward_verify::{Fetch, Fetched};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

const WITHIN: Duration = Duration::from_secs(3);
const LARGEST: usize = 64 * 1024;

/// Fetches documents.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFetch {
    within: Duration,
}

impl Default for DocumentFetch {
    fn default() -> Self {
        Self { within: WITHIN }
    }
}

impl Fetch for DocumentFetch {
    fn fetch<'a>(&'a self, url: &'a str) -> Pinned<'a> {
        Box::pin(async move {
            let fetched = tokio::time::timeout(self.within, get(url)).await;
            fetched.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.within)))
        })
    }
}

type Pinned<'a> = std::pin::Pin<Box<dyn Future<Output = Fetched> + Send + 'a>>;

async fn get(url: &str) -> Fetched {
    let url = Url::parse(url).map_err(said)?;
    let host = url.host_str().ok_or("the address has no host")?;
    let port = url.port_or_known_default().ok_or("the address has no port")?;
    // An IPv6 address stands in brackets in a URL, and without them elsewhere.
    let name = host.trim_matches(['[', ']']);
    let tcp = TcpStream::connect((name, port)).await.map_err(said)?;
    if url.scheme() == "https" {
        let name = ServerName::try_from(name.to_owned()).map_err(said)?;
        ask(tls()?.connect(name, tcp).await.map_err(said)?, &url).await
    } else {
        ask(tcp, &url).await
    }
}

fn tls() -> Result<TlsConnector, String> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(said)?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn ask<S>(stream: S, url: &Url) -> Fetched
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let authority = HeaderValue::from_str(url.authority()).map_err(said)?;
    let request = Request::get(&url[url::Position::BeforePath..])
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("doorward/", env!("CARGO_PKG_VERSION")))
        .body(Body::empty())
        .map_err(said)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(said)?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        Ok(body.map_err(said)?.to_bytes().to_vec())
    };
    // The connection is driven here, not by a task of its own, and ends with this call.
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

#[allow(clippy::needless_pass_by_value, reason = "passed to map_err")]
fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// The outcome of fetching from a server that answers these bytes.
    async fn fetched(answer: Vec<u8>) -> Fetched {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks?x=1", listener.local_addr().unwrap());
        let server = async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = socket.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /jwks?x=1 HTTP/1.1\r\nhost: 127.0.0.1:"));
            // The client may hang up on what it refuses.
            let _ = socket.write_all(&answer).await;
        };
        let fetch = DocumentFetch::default();
        tokio::join!(fetch.fetch(&url), server).0
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn a_document_is_fetched_whole() {
        assert_eq!(fetched(answer("200 OK", b"{}")).await.unwrap(), b"{}");
        let largest = vec![b' '; LARGEST];
        assert_eq!(fetched(answer("200 OK", &largest)).await.unwrap(), largest);
    }

    #[tokio::test]
    async fn redirects_errors_and_what_is_too_large_are_refused() {
        assert!(fetched(answer("302 Found\r\nlocation: http://127.0.0.1/", b"{}")).await.is_err());
        assert!(fetched(answer("500 Internal Server Error", b"{}")).await.is_err());
        assert!(fetched(answer("200 OK", &vec![b' '; LARGEST + 1])).await.is_err());
        assert!(fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_vec()).await.is_err());
        assert!(fetched(b"not HTTP at all\r\n\r\n".to_vec()).await.is_err());
        assert!(fetched(Vec::new()).await.is_err());
        assert!(DocumentFetch::default().fetch("http://127.0.0.1:1/jwks").await.is_err());
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let fetch = DocumentFetch { within: Duration::from_millis(20) };
        assert_eq!(fetch.fetch(&url).await.unwrap_err(), "no answer within 20ms");
        drop(listener);
    }
}
