//! TLS to LDAP servers: for which of them, and whose certificates are believed.
//!
//! In: ldap.conf(5), which is what the site's other LDAP clients go by, and what a map or `Sendmail.conf` says beside it. Out: what a
//! connection is set to. Never here: a connection.

use super::ldap_trust::LdapTrust;
use crate::sys::accounts::path;
use rustls::ClientConfig;
use std::path::PathBuf;
use std::sync::Arc;

/// Where OpenLDAP's library looks for it, as Debian and Red Hat build it.
const FILES: &[&str] = &["/etc/ldap/ldap.conf", "/etc/openldap/ldap.conf"];
/// Certificates of the system's CAs, by the same.
const SYSTEM_AUTHORITIES: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// How TLS is spoken to LDAP servers. What is not said here the system's ldap.conf(5) says (TLS_CACERT, TLS_CACERTDIR,
/// TLS_REQCERT), and without a CA there, those of the system are believed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LdapTls {
    /// StartTLS (RFC 4511, 4.14) with servers of `ldap:` URLs.
    pub start: bool,
    /// A file of CAs' certificates.
    pub file: Option<PathBuf>,
    /// A directory of such files.
    pub directory: Option<PathBuf>,
    /// Is a certificate to prove the server's name?
    pub checks: Option<bool>,
}

impl LdapTls {
    /// A client that believes these CAs alone; `None`: any certificate will do. Reads files.
    ///
    /// # Errors
    /// See [`LdapTrust::client`].
    pub(super) fn client(&self) -> Result<Option<Arc<ClientConfig>>, String> {
        let trust = self.trust();
        if trust.unchecked { Ok(None) } else { trust.client().map(Some) }
    }

    fn trust(&self) -> LdapTrust {
        let text = FILES.iter().find_map(|file| std::fs::read(file).ok()).unwrap_or_default();
        let mut trust = trust_of(&text);
        if self.file.is_some() || self.directory.is_some() {
            (trust.file, trust.directory) = (self.file.clone(), self.directory.clone());
        }
        if trust.file.is_none() && trust.directory.is_none() {
            trust.file = SYSTEM_AUTHORITIES.iter().map(PathBuf::from).find(|file| file.exists());
        }
        trust.unchecked = self.checks.map_or(trust.unchecked, |checks| !checks);
        trust
    }

    /// Files that are read for it.
    pub fn files(&self) -> Vec<PathBuf> {
        let trust = self.trust();
        let named = trust.file.into_iter().chain(trust.directory);
        FILES.iter().map(PathBuf::from).chain(named).collect()
    }
}

/// What the lines of an ldap.conf(5) say; the last of a name counts, and names may be written in any case.
fn trust_of(text: &[u8]) -> LdapTrust {
    let mut trust = LdapTrust::default();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (name, value) = (line[..end].to_ascii_uppercase(), line[end..].trim_ascii());
        match name.as_slice() {
            b"TLS_CACERT" => trust.file = Some(path(value)),
            b"TLS_CACERTDIR" => trust.directory = Some(path(value)),
            b"TLS_REQCERT" => {
                trust.unchecked =
                    [&b"never"[..], b"allow"].iter().any(|word| value.eq_ignore_ascii_case(word));
            }
            _ => {}
        }
    }
    trust
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ldap_conf() {
        let text = b"# TLS_CACERT /no\n\nTLS_CACERT\t/etc/ssl/one.pem\n tls_cacertdir  /etc/ssl/all \nURI ldap://x\nTLS_REQCERT Never\n";
        let trust = trust_of(text);
        assert_eq!(trust.file, Some("/etc/ssl/one.pem".into()));
        assert_eq!(trust.directory, Some("/etc/ssl/all".into()));
        assert!(trust.unchecked);
        assert!(!trust_of(b"TLS_REQCERT never\nTLS_REQCERT demand\n").unchecked);
        assert_eq!(trust_of(b""), LdapTrust::default());
    }
}
