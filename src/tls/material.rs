//! Certificates, keys and CAs of one side, ready for use.

use super::accept::AcceptAll;
use super::binding::end_point;
use super::certificate::CertificateNames;
use super::ciphers::Cipher;
use super::hashed;
use super::sessions::Sessions;
use super::settings::{Settings, Side};
use super::trust::{Trust, revocation_list, subjects};
use super::words::Protocols;
use crate::keeper::{Files, TlsFile};
use crate::logging::Priority;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ProducesTickets, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, DistinguishedName, Error, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// What the log is told while files are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Note {
    pub(super) level: u8,
    pub(super) priority: Priority,
    pub(super) text: Vec<u8>,
}

impl Note {
    fn warning(level: u8, text: Vec<u8>) -> Self {
        Self { level, priority: Priority::Warning, text }
    }
}

/// One side of TLS.
pub struct Material {
    pub(super) settings: Settings,
    own: Arc<OwnCertificates>,
    pub(super) trust: Trust,
    /// What binds to the one certificate that there is.
    pub(super) end_point: Option<Vec<u8>>,
    /// One for all sessions: a client resumes none that was made with another.
    accept: Arc<AcceptAll>,
    /// Encrypts what a client keeps for the next session.
    tickets: Option<Arc<dyn ProducesTickets>>,
    sessions: Sessions,
    made: Made,
}

/// Configurations that were made, by what sessions want of them: most want the same.
#[derive(Default)]
struct Made {
    servers: ByWish<(Protocols, bool), Arc<ServerConfig>>,
    clients: ByWish<Protocols, ClientConfig>,
}

type ByWish<K, V> = Mutex<Vec<(K, V)>>;

/// A client that resumes a session is handed one for the next time, as OpenSSL does; rustls by itself makes two.
const TICKETS: usize = 1;

/// So many are kept. Rules that want others each time have them made each time.
const KEPT: usize = 16;

/// What is kept for a wish, or made for it now.
fn kept_or_made<K: PartialEq, V: Clone>(
    kept: &ByWish<K, V>,
    wish: K,
    make: impl FnOnce() -> Result<V, Error>,
) -> Result<V, Error> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = kept.iter().find(|(known, _)| *known == wish) {
        return Ok(known.clone());
    }
    let made = make()?;
    if kept.len() < KEPT {
        kept.push((wish, made.clone()));
    }
    Ok(made)
}

/// Reads files into material, and says what is wrong with them.
struct Reader<'a> {
    side: Side,
    files: &'a Files,
    notes: Vec<Note>,
    /// Is one of them missing or no good?
    failed: bool,
}

