//! Verification of TLS servers' certificates with a policy. Whatever the policy decides, the server must
//! prove possession of its key: handshake signatures are always verified, with the provider's algorithms.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// What a server presents in the handshake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PresentedCertificate<'a> {
    pub(crate) end_entity: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
    pub(crate) name: &'a ServerName<'a>,
    pub(crate) ocsp: &'a [u8],
    pub(crate) now: UnixTime,
}

impl PresentedCertificate<'_> {
    /// The decision of another verifier.
    pub(crate) fn verify_by(
        &self,
        verifier: &dyn ServerCertVerifier,
    ) -> Result<ServerCertVerified, Error> {
        let Self { end_entity, intermediates, name, ocsp, now } = *self;
        verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }
}

/// Decides whether a certificate is accepted.
pub(crate) trait CertificatePolicy: Debug + Send + Sync + 'static {
    fn judge(&self, presented: PresentedCertificate<'_>) -> Result<ServerCertVerified, Error>;
}

/// A verifier that applies a policy.
#[derive(Debug)]
pub(crate) struct ServerVerifier<P> {
    pub(crate) policy: Arc<P>,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl<P: CertificatePolicy> ServerCertVerifier for ServerVerifier<P> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.policy.judge(PresentedCertificate { end_entity, intermediates, name, ocsp, now })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
