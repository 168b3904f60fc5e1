//! What the options say about TLS, read once.

use super::words::Protocols;
use crate::config::{CertificateFiles, Config};
use crate::keeper::{NamedFile, TlsFile};
use crate::schema::span;
use std::time::Duration;

/// The digest of `${cert_fp}`, or of `${cert_md5}` where CertFingerprintAlgorithm names none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

const DIGESTS: &[(&str, Digest)] = &[
    ("md5", Digest::Md5),
    ("sha1", Digest::Sha1),
    ("sha224", Digest::Sha224),
    ("sha256", Digest::Sha256),
    ("sha384", Digest::Sha384),
    ("sha512", Digest::Sha512),
];

/// One side of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Server,
    Client,
}

impl Side {
    /// As the log has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What one side works with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    pub(super) side: Side,
    /// ServerCertFile or ClientCertFile, and the keys.
    pub(super) own: CertificateFiles,
    /// CACertFile
    pub(super) ca_file: Option<Vec<u8>>,
    /// CACertPath
    pub(super) ca_path: Option<Vec<u8>>,
    /// CRLFile
    pub(super) crl_file: Option<Vec<u8>>,
    /// CRLPath
    pub(super) crl_path: Option<Vec<u8>>,
    /// CertFingerprintAlgorithm; without it `${cert_md5}` is set.
    pub(super) fingerprint: Option<Digest>,
    /// SetCertAltnames
    pub(super) alternatives: bool,
    /// Versions and ciphers.
    pub(super) protocols: Protocols,
    /// Lists of ciphers that leave none, as the log speaks of them.
    pub(super) ignored: Vec<Vec<u8>>,
    /// Is a client asked for its certificate (TLSSrvOptions without V)?
    pub(super) ask: bool,
    /// TLSSrvOptions C: a server without a certificate is what the site wants.
    pub(super) without_certificate: bool,
    /// CertFingerprintAlgorithm names a digest that there is none of: TLS is off.
    pub(super) unknown_digest: Option<Vec<u8>>,
    /// Timeout.starttls
    pub(super) timeout: Duration,
}

impl Settings {
    /// Of one side.
    pub(super) fn new(config: &Config, side: Side) -> Self {
        let options = &config.options;
        let (certificates, keys, words) = match side {
            Side::Server => {
                (&options.server_cert_file, &options.server_key_file, &options.server_ssl_options)
            }
            Side::Client => {
                (&options.client_cert_file, &options.client_key_file, &options.client_ssl_options)
            }
        };
        let digest = options.cert_fingerprint_algorithm.as_deref();
        let known = |name: &[u8]| DIGESTS.iter().find(|row| row.0.as_bytes().eq_ignore_ascii_case(name));
        let fingerprint = digest.and_then(known).map(|row| row.1);
        let mut protocols = Protocols::default();
        protocols.apply_options(words.as_deref().unwrap_or_default());
        let lists = [&options.cipher_list, &options.cipher_suites].map(|list| list.as_deref());
        let ignored = protocols.apply_lists(lists[0], lists[1]);
        Self {
            side,
            own: CertificateFiles::new(certificates.as_deref(), keys.as_deref()),
            ca_file: options.ca_cert_file.clone(),
            ca_path: options.ca_cert_path.clone(),
            crl_file: options.crl_file.clone(),
            crl_path: options.crl_path.clone(),
            fingerprint,
            alternatives: options.set_cert_altnames,
            protocols,
            ignored: ignored.into_iter().map(|which| which.complaint(lists)).collect(),
            ask: !options.tls_srv_options.contains(&b'V'),
            without_certificate: options.tls_srv_options.contains(&b'C'),
            unknown_digest: digest.filter(|_| fingerprint.is_none()).map(<[u8]>::to_vec),
            timeout: span(options.timeout.starttls),
        }
    }

    /// What must be named and is not, in the order in which sendmail looks. Only a server needs anything.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let names = match self.side {
            Side::Server => ["ServerCertFile", "ServerKeyFile"],
            Side::Client => ["ClientCertFile", "ClientKeyFile"],
        };
        let found = [
            (names[0], self.own.unnamed),
            (names[1], self.own.keys.is_empty()),
            ("CACertPath", self.ca_path.is_none()),
            ("CACertFile", self.ca_file.is_none()),
            ("CRLFile", self.crl_file.is_none() && self.crl_path.is_none()),
        ];
        found.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
    }

    /// The files that this side needs.
    pub(super) fn files(&self) -> Vec<NamedFile> {
        let options = [
            (&self.ca_file, TlsFile::Certificate),
            (&self.ca_path, TlsFile::Directory),
            (&self.crl_file, TlsFile::Certificate),
            (&self.crl_path, TlsFile::Directory),
        ];
        let own = self.own.certificates.iter().map(|path| (TlsFile::Certificate, path.clone()));
        let keys = self.own.keys.iter().map(|path| (TlsFile::Key, path.clone()));
        let options = options.into_iter().filter_map(|(path, kind)| Some((kind, path.clone()?)));
        own.chain(keys).chain(options).collect()
    }

    /// Does something keep this side from speaking TLS at all?
    pub(super) fn is_off(&self) -> bool {
        let bare = self.own.unnamed || self.own.keys.is_empty();
        let server_lacks = bare || self.ca_path.is_none() || self.ca_file.is_none();
        let off = self.unknown_digest.is_some() || self.protocols.is_empty();
        off || self.side == Side::Server && server_lacks
    }
}
