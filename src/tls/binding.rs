//! What binds something said inside a session to that session (RFC 5056): nobody in between can have it.

use rustls::pki_types::CertificateDer;
use rustls::{ProtocolVersion, ServerConnection};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The bindings of one session, as its server knows them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChannelBindings {
    /// `tls-exporter` (RFC 9266); under TLS 1.3 alone: before, not every session has one of its own.
    pub exporter: Option<Vec<u8>>,
    /// `tls-server-end-point` (RFC 5929, section 4); with several certificates nobody knows which one was shown.
    pub end_point: Option<Vec<u8>>,
}

/// RFC 9266, section 4.
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";
const LENGTH: usize = 32;

pub(super) fn exporter(session: &ServerConnection) -> Option<Vec<u8>> {
    let bound = session.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let bytes = || session.export_keying_material([0; LENGTH], LABEL, Some(b"")).ok();
    bound.then(bytes).flatten().map(Vec::from)
}

/// Makes a digest of a certificate.
type Digester = fn(&[u8]) -> Vec<u8>;

/// Digests by the algorithm that has signed the certificate; MD5 and SHA-1 count as SHA-256, and where the digest does not
/// follow from the algorithm there is none.
const DIGESTS: &[(&str, Digester)] = &[
    ("1.2.840.113549.1.1.4", |text| Sha256::digest(text).to_vec()),
    ("1.2.840.113549.1.1.5", |text| Sha256::digest(text).to_vec()),
    ("1.2.840.113549.1.1.11", |text| Sha256::digest(text).to_vec()),
    ("1.2.840.113549.1.1.12", |text| Sha384::digest(text).to_vec()),
    ("1.2.840.113549.1.1.13", |text| Sha512::digest(text).to_vec()),
    ("1.2.840.10045.4.1", |text| Sha256::digest(text).to_vec()),
    ("1.2.840.10045.4.3.2", |text| Sha256::digest(text).to_vec()),
    ("1.2.840.10045.4.3.3", |text| Sha384::digest(text).to_vec()),
    ("1.2.840.10045.4.3.4", |text| Sha512::digest(text).to_vec()),
];

pub(super) fn end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let algorithm = parsed.signature_algorithm.algorithm.to_id_string();
    let (_, digest) = DIGESTS.iter().find(|(id, _)| *id == algorithm)?;
    Some(digest(certificate))
}
