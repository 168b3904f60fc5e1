//! CACertPath and CRLPath: which files of a directory count, by the names that `openssl rehash` gives them.
//!
//! In: names and texts as the keeper hands them over. Out: certificates and lists. OpenSSL, asked for a subject, opens `HASH.0`, `HASH.1` and so on until one is missing (`HASH.r0` for lists), and takes what bears that subject. All are
//! read here beforehand, so what it would never open, or not take, is left out.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::{
    AttributeTypeAndValue, CertificateRevocationList, FromDer, RelativeDistinguishedName, X509Certificate,
    X509Name,
};

/// Certificates of a directory.
pub(super) fn certificates(directory: &[u8]) -> Vec<CertificateDer<'static>> {
    let in_file = |hash: &str, text: &[u8]| {
        let found = CertificateDer::pem_slice_iter(text).filter_map(Result::ok);
        let fits = |der: &CertificateDer<'_>| {
            X509Certificate::from_der(der).is_ok_and(|(_, parsed)| bears(parsed.subject(), hash))
        };
        found.filter(fits).collect()
    };
    in_order(directory, "", in_file)
}

/// Lists of a directory.
pub(super) fn revocation_lists(directory: &[u8]) -> Vec<CertificateRevocationListDer<'static>> {
    let in_file = |hash: &str, text: &[u8]| {
        let found = CertificateRevocationListDer::pem_slice_iter(text).filter_map(Result::ok);
        let fits = |der: &CertificateRevocationListDer<'_>| {
            CertificateRevocationList::from_der(der).is_ok_and(|(_, parsed)| bears(parsed.issuer(), hash))
        };
        found.filter(fits).collect()
    };
    in_order(directory, "r", in_file)
}

/// Name and text of each file: a NUL ends either.
fn files(directory: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut fields = directory.split(|byte| *byte == 0);
    std::iter::from_fn(move || Some((fields.next()?, fields.next()?)))
}

/// What is in the files of one kind: of each hash those whose numbers follow one another from 0 on.
fn in_order<T>(directory: &[u8], kind: &str, in_file: impl Fn(&str, &[u8]) -> Vec<T>) -> Vec<T> {
    let mut files = BTreeMap::new();
    for (name, text) in self::files(directory) {
        let name = std::str::from_utf8(name).ok().and_then(|name| name.split_once('.'));
        let Some((hash, end)) = name else { continue };
        let number = end.strip_prefix(kind).and_then(|digits| Some((digits, digits.parse::<u32>().ok()?)));
        if let Some((digits, number)) = number
            && digits == number.to_string()
        {
            files.insert((hash, number), text);
        }
    }
    let reached =
        |(hash, number): &(&str, u32)| (0..*number).all(|before| files.contains_key(&(*hash, before)));
    files.iter().filter(|(key, _)| reached(key)).flat_map(|((hash, _), text)| in_file(hash, text)).collect()
}

fn bears(name: &X509Name<'_>, hash: &str) -> bool {
    name_hash(name) == hash
}

/// As `openssl x509 -subject_hash` says it: the first four bytes of SHA-1, the lowest first.
fn name_hash(name: &X509Name<'_>) -> String {
    let digest = Sha1::digest(name.iter().flat_map(canonical_set).collect::<Vec<u8>>());
    let first = digest.first_chunk().copied().unwrap_or_default();
    format!("{:08x}", u32::from_le_bytes(first))
}

/// One part of a name in the form that OpenSSL compares: texts in UTF-8 and lower case, without blanks that mean nothing.
fn canonical_set(part: &RelativeDistinguishedName<'_>) -> Vec<u8> {
    let mut members: Vec<_> = part.iter().map(canonical_attribute).collect();
    members.sort(); // a SET OF in DER (X.690, 11.6)
    element(0x31, &members.concat())
}

