//! An HTTP or HTTPS request that returns the status, a header, and the server's certificates, whether trusted
//! or not.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderName, HeaderValue, Request};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerified;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, Error, RootCertStore};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::finding::{CheckName, Finding};
use crate::crypto::{Certificate, CertificatePolicy, PresentedCertificate, ServerVerifier};

/// A certificate with fewer days left should have been renewed: that is usually done a month before.
const SOON: i64 = 14;

/// The response.
#[derive(Clone, Debug, Default)]
pub(in crate::cli::doctor) struct Answered {
    pub(in crate::cli::doctor) status: u16,
    /// The requested header.
    pub(in crate::cli::doctor) header: Option<String>,
    /// Empty over HTTP.
    pub(in crate::cli::doctor) chain: Vec<Certificate>,
    /// Why the certificate chain is not trusted.
    pub(in crate::cli::doctor) distrust: Option<String>,
}

/// The certificates in this PEM file. The error is a sentence.
pub(in crate::cli::doctor) fn authorities(
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let unread = |error: &dyn std::fmt::Display| {
        format!("--ca-file {} cannot be used: {error}.", path.display())
    };
    let all = CertificateDer::pem_file_iter(path).map_err(|error| unread(&error))?;
    let all: Result<Vec<_>, _> = all.collect();
    let all = all.map_err(|error| unread(&error))?;
    if all.is_empty() { Err(unread(&"it contains no certificate")) } else { Ok(all) }
}

/// Requests `url` with these headers, trusting these CAs in addition to those of browsers. The error is the
/// end of a sentence.
pub(in crate::cli::doctor) async fn get(
    url: &Url,
    headers: &[(HeaderName, HeaderValue)],
    wanted: &HeaderName,
    authorities: &[CertificateDer<'static>],
) -> Result<Answered, String> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let stream =
        TcpStream::connect((host.as_str(), port)).await.map_err(|error| error.to_string())?;
    if url.scheme() != "https" {
        return exchange(stream, url, headers, wanted).await;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let noted = Noted::new(&provider, authorities)?;
    let verifier = ServerVerifier { policy: Arc::clone(&noted), provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain = shown.iter().filter_map(|der| Certificate::read(der)).collect();
    let answered = exchange(stream, url, headers, wanted).await?;
    Ok(Answered { chain, distrust: noted.distrust(), ..answered })
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    headers: &[(HeaderName, HeaderValue)],
    wanted: &HeaderName,
) -> Result<Answered, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::get(url.path())
        .header("host", host)
        .header("user-agent", concat!("doorward-doctor/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| said(&error))?;
    request.headers_mut().extend(headers.iter().cloned());
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| said(&error))?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    driver.abort();
    let response = response.map_err(|error| said(&error))?;
    let header = response.headers().get(wanted).and_then(|value| value.to_str().ok());
    Ok(Answered {
        status: response.status().as_u16(),
        header: header.map(str::to_owned),
        ..Answered::default()
    })
}

/// The remaining days of a trusted chain: the first certificate to expire counts.
pub(in crate::cli::doctor) fn days_left(
    check: CheckName,
    chain: &[Certificate],
    trust: &str,
    now: OffsetDateTime,
) -> Finding {
    let Some(first) = chain.iter().min_by_key(|one| one.not_after) else {
        return check
            .failed("No certificate could be read", "Give the server an X.509 certificate");
    };
    let days = (first.not_after - now).whole_days();
    let until = first.not_after.date();
    let of = if Some(first) == chain.first() { "Its certificate" } else { "One of its CAs" };
    if first.not_after <= now {
        return check.failed(
            format!("{of} ({}) expired on {until}", first.subject),
            "Renew it now, and find out why it was not renewed automatically",
        );
    }
    if days < SOON {
        return check.warning(
            format!("{of} ({}) expires in {days} days, on {until}", first.subject),
            "Renew it, and find out why it was not renewed automatically",
        );
    }
    check.ok(format!("{trust}; {days} days left, until {until}"))
}

/// Verifies the certificate as browsers do, remembers the result, and continues either way: the request carries no secret.
#[derive(Debug)]
struct Noted {
    verifier: Arc<WebPkiServerVerifier>,
    distrust: Mutex<Option<String>>,
}

impl Noted {
    fn new(
        provider: &Arc<CryptoProvider>,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Arc<Self>, String> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(authorities.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|error| error.to_string())?;
        Ok(Arc::new(Self { verifier, distrust: Mutex::default() }))
    }

    fn distrust(&self) -> Option<String> {
        self.distrust.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl CertificatePolicy for Noted {
    fn judge(&self, presented: PresentedCertificate<'_>) -> Result<ServerCertVerified, Error> {
        if let Err(error) = presented.verify_by(&*self.verifier) {
            *self.distrust.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
        Ok(ServerCertVerified::assertion())
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::cli::doctor::finding::Health;

    #[test]
    fn the_first_certificate_to_end_counts() {
        let now = datetime!(2026-11-29 12:00 UTC);
        let one = |subject: &str, days: i64| Certificate {
            subject: subject.into(),
            issuer: "CN=ca".into(),
            not_before: now - Duration::days(1),
            not_after: now + Duration::days(days),
        };
        let of =
            |chain: &[Certificate]| days_left(CheckName("network.tls"), chain, "it holds", now);
        assert_eq!(of(&[one("CN=a", 40), one("CN=ca", 400)]).status, Health::Ok);
        let soon = of(&[one("CN=a", 40), one("CN=ca", 13)]);
        assert_eq!(soon.status, Health::Warning);
        assert!(soon.detail.contains("CN=ca") && soon.detail.contains("13 days"), "{soon:?}");
        assert_eq!(of(&[one("CN=a", -1)]).status, Health::Failed);
        assert_eq!(of(&[]).status, Health::Failed);
    }
}