impl Reader<'_> {
    /// The content of a file; `vital`: nothing works without it.
    fn content(&mut self, kind: TlsFile, path: &[u8], vital: bool) -> Option<&[u8]> {
        match self.files.get(&(kind, path.to_vec()))? {
            Ok(content) => Some(content),
            Err(why) => {
                let side = self.side.name();
                let begin = format!("STARTTLS={side}: file ").into_bytes();
                let text = [&begin[..], path, format!(" unsafe: {why}").as_bytes()].concat();
                self.notes.push(Note::warning(7, text));
                self.failed |= vital;
                None
            }
        }
    }

    /// What was wrong, by the name of the function of OpenSSL that sendmail's log names.
    fn complain(&mut self, function: &str, path: &[u8], end: &str) {
        let begin = format!("STARTTLS={}, error: {function}(", self.side.name()).into_bytes();
        let text = [&begin[..], path, b")", end.as_bytes()].concat();
        self.notes.push(Note::warning(5, text));
    }

    /// A file that is to name CAs has no certificate: whoever meant to trust somebody is told, in sendmail's words.
    fn trusts_nobody(&mut self, directory: &[u8], file: &[u8]) {
        let begin = format!("STARTTLS={}, error: load verify locs ", self.side.name()).into_bytes();
        let text = [&begin[..], directory, b", ", file, b" failed: 0"].concat();
        self.notes.push(Note::warning(5, text));
        self.failed = true;
    }

    /// A certificate with its chain, and its key.
    fn pair(&mut self, certificate: &[u8], key: &[u8]) -> Option<Arc<CertifiedKey>> {
        let chain = self.content(TlsFile::Certificate, certificate, true).map(certificates);
        let loaded = self.content(TlsFile::Key, key, true).map(signing_key);
        let (chain, loaded) = (chain?, loaded?);
        if chain.is_empty() {
            self.complain("SSL_CTX_use_certificate_file", certificate, " failed");
        }
        let Some(loaded) = loaded else {
            self.complain("SSL_CTX_use_PrivateKey_file", key, " failed");
            self.failed = true;
            return None;
        };
        let pair = CertifiedKey::new(chain, loaded);
        if pair.cert.is_empty() || !belongs(&pair) {
            if !pair.cert.is_empty() {
                self.complain("SSL_CTX_check_private_key failed", key, ": 0");
            }
            self.failed = true;
            return None;
        }
        Some(Arc::new(pair))
    }

    /// Who is trusted, and who of them is named to clients: CACertFile's, as with sendmail. A directory may hold hundreds.
    fn trust(&mut self, settings: &Settings) -> (Trust, Vec<DistinguishedName>) {
        let mut trusted = Vec::new();
        if let Some(file) = &settings.ca_file {
            let found = self.content(TlsFile::Certificate, file, true).map(certificates).unwrap_or_default();
            // a server that cannot have the file goes no further
            if found.is_empty() && !(self.failed && self.side == Side::Server) {
                self.trusts_nobody(settings.ca_path.as_deref().unwrap_or_default(), file);
            }
            trusted.extend(found);
        }
        let named = subjects(&trusted);
        let directory =
            settings.ca_path.as_ref().and_then(|path| self.content(TlsFile::Directory, path, false));
        trusted.extend(directory.map(hashed::certificates).unwrap_or_default());
        let mut lists = None;
        if let Some(path) = &settings.crl_file {
            let found: Vec<_> =
                self.content(TlsFile::Certificate, path, false).map(revocation_lists).unwrap_or_default();
            match found.is_empty() {
                true => self.complain("PEM_read_bio_X509_CRL", path, "=failed"),
                false => lists.get_or_insert_with(Vec::new).extend(found),
            }
        }
        // OpenSSL looks into a directory when it needs a list, and misses none
        if let Some(path) = &settings.crl_path
            && let Some(text) = self.content(TlsFile::Directory, path, false)
        {
            let found = hashed::revocation_lists(text);
            lists.get_or_insert_with(Vec::new).extend(found.iter().filter_map(revocation_list));
        }
        (Trust::new(trusted, lists), named)
    }
}

/// What is wrong with a certificate's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyFault {
    /// The file holds none that can be used.
    NoKey,
    /// It belongs to another certificate.
    AnothersKey,
}

/// Looks at the files of a certificate and of its key as a daemon would; where the first holds no certificate, the key belongs to none.
pub fn key_fault(certificate: &[u8], key: &[u8]) -> Option<KeyFault> {
    let Some(key) = signing_key(key) else { return Some(KeyFault::NoKey) };
    let pair = CertifiedKey::new(certificates(certificate), key);
    (!pair.cert.is_empty() && !belongs(&pair)).then_some(KeyFault::AnothersKey)
}

fn signing_key(pem: &[u8]) -> Option<Arc<dyn SigningKey>> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    ring::sign::any_supported_type(&key).ok()
}

fn belongs(pair: &CertifiedKey) -> bool {
    !matches!(pair.keys_match(), Err(Error::InconsistentKeys(_)))
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

fn revocation_lists(pem: &[u8]) -> Vec<webpki::CertRevocationList<'static>> {
    let ders = CertificateRevocationListDer::pem_slice_iter(pem).filter_map(Result::ok);
    ders.filter_map(|der| revocation_list(&der)).collect()
}

