//! Certificates as TLSA records name them: DANE (RFC 6698, 7671), as it is used for SMTP (RFC 7672).
//!
//! In: the data of records, a chain, the names by which a server may be known. Out: does one record fit? Never here:
//! the DNS, and whether the records may be believed (`tls_policy`).

use super::certificate::CertificateNames;
use super::trust::{self, Usage};
use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256, Sha512};
use std::fmt;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What of a certificate a record names (RFC 6698, 2.1.2 and 2.1.3), and whose certificate that is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TlsaRecord {
    usage: CertificateUsage,
    /// Is it the key (SubjectPublicKeyInfo), not the whole certificate?
    key: bool,
    matching: Matching,
    data: Vec<u8>,
}

/// RFC 6698, 2.1.1. Usages 0 and 1 count as unusable for SMTP (RFC 7672, 3.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum CertificateUsage {
    /// 2: an authority above the server's own.
    TrustAnchor,
    /// 3: the server's own.
    EndEntity,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Matching {
    Exact,
    Sha256,
    Sha512,
}

/// What proves who a server is: one of these records.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DaneProof {
    /// The usable ones.
    pub records: Vec<TlsaRecord>,
    /// Names one of which the server's certificate must bear if a record names an authority above it (RFC 7672, 3.2.2); the
    /// first is that of the records.
    pub names: Vec<Vec<u8>>,
}

impl TlsaRecord {
    /// Reads a record's data. `None`: it cannot be used, by anybody or for SMTP.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let [usage, selector, matching, data @ ..] = data else { return None };
        let usage = match usage {
            2 => CertificateUsage::TrustAnchor,
            3 => CertificateUsage::EndEntity,
            _ => return None,
        };
        let (matching, length) = match matching {
            0 => (Matching::Exact, None),
            1 => (Matching::Sha256, Some(Sha256::output_size())),
            2 => (Matching::Sha512, Some(Sha512::output_size())),
            _ => return None,
        };
        let fits = *selector <= 1 && !data.is_empty() && length.is_none_or(|length| length == data.len());
        fits.then(|| Self { usage, key: *selector == 1, matching, data: data.to_vec() })
    }

    fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return false };
        let content: &[u8] = if self.key { parsed.public_key().raw } else { certificate };
        match self.matching {
            Matching::Exact => content == self.data,
            Matching::Sha256 => Sha256::digest(content)[..] == self.data[..],
            Matching::Sha512 => Sha512::digest(content)[..] == self.data[..],
        }
    }

    /// The authority that it names, out of the chain; one whose certificate it holds whole need not be sent.
    fn authority<'c>(&'c self, above: &'c [CertificateDer<'_>]) -> Option<CertificateDer<'c>> {
        let sent = above.iter().find(|certificate| self.names(certificate));
        let whole = !self.key && self.matching == Matching::Exact;
        let found = sent.map(|certificate| certificate.as_ref()).or(whole.then_some(&self.data));
        found.map(CertificateDer::from)
    }
}

/// `3 1 1 ab…`, as in a zone file (RFC 6698, 2.2).
impl fmt::Display for TlsaRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = if self.usage == CertificateUsage::TrustAnchor { 2 } else { 3 };
        let matching = [Matching::Exact, Matching::Sha256, Matching::Sha512];
        let matching = matching.iter().position(|one| *one == self.matching).unwrap_or_default();
        write!(out, "{usage} {} {matching} ", u8::from(self.key))?;
        self.data.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl DaneProof {
    /// Is a chain, the server's own certificate first, the one that a record names?
    ///
    /// # Errors
    /// Why not.
    pub(super) fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), &'static str> {
        let Some((own, above)) = chain.split_first() else { return Err("certificate chain is empty") };
        let of = |usage| self.records.iter().filter(move |record| record.usage == usage);
        // neither its names nor its dates count (RFC 7671, 5.1)
        if of(CertificateUsage::EndEntity).any(|record| record.names(own)) {
            return Ok(());
        }
        let mut why = "no matching DANE TLSA records";
        for authority in of(CertificateUsage::TrustAnchor).filter_map(|record| record.authority(above)) {
            match trust::below(&authority, own, above, Usage::Server, now) {
                Ok(()) if self.bears_a_name(own) => return Ok(()),
                Ok(()) => why = "hostname mismatch",
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    fn bears_a_name(&self, own: &CertificateDer<'_>) -> bool {
        CertificateNames::of(own)
            .is_some_and(|certificate| self.names.iter().any(|name| certificate.bears(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject;

    fn certificate(name: &str) -> CertificateDer<'static> {
        let path = format!("{}/testdata/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        CertificateDer::from_pem_file(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn proof(record: &[u8], name: &[u8]) -> DaneProof {
        let records = TlsaRecord::parse(record).into_iter().collect();
        DaneProof { records, names: vec![name.to_vec()] }
    }

    fn with_digest(head: [u8; 3], certificate: &CertificateDer<'_>) -> Vec<u8> {
        [&head[..], &Sha256::digest(certificate)].concat()
    }

    #[test]
    fn a_record_names_the_servers_own_certificate() {
        let (site, other) = (certificate("site"), certificate("other"));
        let now = UnixTime::now();
        let record = with_digest([3, 0, 1], &site);
        let shown = TlsaRecord::parse(&record).expect("usable").to_string();
        assert!(shown.starts_with("3 0 1 ") && shown.len() == 6 + 64, "{shown}");
        assert_eq!(
            proof(&record, b"x").verify(std::slice::from_ref(&site), now),
            Ok(()),
            "whatever its name is"
        );
        assert_eq!(proof(&record, b"x").verify(&[other], now), Err("no matching DANE TLSA records"));
        let (_, parsed) = X509Certificate::from_der(&site).expect("a certificate");
        let key = [&[3, 1, 2][..], &Sha512::digest(parsed.public_key().raw)].concat();
        assert_eq!(proof(&key, b"x").verify(std::slice::from_ref(&site), now), Ok(()));
        assert_eq!(proof(&[&[3, 0, 0][..], &site].concat(), b"x").verify(&[site], now), Ok(()));
    }

    #[test]
    fn a_record_names_an_authority() {
        let (site, ca) = (certificate("site"), certificate("ca"));
        let now = UnixTime::now();
        let record = with_digest([2, 0, 1], &ca);
        let names = CertificateNames::of(&site).expect("names").alternatives;
        let name = names.first().expect("a name of a host");
        let chain = [site.clone(), ca.clone()];
        assert_eq!(proof(&record, name).verify(&chain, now), Ok(()));
        assert_eq!(proof(&record, b"x").verify(&chain, now), Err("hostname mismatch"));
        assert!(proof(&record, name).verify(&chain[..1], now).is_err(), "the authority must be sent");
        let whole = [&[2, 0, 0][..], &ca].concat();
        assert_eq!(proof(&whole, name).verify(&chain[..1], now), Ok(()), "unless the record holds it");
        let other = [certificate("other"), ca];
        assert!(proof(&record, name).verify(&other, now).is_err(), "it has signed no such certificate");
    }

    #[test]
    fn what_cannot_be_used() {
        let digest = [7; 32];
        for head in [[0, 0, 1], [1, 1, 1], [3, 2, 1], [3, 1, 3], [3, 1, 2], [4, 0, 0]] {
            assert_eq!(TlsaRecord::parse(&[&head[..], &digest].concat()), None, "{head:?}");
        }
        assert!(TlsaRecord::parse(&[3, 1]).is_none() && TlsaRecord::parse(&[3, 1, 0]).is_none());
    }
}
