//! Files that the daemon would not trust, ports, certificates, keys of DNSSEC.

use super::finding::Finding;
use super::subject::Subject;
use crate::config::Entry;
use crate::db::AliasSpec;
use crate::net::{self, ANCHOR_HELP, AnchorFault};
use crate::sys::accounts;
use crate::sys::safe::{self, Refusal, Rules};
use std::collections::HashMap;
use std::path::Path;

/// Findings about files, ports, certificates and keys.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = permissions(subject);
    found.extend(ports(subject));
    found.extend(certificates(subject));
    found.extend(anchors(subject));
    found
}

/// Files that are there and would be refused.
fn permissions(subject: &Subject<'_>) -> Vec<Finding> {
    let (options, blame) = (&subject.config.options, subject.config.blame());
    let mut found = Vec::new();
    let mut look = |path: &Path, rules: &Rules| {
        if let Err(Refusal::Unsafe(danger)) = safe::open(path, rules) {
            let message = format!("the daemon does not use it: {danger}");
            let help = "take the right to write away (chmod go-w), of the file or of a directory above it";
            found.push(Finding::new("L501", &path.display().to_string(), message).help(help));
        }
    };
    for part in &options.alias_file {
        look(&AliasSpec::parse(part).file, &Rules::alias(blame));
    }
    for map in &subject.config.maps {
        let file = map.args.split(u8::is_ascii_whitespace).rfind(|word| word.starts_with(b"/"));
        let Some(file) = file.filter(|_| [&b"hash"[..], b"btree", b"text", b"dbm"].contains(&&*map.class))
        else {
            continue;
        };
        let database = [file, b".db"].concat();
        let name =
            if map.class.eq_ignore_ascii_case(b"text") || file.ends_with(b".db") { file } else { &database };
        look(&accounts::path(name), &Rules::map(blame));
    }
    for key in [&options.server_key_file, &options.client_key_file].into_iter().flatten() {
        for file in key.split(|byte| *byte == b',') {
            look(&accounts::path(file.trim_ascii()), &Rules::key(blame));
        }
    }
    found.sort_by(|one, other| one.diagnostic.place.file.cmp(&other.diagnostic.place.file));
    found.dedup();
    found
}

/// Ports that two lines want.
fn ports(subject: &Subject<'_>) -> Vec<Finding> {
    let mut first: HashMap<String, String> = HashMap::new();
    let mut found = Vec::new();
    for (index, port) in subject.config.daemon_ports().iter().enumerate() {
        let address = port.socket_address().to_string();
        let name = String::from_utf8_lossy(&port.name).into_owned();
        if let Some(other) = first.insert(address.clone(), name.clone()) {
            let message = format!("{name} wants {address}, and {other} has it already");
            let finding = subject.at_entry("L601", Entry::DaemonPort(index), message);
            found.push(finding.help("give one of them another port or address, or take it out"));
        }
    }
    found
}

/// How long before its end a certificate is spoken of.
const NEARLY_OVER: i64 = 30 * 24 * 3600;

fn certificates(subject: &Subject<'_>) -> Vec<Finding> {
    let options = &subject.config.options;
    let rows = [
        ("ServerCertFile", &options.server_cert_file),
        ("ClientCertFile", &options.client_cert_file),
        ("CACertFile", &options.ca_cert_file),
    ];
    let mut found: Vec<Finding> = Vec::new();
    for (option, files) in rows {
        for file in files.iter().flat_map(|files| files.split(|byte| *byte == b',')) {
            let path = accounts::path(file.trim_ascii());
            let told = certificate(&path, subject.now).map(|(code, message, help)| {
                let message = format!("{}: {message}", path.display());
                subject.at_entry(code, Entry::Option(option), message).help(help)
            });
            // the same file for two sides is told of once
            found.extend(
                told.filter(|new| !found.iter().any(|old| old.diagnostic.message == new.diagnostic.message)),
            );
        }
    }
    found
}

/// Keys that DANE is to rest on: a file that is not there, or a line of it that is none.
fn anchors(subject: &Subject<'_>) -> Option<Finding> {
    let AnchorFault { file, line, why } = net::anchor_fault(subject.config)?;
    if is_elsewhere(&file) {
        return None;
    }
    let shown = file.display().to_string();
    let finding = match line {
        Some((number, text)) => Finding::new("L704", &shown, why).at(number, 0, text.as_bytes()),
        None => subject.at_entry("L704", Entry::Option("DNSSECTrustAnchor"), format!("{shown}: {why}")),
    };
    Some(finding.help(ANCHOR_HELP))
}

/// Without the file's directory this is not the site's own machine.
fn is_elsewhere(file: &Path) -> bool {
    file.parent().is_none_or(|directory| !directory.is_dir())
}

type Told = (&'static str, String, &'static str);

/// What is wrong with the certificates of a file. Of many (a list of CAs) some may be over.
fn certificate(path: &Path, now: i64) -> Option<Told> {
    if is_elsewhere(path) {
        return None;
    }
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) => return Some(("L703", error.to_string(), "name a file that is there")),
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
}