impl Material {
    /// `None`: this side cannot speak TLS. A client that has no usable certificate goes without.
    pub(super) fn read(settings: &Settings, files: &Files) -> (Option<Self>, Vec<Note>) {
        let mut reader = Reader { side: settings.side, files, notes: Vec::new(), failed: false };
        let pairs = settings.own.certificates.iter().zip(&settings.own.keys);
        let mut keys: Vec<_> = pairs.filter_map(|(certificate, key)| reader.pair(certificate, key)).collect();
        // an elliptic curve first, as OpenSSL prefers it
        keys.sort_by_key(|pair| is_rsa(pair));
        let (trust, named) = reader.trust(settings);
        let Reader { mut notes, failed, .. } = reader;
        if failed && settings.side == Side::Server {
            return (None, notes);
        }
        let begin = format!("STARTTLS={}, error: ", settings.side.name()).into_bytes();
        let lists = settings.ignored.iter().map(|text| Note::warning(7, [&begin[..], text].concat()));
        notes.extend(lists);
        let material = Self {
            settings: settings.clone(),
            end_point: match keys.as_slice() {
                [only] => only.cert.first().and_then(end_point),
                _ => None,
            },
            own: Arc::new(OwnCertificates(keys)),
            accept: Arc::new(AcceptAll::new(Arc::new(ring::default_provider()), named)),
            trust,
            tickets: ring::Ticketer::new().ok(),
            sessions: Sessions::default(),
            made: Made::default(),
        };
        (Some(material), notes)
    }

    /// For a session of a server; `ask`: is the client asked for its certificate?
    pub(super) fn server_config(&self, protocols: &Protocols, ask: bool) -> Result<Arc<ServerConfig>, Error> {
        kept_or_made(&self.made.servers, (*protocols, ask), || self.make_server(protocols, ask).map(Arc::new))
    }

    fn make_server(&self, protocols: &Protocols, ask: bool) -> Result<ServerConfig, Error> {
        let provider = provider(protocols);
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&versions(protocols))?;
        let builder = match ask {
            true => builder.with_client_cert_verifier(self.accept.clone()),
            false => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(self.own.clone());
        config.send_tls13_tickets = TICKETS;
        if let Some(tickets) = &self.tickets {
            config.ticketer = tickets.clone();
            // what is to be resumed is the client's to keep
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(config)
    }

    /// For a session of a client; `named`: it says which server it wants; `server`: sessions with this one may be resumed.
    pub(super) fn client_config(
        &self,
        protocols: &Protocols,
        named: bool,
        server: Option<SocketAddr>,
    ) -> Result<ClientConfig, Error> {
        let mut config = kept_or_made(&self.made.clients, *protocols, || self.make_client(protocols))?;
        // sendmail sends no name either, unless a ruleset gives one
        config.enable_sni = named;
        config.resumption = self.sessions.with(server);
        Ok(config)
    }

    fn make_client(&self, protocols: &Protocols) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(provider(protocols));
        let builder = builder.with_protocol_versions(&versions(protocols))?.dangerous();
        let builder = builder.with_custom_certificate_verifier(self.accept.clone());
        let mut config = builder.with_client_cert_resolver(self.own.clone());
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

fn is_rsa(pair: &CertifiedKey) -> bool {
    pair.key.algorithm() == rustls::SignatureAlgorithm::RSA
}

fn provider(protocols: &Protocols) -> Arc<CryptoProvider> {
    let cipher_suites = protocols.ciphers().map(|cipher: &Cipher| *cipher.suite).collect();
    Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
}

fn versions(protocols: &Protocols) -> Vec<&'static SupportedProtocolVersion> {
    let rows = [(protocols.tls13, &TLS13), (protocols.tls12, &TLS12)];
    rows.into_iter().filter(|(on, _)| *on).map(|(_, version)| version).collect()
}

/// One or more certificates with their keys.
#[derive(Debug)]
struct OwnCertificates(Vec<Arc<CertifiedKey>>);

impl OwnCertificates {
    fn usable(&self, schemes: &[SignatureScheme]) -> impl Iterator<Item = &Arc<CertifiedKey>> {
        self.0.iter().filter(|pair| pair.key.choose_scheme(schemes).is_some())
    }
}

impl ResolvesServerCert for OwnCertificates {
    /// One that bears the name that the client asks for, else the first that it can use.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().unwrap_or_default();
        let named = |pair: &&Arc<CertifiedKey>| {
            let names = pair.cert.first().and_then(|first| CertificateNames::of(first));
            names.is_some_and(|names| names.bears(asked.as_bytes()))
        };
        let schemes = hello.signature_schemes();
        let found = self.usable(schemes).find(|pair| !asked.is_empty() && self.0.len() > 1 && named(pair));
        found.or_else(|| self.usable(schemes).next()).cloned()
    }
}

impl ResolvesClientCert for OwnCertificates {
    fn resolve(&self, _hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.usable(schemes).next().cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}
