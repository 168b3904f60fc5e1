//! Files that the daemon would not trust, ports, keys of DNSSEC.

use super::finding::Finding;
use super::subject::Subject;
use crate::config::{CertificateFiles, Entry};
use crate::db::AliasSpec;
use crate::net::{self, ANCHOR_HELP, AnchorFault};
use crate::sys::accounts;
use crate::sys::safe::{self, Danger, Refusal, Rules};
use std::collections::HashMap;
use std::path::Path;

/// Findings about them.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = permissions(subject);
    found.extend(ports(subject));
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
            found.push(Finding::new("L501", &path.display().to_string(), message).help(remedy(danger)));
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
    let sides = [
        (&options.server_cert_file, &options.server_key_file),
        (&options.client_cert_file, &options.client_key_file),
    ];
    for (certificates, keys) in sides {
        for key in CertificateFiles::new(certificates.as_deref(), keys.as_deref()).keys {
            look(&accounts::path(&key), &Rules::key(blame));
        }
    }
    found.sort_by(|one, other| one.diagnostic.place.file.cmp(&other.diagnostic.place.file));
    found.dedup();
    found
}

/// What to do so that a file is trusted.
fn remedy(danger: Danger) -> &'static str {
    match danger {
        Danger::SymbolicLink => "name the file itself, not a link in a directory that others may write",
        Danger::HardLink => "give it one name alone",
        Danger::NotRegular => "name a file",
        Danger::Executable => "take the right to execute away (chmod a-x)",
        Danger::WorldWritableDirectory | Danger::GroupWritableDirectory => {
            "take the right to write away (chmod go-w) of the directory, or of one above it"
        }
        Danger::WorldWritable | Danger::GroupWritable => "take the right to write away (chmod go-w)",
        Danger::AnothersFile => "give it to root (chown root)",
        Danger::GroupReadable | Danger::WorldReadable => "take the right to read away (chmod go-rw)",
        Danger::Changed => "look again",
    }
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
pub(super) fn is_elsewhere(file: &Path) -> bool {
    file.parent().is_none_or(|directory| !directory.is_dir())
}
