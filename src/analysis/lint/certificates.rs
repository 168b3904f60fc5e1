//! Certificates and their keys, as TLS would use them.
//!
//! In: options that name files. Out: files that are not there or hold nothing of use, keys of other certificates, certificates whose
//! time is over. Never here: whether the daemon would trust the files (`files`).

use super::files::is_elsewhere;
use super::finding::Finding;
use super::subject::Subject;
use crate::config::{CertificateFiles, Entry};
use crate::sys::{accounts, errno_text};
use crate::tls::{KeyFault, key_fault};
use std::io;
use std::path::Path;

/// Findings about certificates and keys.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let options = &subject.config.options;
    let (server, client) = (&options.server_cert_file, &options.client_cert_file);
    let mut found: Vec<Finding> = Vec::new();
    // the same file for two sides is told of once
    let mut tell = |option: &'static str, file: &Path, told: Option<Told>| {
        let Some((code, message, help)) = told else { return };
        let message = format!("{}: {message}", file.display());
        if found.iter().all(|old| old.diagnostic.message != message) {
            found.push(subject.at_entry(code, Entry::Option(option), message).help(help));
        }
    };
    let sides = [
        ("ServerCertFile", server, "ServerKeyFile", &options.server_key_file),
        ("ClientCertFile", client, "ClientKeyFile", &options.client_key_file),
    ];
    let sides = sides.map(|(certificate, certificates, key, keys)| {
        (certificate, key, CertificateFiles::new(certificates.as_deref(), keys.as_deref()))
    });
    let own =
        sides.iter().flat_map(|(option, _, files)| files.certificates.iter().map(|path| (*option, path)));
    let others = options.ca_cert_file.iter().map(|path| ("CACertFile", path));
    for (option, path) in own.chain(others) {
        let file = accounts::path(path);
        tell(option, &file, certificate(&file, subject.now));
    }
    for (_, option, files) in &sides {
        for (certificate, path) in files.certificates.iter().zip(&files.keys) {
            let file = accounts::path(path);
            tell(option, &file, key(&accounts::path(certificate), &file));
        }
    }
    found
}

/// How long before its end a certificate is spoken of.
const NEARLY_OVER: i64 = 30 * 24 * 3600;

type Told = (&'static str, String, &'static str);

/// What is wrong with the certificates of a file. Of many (a list of CAs) some may be over.
fn certificate(path: &Path, now: i64) -> Option<Told> {
    let text = match content(path)? {
        Ok(text) => text,
        Err(error) => return Some(unreadable(&error)),
    };
    let ends: Vec<i64> = x509_parser::pem::Pem::iter_from_buffer(&text)
        .filter_map(|pem| Some(pem.ok()?.parse_x509().ok()?.validity().not_after.timestamp()))
        .collect();
    let last = match ends[..] {
        [] => return Some(("L703", "there is no certificate in it".into(), "name a file in PEM format")),
        [one] => one,
        _ => *ends.first().filter(|_| ends.len() < 8)?,
    };
    let day =
        jiff::Timestamp::from_second(last).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    if last < now {
        return Some(("L701", format!("the certificate was good until {day}"), "renew it"));
    }
    (last < now + NEARLY_OVER).then(|| ("L702", format!("the certificate is good until {day}"), "renew it"))
}

/// What is wrong with the key of a certificate; nothing where the certificate itself cannot be read.
fn key(certificate: &Path, file: &Path) -> Option<Told> {
    let text = match content(file)? {
        Ok(text) => text,
        // a key is the daemon's: whoever lints may have fewer rights
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return None,
        Err(error) => return Some(unreadable(&error)),
    };
    match key_fault(&std::fs::read(certificate).unwrap_or_default(), &text)? {
        KeyFault::NoKey => Some(("L703", "there is no key in it".into(), "name a file in PEM format")),
        KeyFault::AnothersKey => {
            let message = format!("it is not the key of {}", certificate.display());
            Some(("L705", message, "name the key with which the certificate was made"))
        }
    }
}

/// What a file holds, or why that cannot be known; `None`: it is one of another machine.
fn content(path: &Path) -> Option<io::Result<Vec<u8>>> {
    (!is_elsewhere(path)).then(|| std::fs::read(path))
}

fn unreadable(error: &io::Error) -> Told {
    ("L703", errno_text(error), "name a file that is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_have_an_end() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls/site.pem");
        let text = std::fs::read(&path).expect("testdata");
        let pem = x509_parser::pem::Pem::iter_from_buffer(&text).next().expect("one").expect("PEM");
        let end = pem.parse_x509().expect("a certificate").validity().not_after.timestamp();
        let code = |now: i64| certificate(&path, now).map(|(code, ..)| code);
        let day = 24 * 3600;
        assert_eq!(
            [code(end - 60 * day), code(end - 20 * day), code(end + day)],
            [None, Some("L702"), Some("L701")]
        );
        let none = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(certificate(&none, 0).map(|(code, ..)| code), Some("L703"));
    }

    #[test]
    fn keys_belong_to_certificates() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls");
        let told = |file: &str| key(&folder.join("site.pem"), &folder.join(file)).map(|(code, ..)| code);
        let answers = ["site.key", "other.key", "site.pem", "nothing.key", "../nowhere/x.key"].map(told);
        assert_eq!(answers, [None, Some("L705"), Some("L703"), Some("L703"), None]);
    }
}
