//! What a certificate says of itself, in the form of sendmail's macros.

use super::settings::Digest;
use md5::Md5;
use rustls::pki_types::CertificateDer;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use std::fmt::Write;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

/// The names in a certificate; text from outside, to be treated as such.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CertificateNames {
    /// `${cert_subject}`
    pub subject: Vec<u8>,
    /// `${cert_issuer}`
    pub issuer: Vec<u8>,
    /// `${cn_subject}`
    pub cn_subject: Vec<u8>,
    /// `${cn_issuer}`
    pub cn_issuer: Vec<u8>,
    /// Names of hosts in subjectAltName: class `{cert_altnames}`.
    pub alternatives: Vec<Vec<u8>>,
}

/// OpenSSL's short names of attributes; others are shown by their numbers.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];
const COMMON_NAME: &str = "2.5.4.3";
/// The longest common name that is shown, in bytes.
const MAX_COMMON_NAME: usize = 255;
/// Bytes of a whole name; the first attribute that goes beyond them, and those behind it, are not shown.
const MAX_NAME: usize = 255;
/// Bytes that xtext would leave as they are and rules would take for something else.
const ESCAPED: &[u8] = b"+<>()\"\\";

impl CertificateNames {
    /// Does a name in subjectAltName stand for this host (RFC 6125, 6.4: a `*` for its first label)?
    pub fn bears(&self, host: &[u8]) -> bool {
        let host = host.strip_suffix(b".").unwrap_or(host);
        self.alternatives.iter().any(|name| stands_for(name, host))
    }

    /// Those of a certificate in DER. `None`: it cannot be read.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        Some(Self {
            subject: one_line(parsed.subject()),
            issuer: one_line(parsed.issuer()),
            cn_subject: common_name(parsed.subject()),
            cn_issuer: common_name(parsed.issuer()),
            alternatives: alternatives(&parsed),
        })
    }
}

/// Is it the name, or `*.` and all of it but the first label?
fn stands_for(name: &[u8], host: &[u8]) -> bool {
    let behind = host.iter().position(|byte| *byte == b'.').map(|dot| &host[dot..]);
    name.eq_ignore_ascii_case(host)
        || name.strip_prefix(b"*").zip(behind).is_some_and(|(suffix, rest)| suffix.eq_ignore_ascii_case(rest))
}

/// `/C=DE/O=Site/CN=mail.site.example`, each byte that is no plain letter as `+20`.
fn one_line(name: &X509Name<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    for attribute in name.iter_attributes() {
        let number = attribute.attr_type().to_id_string();
        let short = ATTRIBUTES.iter().find(|(known, _)| *known == number).map_or(&number[..], |row| row.1);
        let mut piece = format!("/{short}=").into_bytes();
        for byte in attribute.attr_value().data {
            match byte {
                b'/' | b'+' => piece.extend_from_slice(&[b'\\', *byte]),
                b' '..=b'~' => piece.push(*byte),
                other => piece.extend_from_slice(format!("\\x{other:02X}").as_bytes()),
            }
        }
        if line.len() + piece.len() > MAX_NAME {
            break;
        }
        line.extend(piece);
    }
    xtext(&line)
}

fn xtext(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'!'..=b'~' if !ESCAPED.contains(byte) => out.push(*byte),
            other => out.extend_from_slice(format!("+{other:02X}").as_bytes()),
        }
    }
    out
}

/// The last common name. One that holds a NUL was made to look like another (CVE-2009-4565).
fn common_name(name: &X509Name<'_>) -> Vec<u8> {
    let last = name.iter_attributes().filter(|one| one.attr_type().to_id_string() == COMMON_NAME).last();
    match last.map(|attribute| attribute.attr_value().data) {
        None => b"BadCertificateUnknown".to_vec(),
        Some(value) if value.len() > MAX_COMMON_NAME => b"BadCertificateTooLong".to_vec(),
        Some(value) if value.contains(&0) => b"BadCertificateContainsNUL".to_vec(),
        Some(value) => xtext(value),
    }
}

fn alternatives(certificate: &X509Certificate<'_>) -> Vec<Vec<u8>> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) if !name.contains('\0') => Some(name.as_bytes().to_vec()),
        _ => None,
    });
    names.collect()
}

/// `43:4D:45:…`
pub(super) fn fingerprint(certificate: &CertificateDer<'_>, digest: Digest) -> Vec<u8> {
    let bytes = match digest {
        Digest::Md5 => Md5::digest(certificate).to_vec(),
        Digest::Sha1 => Sha1::digest(certificate).to_vec(),
        Digest::Sha224 => Sha224::digest(certificate).to_vec(),
        Digest::Sha256 => Sha256::digest(certificate).to_vec(),
        Digest::Sha384 => Sha384::digest(certificate).to_vec(),
        Digest::Sha512 => Sha512::digest(certificate).to_vec(),
    };
    let mut text = String::with_capacity(3 * bytes.len());
    for byte in bytes {
        // writing to a text cannot fail
        let _ = write!(text, "{byte:02X}:");
    }
    text.pop();
    text.into_bytes()
}