fn canonical_attribute(attribute: &AttributeTypeAndValue<'_>) -> Vec<u8> {
    let value = attribute.attr_value();
    let text = match value.header.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::VisibleString => {
            Some(String::from_utf8_lossy(value.data).into_owned().into_bytes())
        }
        Tag::T61String => Some(value.data.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        Tag::BmpString => Some(wide(value.data, 2)),
        Tag::UniversalString => Some(wide(value.data, 4)),
        _ => None,
    };
    let kind = element(0x06, attribute.attr_type().as_bytes());
    let value = match text {
        Some(text) => element(0x0c, &folded(&text)),
        None => element(u8::try_from(value.header.tag().0).unwrap_or_default(), value.data),
    };
    element(0x30, &[kind, value].concat())
}

/// Characters of so many bytes each.
fn wide(data: &[u8], bytes: usize) -> Vec<u8> {
    let number = |chunk: &[u8]| chunk.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    let text: String =
        data.chunks(bytes).map(|chunk| char::from_u32(number(chunk)).unwrap_or('\u{fffd}')).collect();
    text.into_bytes()
}

/// Lower case (of ASCII alone), one blank for several, none at the ends.
fn folded(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let words: Vec<_> = text.split(blank).filter(|word| !word.is_empty()).collect();
    words.join(&b' ').to_ascii_lowercase()
}

/// An element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let head = match content.len() {
        short @ 0..128 => vec![tag, u8::try_from(short).unwrap_or_default()],
        _ => [&[tag, 0x80 | u8::try_from(length.len()).unwrap_or_default()], length].concat(),
    };
    [head, content.to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASHES: &[(&str, &str)] = &[
        ("ca.pem", "2e4b4a2f"),
        ("names.pem", "3b320515"),
        ("long.pem", "b57dd37a"),
        ("nul.pem", "a6001bfd"),
    ];

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a file")
    }

    fn directory(names: &[&str], content: &[u8]) -> Vec<u8> {
        names.iter().flat_map(|name| [name.as_bytes(), b"\0", content, b"\0"].concat()).collect()
    }

    /// The hashes are `openssl x509 -noout -subject_hash`'s.
    #[test]
    fn names_have_openssls_hashes() {
        for (name, hash) in HASHES {
            let text = file(name);
            let der = CertificateDer::from_pem_slice(&text).expect("a certificate");
            let (_, parsed) = X509Certificate::from_der(&der).expect("a certificate");
            assert_eq!(name_hash(parsed.subject()), *hash, "{name}");
        }
    }

    #[test]
    fn only_what_openssl_would_open_counts() {
        let (ca, hash) = (file("ca.pem"), HASHES[0].1);
        let count = |names: &[String]| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            certificates(&directory(&names, &ca)).len()
        };
        let named = |ends: &[&str]| ends.iter().map(|end| format!("{hash}.{end}")).collect::<Vec<_>>();
        assert_eq!(count(&named(&["0"])), 1);
        assert_eq!(count(&named(&["2", "1", "0"])), 3, "in whatever order");
        assert_eq!(count(&named(&["0", "2"])), 1, "behind a gap");
        assert_eq!(count(&named(&["1"])), 0);
        assert_eq!(count(&named(&["00", "0x", "+0", "r0", "0.old", "pem", ""])), 0);
        assert_eq!(count(&["0123abcd.0".into(), "ca.pem".into(), "0".into()]), 0, "another's hash");
        let lists =
            |name: &str| revocation_lists(&directory(&[&format!("{hash}.{name}")], &file("ca.crl"))).len();
        assert_eq!((lists("r0"), lists("0"), lists("r1")), (1, 0, 0));
    }

    #[test]
    fn texts_are_folded_as_openssl_does() {
        for (text, result) in [("  Right \t\x0b CA  ", "right ca"), ("\u{dc}BER", "\u{dc}ber"), ("  ", "")] {
            assert_eq!(folded(text.as_bytes()), result.as_bytes());
        }
        assert_eq!(wide(&[0x00, 0x41, 0x20, 0xac], 2), "A€".as_bytes());
        assert_eq!(element(4, &[7; 300])[..4], [4, 0x82, 1, 0x2c]);
    }
}
