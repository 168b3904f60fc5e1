//! What TLS with other hosts has come to, for the reports that domains ask for (RFC 8460): a line for each session, in a
//! file for each day (UTC).

use super::requirement::{Domain, NextHopPolicy, Unmet};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A day's file grows no further, in bytes: what comes then is not told of.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// How its name begins; the day follows.
const NAME: &str = "tls-results.";

/// One session with a host, or why there is none.
pub struct SessionResult<'a> {
    /// Whose mail goes there.
    pub domain: &'a Domain,
    /// What was wanted.
    pub policy: &'a NextHopPolicy,
    /// The host, as it was called.
    pub host: &'a [u8],
    /// Its address; empty where none was called.
    pub address: &'a [u8],
    /// Was it under TLS?
    pub protected: bool,
    /// What was missing.
    pub unmet: Option<&'a Unmet>,
}

/// A policy as reports show it (RFC 8460, 4.4).
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ShownPolicy {
    policy_type: String,
    policy_string: Vec<String>,
    pub(super) policy_domain: String,
    mx_host: Vec<String>,
}

/// A failure, as they do; those that are alike are counted.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Failure {
    result_type: String,
    receiving_mx_hostname: String,
    /// Empty: it was not called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    receiving_ip: String,
    failure_reason_code: String,
}

/// A line of the file.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Line {
    pub(super) policy: ShownPolicy,
    /// `None`: a session as it should be.
    pub(super) failure: Option<Failure>,
}

/// What is missing where STARTTLS was answered, but came to nothing.
pub const HANDSHAKE_FAILED: &str = "TLS handshake failed";

/// Result types (RFC 8460, 4.3) of what the log calls so; any other reason is one of the certificate.
const RESULT_TYPES: &[(&str, &str)] = &[
    ("no TLS", "starttls-not-supported"),
    (HANDSHAKE_FAILED, "validation-failure"),
    ("hostname mismatch", "certificate-host-mismatch"),
    ("certificate has expired", "certificate-expired"),
    ("no matching DANE TLSA records", "validation-failure"),
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.strip_suffix(b".").unwrap_or(bytes)).into_owned()
}

impl SessionResult<'_> {
    pub(super) fn line(&self) -> Line {
        let failure = self.failure().map(|(result_type, reason)| Failure {
            result_type: result_type.into(),
            receiving_mx_hostname: text(self.host),
            receiving_ip: text(self.address),
            failure_reason_code: reason.into(),
        });
        let (kind, strings, hosts) = self.policy.shown_in_reports(self.domain);
        let policy = ShownPolicy {
            policy_type: kind.into(),
            policy_string: strings,
            policy_domain: text(&self.domain.name),
            mx_host: hosts,
        };
        Line { policy, failure }
    }

    /// Its result type, and why, if it was not as the domain wants it. What was wrong with the session comes before what was wrong with
    /// the policy: each session is counted once.
    fn failure(&self) -> Option<(&'static str, &str)> {
        if let Some(unmet) = self.unmet {
            return Some((self.result_type(&unmet.reason), &unmet.reason));
        }
        match (self.policy, &self.domain.no_policy) {
            _ if !self.protected => Some((self.result_type("no TLS"), "no TLS")),
            (NextHopPolicy::Dane(None), _) => Some(("tlsa-invalid", "no TLSA record is of any use")),
            (NextHopPolicy::None | NextHopPolicy::Named | NextHopPolicy::Site { .. }, Some(none)) => {
                Some((none.result_type, &none.why))
            }
            _ => None,
        }
    }

    fn result_type(&self, reason: &str) -> &'static str {
        let named = RESULT_TYPES.iter().find(|(known, _)| *known == reason).map(|row| row.1);
        let other = if self.address.is_empty() { "dnssec-invalid" } else { "certificate-not-trusted" };
        match self.policy {
            NextHopPolicy::Sts { listed: false, .. } => "validation-failure",
            _ => named.unwrap_or(other),
        }
    }
}

/// The day of a time in seconds since the epoch: `2026-03-01`.
pub fn day(now: i64) -> String {
    let time = jiff::Timestamp::from_second(now).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Adds a line to the file of its day.
///
/// # Errors
/// It could not be written.
pub(super) fn add(folder: &Path, now: i64, line: &Line) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    let mut file = options.open(folder.join(format!("{NAME}{}", day(now))))?;
    if file.metadata()?.len() >= MAX_FILE {
        return Ok(());
    }
    file.write_all(format!("{}\n", serde_json::to_string(line)?).as_bytes())
}

/// The days before this one that have a file.
///
/// # Errors
/// The folder cannot be read.
pub fn days_before(folder: &Path, today: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut days = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let Some(day) = name.to_str().and_then(|name| name.strip_prefix(NAME)) else { continue };
        if day.parse::<jiff::civil::Date>().is_ok() && day < today {
            days.push((day.to_owned(), file.path()));
        }
    }
    days.sort();
    Ok(days)
}
