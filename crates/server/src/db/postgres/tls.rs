//! TLS for PostgreSQL: rustls with aws-lc-rs chosen explicitly, so that no process-wide default is needed.
//! Trusted are Mozilla's roots, or only `sslrootcert` if given. Certificates are unchecked only at the levels
//! that say so: `prefer`, and `require` on this machine.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, Error, OtherError, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{PostgresUrl, Tls};
use crate::crypto::{CertificatePolicy, PresentedCertificate, ServerVerifier};

/// Why a TLS handshake with the server at `at` failed, as one sentence; `None` if TLS is not the reason.
pub(in crate::db) fn tls_sentence(at: &str, broken: &io::Error) -> Option<String> {
    let error = broken.get_ref()?.downcast_ref::<Error>()?;
    let Error::InvalidCertificate(reason) = error else {
        let why = match error {
            Error::AlertReceived(_) => "the server rejected it",
            Error::PeerIncompatible(_) => "there is no common TLS version and cipher",
            Error::NoCertificatesPresented => "the server sent no certificate",
            _ => "the server violated the TLS protocol",
        };
        return Some(format!("The TLS handshake with {at} failed: {why}."));
    };
    let why = match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            return Some(format!(
                "The certificate of {at} was issued for another host name: connect to that name, or issue one with this host as a subjectAltName."
            ));
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return Some(format!("The certificate of {at} has expired."));
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            return Some(format!("The certificate of {at} is not valid yet: check both clocks."));
        }
        CertificateError::UnknownIssuer => "its issuer is not a trusted CA",
        CertificateError::BadSignature => "a signature in its chain is invalid",
        CertificateError::Revoked => "it was revoked",
        CertificateError::BadEncoding => "it cannot be read",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not a server certificate"
        }
        _ if is_authority(reason) => "it is a CA certificate, and not the one in sslrootcert",
        _ => "its chain is not valid",
    };
    Some(format!(
        "The certificate of {at} is not trusted, because {why}: pass the certificate of its CA with sslrootcert=/path/to/ca.pem."
    ))
}

/// Whether the certificate is a CA. The chain is otherwise valid: dates are checked first.
fn is_authority(reason: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = reason else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// A connector for the URL's level; the error is one sentence.
pub(in crate::db) fn connector(url: &PostgresUrl) -> Result<MakeRustlsConnect, String> {
    client_config(url).map(MakeRustlsConnect::new)
}

/// The configuration of that connector.
pub(in crate::db) fn client_config(url: &PostgresUrl) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up.".to_owned())?;
    let verifier: Arc<dyn ServerCertVerifier> = match url.tls {
        Tls::VerifyFull | Tls::VerifyCa => {
            let given = given(url.root_certificates.as_deref())?;
            let roots = Arc::new(roots(url.root_certificates.as_deref(), &given)?);
            let chain = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .map_err(|_| "The certificates of sslrootcert are unusable.".to_owned())?;
            let any_name = url.tls == Tls::VerifyCa;
            let policy = Arc::new(Trusted { chain, given, any_name });
            Arc::new(ServerVerifier { policy, provider })
        }
        Tls::Disabled | Tls::Preferred | Tls::Required => {
            Arc::new(ServerVerifier { policy: Arc::new(Unchecked), provider })
        }
    };
    let config = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(config.with_no_client_auth())
}

/// The certificates of `sslrootcert`.
fn given(path: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let file = path.display();
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(
        |error| match error {
            pem::Error::Io(error) => format!("sslrootcert {file} cannot be read: {error}."),
            _ => format!("sslrootcert {file} cannot be read as PEM."),
        },
    )
}

fn roots(path: Option<&Path>, given: &[CertificateDer<'static>]) -> Result<RootCertStore, String> {
    let Some(path) = path else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut roots = RootCertStore::empty();
    if roots.add_parsable_certificates(given.iter().cloned()).0 == 0 {
        return Err(format!("sslrootcert {} contains no certificate.", path.display()));
    }
    Ok(roots)
}

/// `verify-full`, and `verify-ca`, which does not check the name. The chain is checked first, so an error
/// about the name means that the chain is valid. A self-signed CA certificate, as in PostgreSQL's manual, is
/// trusted if `sslrootcert` contains that exact certificate, as in libpq.
#[derive(Debug)]
struct Trusted {
    chain: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
    any_name: bool,
}

impl CertificatePolicy for Trusted {
    fn judge(&self, presented: PresentedCertificate<'_>) -> Result<ServerCertVerified, Error> {
        let PresentedCertificate { end_entity, name, .. } = presented;
        match presented.verify_by(&*self.chain) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            // Its dates are valid: they are checked before.
            Err(Error::InvalidCertificate(reason))
                if is_authority(&reason) && self.given.iter().any(|one| one == end_entity) =>
            {
                if !self.any_name {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }
}

/// Encrypts without authenticating the server, as libpq's `prefer` and `require` do.
#[derive(Debug)]
struct Unchecked;

impl CertificatePolicy for Unchecked {
    fn judge(&self, _: PresentedCertificate<'_>) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
}
