//! TLS to PostgreSQL: rustls with aws-lc-rs named explicitly, so that no process-wide default is
//! needed. Trust is Mozilla's list, or `sslrootcert` alone if given. Certificates go unchecked only
//! at the levels that say so: `prefer`, and `require` on this machine.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{PostgresUrl, Tls};

/// Why a TLS handshake with the server at `at` failed, as one sentence; `None` if it is not why.
pub(in crate::db) fn tls_sentence(at: &str, broken: &io::Error) -> Option<String> {
    let error = broken.get_ref()?.downcast_ref::<Error>()?;
    let Error::InvalidCertificate(reason) = error else {
        let why = match error {
            Error::AlertReceived(_) => "the server refused it",
            Error::PeerIncompatible(_) => "the two have no TLS version and cipher in common",
            Error::NoCertificatesPresented => "the server showed no certificate",
            _ => "the server did not answer as TLS asks",
        };
        return Some(format!("The TLS handshake with {at} failed: {why}."));
    };
    let why = match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            return Some(format!(
                "The certificate of {at} was issued for another host name: connect by that name, or \
                 issue one that has it as a subjectAltName."
            ));
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return Some(format!("The certificate of {at} has expired."));
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            return Some(format!("The certificate of {at} is not valid yet: check both clocks."));
        }
        CertificateError::UnknownIssuer => "its issuer is not among the authorities",
        CertificateError::BadSignature => "a signature in its chain is wrong",
        CertificateError::Revoked => "it was revoked",
        CertificateError::BadEncoding => "it cannot be read",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for servers"
        }
        _ if is_authority(reason) => "it is an authority's own, and not the one in sslrootcert",
        _ => "its chain does not hold",
    };
    Some(format!(
        "The certificate of {at} is not trusted, because {why}: give the authority that signed it with \
         sslrootcert=/path/to/ca.pem."
    ))
}

/// Whether the certificate says that it signs others. The chain is otherwise sound: dates come first.
fn is_authority(reason: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = reason else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// A connector at the URL's level; the error is one sentence.
pub(in crate::db) fn connector(url: &PostgresUrl) -> Result<MakeRustlsConnect, String> {
    client_config(url).map(MakeRustlsConnect::new)
}

/// What that connector rests on.
pub(in crate::db) fn client_config(url: &PostgresUrl) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up.".to_owned())?;
    let config = match url.tls {
        Tls::VerifyFull | Tls::VerifyCa => {
            let given = given(url.root_certificates.as_deref())?;
            let roots = Arc::new(roots(url.root_certificates.as_deref(), &given)?);
            let chain = WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|_| "The certificates of sslrootcert are unusable.".to_owned())?;
            let any_name = url.tls == Tls::VerifyCa;
            let verifier = Arc::new(Trusted { chain, given, any_name });
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        Tls::Disabled | Tls::Preferred | Tls::Required => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
        }
    };
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
        return Err(format!("sslrootcert {} holds no certificate.", path.display()));
    }
    Ok(roots)
}

/// `verify-full`, and `verify-ca`, which does not check the name. The chain is checked first, so an
/// error about the name alone means that the chain held. A certificate that is its own authority, as
/// PostgreSQL's manual makes one, is trusted if `sslrootcert` holds that very certificate, as in libpq.
#[derive(Debug)]
struct Trusted {
    chain: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
    any_name: bool,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            // Its dates are good: they are checked before this.
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

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Encrypts without knowing to whom, as libpq's `prefer` and `require` do.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
