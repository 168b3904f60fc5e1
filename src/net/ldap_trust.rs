//! Whose certificates a client of LDAP servers believes: one that does not prove the server's name ends the handshake.
//!
//! In: files of CAs. Out: what a client of rustls is set to. Never here: certificates of our own, and SMTP's TLS, where
//! rulesets judge.

use crate::sys::errno_text;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whom a client believes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct LdapTrust {
    /// A file of CAs' certificates (PEM).
    pub(super) file: Option<PathBuf>,
    /// A directory of such files.
    pub(super) directory: Option<PathBuf>,
    /// Every certificate is taken.
    pub(super) unchecked: bool,
}

impl LdapTrust {
    /// A client that believes nobody else. Reads files.
    ///
    /// # Errors
    /// A file that cannot be read, or CAs of which none is left, in words for the operator.
    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, String> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        Ok(Arc::new(builder.with_root_certificates(self.authorities()?).with_no_client_auth()))
    }

    fn authorities(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        if let Some(path) = &self.file {
            add(&mut roots, path).map_err(|error| failed(path, &error))?;
        }
        if let Some(path) = &self.directory {
            for entry in std::fs::read_dir(path).map_err(|error| failed(path, &error))? {
                let entry = entry.map_err(|error| failed(path, &error))?.path();
                if entry.is_file() {
                    add(&mut roots, &entry).map_err(|error| failed(&entry, &error))?;
                }
            }
        }
        let shown: Vec<_> =
            self.file.iter().chain(&self.directory).map(|path| path.display().to_string()).collect();
        match (roots.is_empty(), shown.as_slice()) {
            (false, _) => Ok(roots),
            (true, []) => Err("no CA is trusted: there is no file of their certificates".into()),
            (true, shown) => Err(format!("no CA is trusted: no certificate in {}", shown.join(" or "))),
        }
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> io::Result<()> {
    let pem = std::fs::read(path)?;
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("{}: {}", path.display(), errno_text(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_believed_without_a_certificate_of_a_ca() {
        let folder = format!("{}/testdata/tls", env!("CARGO_MANIFEST_DIR"));
        let trust =
            |file: &str| LdapTrust { file: Some(format!("{folder}/{file}").into()), ..LdapTrust::default() };
        assert!(trust("ca.pem").client().is_ok());
        let missing = trust("nothing.pem").client().expect_err("there is no such file");
        assert!(missing.ends_with("nothing.pem: No such file or directory"), "{missing}");
        let nobody = LdapTrust::default().client().expect_err("nobody is named");
        assert_eq!(nobody, "no CA is trusted: there is no file of their certificates");
        let whole = LdapTrust { directory: Some(folder.into()), ..LdapTrust::default() };
        assert!(whole.client().is_ok());
    }
}
