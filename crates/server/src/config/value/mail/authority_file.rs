//! `SMTP_CA_FILE`: certificates of CAs for the mail server, in addition to the public ones.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::config::source::text_file;

/// The certificates of a PEM file.
#[derive(Clone, Debug)]
pub struct AuthorityFile(Vec<CertificateDer<'static>>);

impl AuthorityFile {
    /// Reads the file; the error is the end of a sentence that begins with the setting's name.
    pub fn open(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read(path).map_err(|why| text_file::unreadable(path, &why))?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let all = all.map_err(|_| {
            format!("names {shown}, which is not PEM: name a file with -----BEGIN CERTIFICATE-----")
        })?;
        if all.is_empty() {
            return Err(format!("names {shown}, which contains no certificate: name another file"));
        }
        let usable =
            |one: &CertificateDer<'static>| rustls::RootCertStore::empty().add(one.clone()).is_ok();
        if !all.iter().all(usable) {
            return Err(format!(
                "names {shown}, which contains an unusable certificate: remove it"
            ));
        }
        Ok(Self(all))
    }

    /// Each certificate in DER.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().map(|one| one.to_vec())
    }
}
