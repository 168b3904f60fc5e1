//! Whom the site trusts (CACertFile, CACertPath, CRLFile), and whether a peer's certificate is good by that.
//!
//! The work is webpki's. What it finds is put into the words of OpenSSL, which sendmail's log shows.

use rustls::DistinguishedName;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage,
    RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What the peer uses its certificate for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Usage {
    Client,
    Server,
}

/// CAs and what they have revoked.
#[derive(Debug, Default)]
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    /// Their certificates. One that is there itself is trusted, CA or not.
    roots: Vec<CertificateDer<'static>>,
    /// What else is in the files: it may lead from a peer's certificate to a CA.
    between: Vec<CertificateDer<'static>>,
    /// `None`: nothing is revoked.
    revoked: Option<Vec<CertRevocationList<'static>>>,
}

impl Trust {
    /// What the files hold. Certificates that cannot be read trust nobody.
    pub(super) fn new(
        certificates: Vec<CertificateDer<'static>>,
        revoked: Option<Vec<CertRevocationList<'static>>>,
    ) -> Self {
        let mut trust = Self { revoked, ..Self::default() };
        for certificate in certificates {
            if !is_root(&certificate) {
                trust.between.push(certificate);
                continue;
            }
            if let Ok(anchor) = webpki::anchor_from_trusted_cert(&certificate) {
                trust.anchors.push(anchor.to_owned());
            }
            trust.roots.push(certificate);
        }
        trust
    }

    /// Is a chain, the peer's own certificate first, good for this?
    ///
    /// # Errors
    /// Why not.
    pub(super) fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<(), &'static str> {
        let Some((own, above)) = chain.split_first() else { return Err("certificate chain is empty") };
        let verdict = {
            let lists: Option<Vec<&CertRevocationList<'_>>> =
                self.revoked.as_ref().map(|lists| lists.iter().collect());
            let revocation = lists.as_deref().and_then(|lists| {
                let options = RevocationOptionsBuilder::new(lists).ok()?;
                let options = options.with_depth(RevocationCheckDepth::Chain);
                // as with sendmail, an authority of whom there is no list has revoked nothing
                let options = options.with_status_policy(UnknownStatusPolicy::Allow);
                Some(options.with_expiration_policy(ExpirationPolicy::Enforce).build())
            });
            let between: Vec<CertificateDer<'_>> = above.iter().chain(&self.between).cloned().collect();
            path(own, &between, &self.anchors, revocation, (usage, now))
        };
        match verdict {
            Ok(()) => Ok(()),
            Err(Error::UnknownIssuer | Error::CaUsedAsEndEntity) => self.without_issuer(own, above, now),
            Err(error) => Err(words(&error)),
        }
    }

    /// No path leads to a CA: what is that called?
    fn without_issuer(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), &'static str> {
        match (is_root(own), above.iter().any(is_root)) {
            (true, _) if self.roots.contains(own) => within_validity(own, now),
            (true, _) => Err("self-signed certificate"),
            (false, true) => Err("self-signed certificate in certificate chain"),
            (false, false) => Err("unable to get local issuer certificate"),
        }
    }
}

/// Names of authorities, each once, for the peer to choose a certificate by.
pub(super) fn subjects(authorities: &[CertificateDer<'_>]) -> Vec<DistinguishedName> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for authority in authorities {
        if let Ok((_, parsed)) = X509Certificate::from_der(authority) {
            let name = parsed.subject().as_raw();
            if !found.iter().any(|known| known == name) {
                found.push(name.to_vec());
            }
        }
    }
    found.into_iter().map(DistinguishedName::from).collect()
}

/// Does a way lead from a certificate, over those between, to an anchor?
fn path(
    own: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    revocation: Option<RevocationOptions<'_>>,
    (usage, now): (Usage, UnixTime),
) -> Result<(), Error> {
    let usage = match usage {
        Usage::Client => KeyUsage::client_auth(),
        Usage::Server => KeyUsage::server_auth(),
    };
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let end_entity = EndEntityCert::try_from(own)?;
    end_entity.verify_for_usage(algorithms, anchors, between, now, usage, revocation, None).map(drop)
}

/// Is a certificate signed by this authority, directly or not, whoever else trusts it?
///
/// # Errors
/// Why not.
pub(super) fn below(
    authority: &CertificateDer<'_>,
    own: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    usage: Usage,
    now: UnixTime,
) -> Result<(), &'static str> {
    let anchor = webpki::anchor_from_trusted_cert(authority).map_err(|error| words(&error))?;
    path(own, above, &[anchor], None, (usage, now)).map_err(|error| words(&error))
}

/// Is it signed by itself? A chain ends there; other certificates only lead to one.
fn is_root(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw())
}

fn within_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), &'static str> {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) if parsed.validity().not_before.timestamp() > now => {
            Err("certificate is not yet valid")
        }
        Ok((_, parsed)) if parsed.validity().not_after.timestamp() < now => Err("certificate has expired"),
        Ok(_) => Ok(()),
        Err(_) => Err(UNREADABLE),
    }
}

const UNREADABLE: &str = "unspecified certificate verification error";

/// X509_verify_cert_error_string's words.
fn words(error: &Error) -> &'static str {
    match error {
        Error::CertExpired { .. } => "certificate has expired",
        Error::CertNotValidYet { .. } => "certificate is not yet valid",
        Error::CertRevoked => "certificate revoked",
        Error::CrlExpired { .. } => "CRL has expired",
        Error::InvalidCrlSignatureForPublicKey => "CRL signature failure",
        Error::InvalidSignatureForPublicKey => "certificate signature failure",
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => "unsuitable certificate purpose",
        Error::EndEntityUsedAsCa => "invalid CA certificate",
        Error::PathLenConstraintViolated => "path length constraint exceeded",
        Error::NameConstraintViolation => "permitted subtree violation",
        Error::UnsupportedCriticalExtension => "unhandled critical extension",
        Error::MaximumPathDepthExceeded => "certificate chain too long",
        _ => UNREADABLE,
    }
}

/// A list of revoked certificates, if it can be used.
pub(super) fn revocation_list(der: &CertificateRevocationListDer<'_>) -> Option<CertRevocationList<'static>> {
    Some(BorrowedCertRevocationList::from_der(der).ok()?.to_owned().ok()?.into())
}
