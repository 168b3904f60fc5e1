//! Reports on a day's results (RFC 8460): one for each domain, as JSON; who wants them.

use super::results::{Failure, Line, ShownPolicy};
use crate::mail_auth::Tags;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// Domains of which one day's reports tell.
const MAX_DOMAINS: usize = 100_000;

/// Who reports, and about which day.
pub struct Reporter<'a> {
    /// This host.
    pub host: &'a str,
    /// Whom to ask about it: a mail address.
    pub contact: &'a str,
    /// `2026-03-01`
    pub day: &'a str,
}

/// A report about one domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsReport {
    /// Whom it is about.
    pub domain: String,
    /// RFC 8460, 4.4: report-id; the same each time that it is made.
    pub id: String,
    /// `HOST!DOMAIN!BEGIN!END.json.gz` (RFC 8460, 5.1)
    pub file_name: String,
    /// JSON, compressed by gzip.
    pub content: Vec<u8>,
}

/// How the sessions with one policy have gone.
#[derive(Default)]
struct Count {
    good: u64,
    failures: BTreeMap<Failure, u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    organization_name: &'a str,
    date_range: DateRange,
    contact_info: &'a str,
    report_id: &'a str,
    policies: Vec<Policy<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct DateRange {
    start_datetime: String,
    end_datetime: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Policy<'a> {
    policy: &'a ShownPolicy,
    summary: Summary,
    failure_details: Vec<Details<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    total_successful_session_count: u64,
    total_failure_session_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Details<'a> {
    #[serde(flatten)]
    failure: &'a Failure,
    failed_session_count: u64,
}

impl Reporter<'_> {
    /// The reports of a day's file. Lines that are none tell nothing.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn reports(&self, path: &Path) -> io::Result<Vec<TlsReport>> {
        let mut domains: BTreeMap<String, BTreeMap<ShownPolicy, Count>> = BTreeMap::new();
        for line in BufReader::new(std::fs::File::open(path)?).split(b'\n') {
            let Ok(Line { policy, failure }) = serde_json::from_slice(&line?) else { continue };
            if domains.len() >= MAX_DOMAINS && !domains.contains_key(&policy.policy_domain) {
                continue;
            }
            let domain = domains.entry(policy.policy_domain.clone()).or_default();
            let count = domain.entry(policy).or_default();
            match failure {
                Some(failure) => *count.failures.entry(failure).or_default() += 1,
                None => count.good += 1,
            }
        }
        domains.iter().map(|(domain, policies)| self.report(domain, policies)).collect()
    }

    fn report(&self, domain: &str, policies: &BTreeMap<ShownPolicy, Count>) -> io::Result<TlsReport> {
        let Self { host, contact, day } = self;
        let id = format!("{day}.{domain}@{host}");
        let (begin, end) = (format!("{day}T00:00:00Z"), format!("{day}T23:59:59Z"));
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().map_or(0, |time| time.as_second());
        let file_name = format!("{host}!{domain}!{}!{}.json.gz", seconds(&begin), seconds(&end));
        let document = Document {
            organization_name: host,
            date_range: DateRange { start_datetime: begin, end_datetime: end },
            contact_info: contact,
            report_id: &id,
            policies: policies.iter().map(|(policy, count)| count.shown(policy)).collect(),
        };
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&serde_json::to_vec_pretty(&document)?)?;
        let content = packer.finish()?;
        Ok(TlsReport { domain: domain.into(), id, file_name, content })
    }
}

impl Count {
    fn shown<'a>(&'a self, policy: &'a ShownPolicy) -> Policy<'a> {
        let details =
            self.failures.iter().map(|(failure, count)| Details { failure, failed_session_count: *count });
        let summary = Summary {
            total_successful_session_count: self.good,
            total_failure_session_count: self.failures.values().sum(),
        };
        Policy { policy, summary, failure_details: details.collect() }
    }
}

/// Where a domain wants its reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// A mail address.
    Mail(String),
    /// An address of HTTPS.
    Web(String),
}

/// Of `_smtp._tls` TXT records; none unless there is exactly one of this kind (RFC 8460, 3).
pub(super) fn receivers(records: &[Vec<u8>]) -> Vec<Receiver> {
    let own: Vec<&Vec<u8>> = records.iter().filter(|record| record.starts_with(b"v=TLSRPTv1;")).collect();
    let [record] = own[..] else { return Vec::new() };
    let Some(list) = Tags::read(record).and_then(|tags| tags.get("rua")) else { return Vec::new() };
    let list = String::from_utf8_lossy(list);
    let receiver = |word: &str| match word.split_once(':')? {
        ("mailto", address) => is_plain(address).then(|| Receiver::Mail(address.into())),
        ("https", _) => Some(Receiver::Web(word.into())),
        _ => None,
    };
    list.split(',').filter_map(|word| receiver(word.trim())).take(MAX_RECEIVERS).collect()
}

/// Who reads a domain's reports is few.
const MAX_RECEIVERS: usize = 4;

/// An address that needs no quoting, and asks for nothing else.
fn is_plain(address: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+=".contains(&byte);
    address.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && !domain.is_empty() && [user, domain].iter().all(|part| part.bytes().all(fits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::EnhancedStatus;
    use crate::tls::DaneProof;
    use crate::tls_policy::requirement::NoPolicy;
    use crate::tls_policy::results::{add, days_before};
    use crate::tls_policy::{Domain, NextHopPolicy, SessionResult, Unmet};
    use std::io::Read;
    use std::sync::Arc;

    const DAY: i64 = 1_772_323_200; // 2026-03-01

    fn domain() -> Domain {
        let name = b"site.example".to_vec();
        Domain { name, secure: true, tlsa: true, sts: None, no_policy: None, must: None }
    }

    #[test]
    fn a_day_becomes_reports() {
        let dir = tempfile::tempdir().expect("a directory");
        let domain = domain();
        let proof = Arc::new(DaneProof { records: Vec::new(), names: Vec::new() });
        let unmet = Unmet { reason: "hostname mismatch".into(), status: EnhancedStatus(4, 7, 5) };
        for at in 0..3 {
            let session = SessionResult {
                domain: &domain,
                policy: &NextHopPolicy::Dane(Some(proof.clone())),
                host: b"mx.site.example.",
                address: b"192.0.2.1",
                protected: true,
                unmet: (at > 0).then_some(&unmet),
            };
            add(dir.path(), DAY + at, &session.line()).expect("written");
        }
        let days = days_before(dir.path(), "2026-03-02").expect("a list");
        assert!(days_before(dir.path(), "2026-03-01").expect("a list").is_empty(), "it is not over");
        let reporter = Reporter { host: "mail.site.example", contact: "pm@site.example", day: &days[0].0 };
        let reports = reporter.reports(&days[0].1).expect("reports");
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].file_name, "mail.site.example!site.example!1772323200!1772409599.json.gz");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&reports[0].content[..]).read_to_string(&mut text).expect("gzip");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let policy = &read["policies"][0];
        assert_eq!(policy["policy"]["policy-type"], "tlsa");
        assert_eq!(policy["summary"]["total-successful-session-count"], 1);
        assert_eq!(policy["summary"]["total-failure-session-count"], 2);
        let details = &policy["failure-details"][0];
        assert_eq!(details["result-type"], "certificate-host-mismatch");
        assert_eq!(
            (&details["failed-session-count"], &details["receiving-mx-hostname"]),
            (&2.into(), &"mx.site.example".into())
        );
    }

    /// What is wrong with a policy is told where nothing was wrong with the session itself.
    #[test]
    fn policies_that_are_no_good_are_told_of() {
        let no_policy = NoPolicy { result_type: "sts-policy-invalid", why: "no version".into() };
        let plain = domain();
        let announced = Domain { no_policy: Some(no_policy), ..plain.clone() };
        let told = |domain: &Domain, policy: NextHopPolicy, protected| {
            let (host, address) = (&b"mx.site.example."[..], &b"192.0.2.1"[..]);
            let session = SessionResult { domain, policy: &policy, host, address, protected, unmet: None };
            let line = serde_json::to_value(session.line()).expect("JSON");
            line["failure"]["result-type"].as_str().map(str::to_owned)
        };
        let of = |text: &str| Some(text.to_owned());
        assert_eq!(told(&plain, NextHopPolicy::None, true), None);
        assert_eq!(told(&announced, NextHopPolicy::None, true), of("sts-policy-invalid"));
        assert_eq!(told(&announced, NextHopPolicy::Named, true), of("sts-policy-invalid"));
        assert_eq!(told(&announced, NextHopPolicy::None, false), of("starttls-not-supported"));
        assert_eq!(told(&plain, NextHopPolicy::Dane(None), true), of("tlsa-invalid"));
    }

    #[test]
    fn who_wants_them() {
        let of = |records: &[&str]| {
            let records: Vec<Vec<u8>> = records.iter().map(|record| record.as_bytes().to_vec()).collect();
            receivers(&records)
        };
        let mail = |text: &str| Receiver::Mail(text.into());
        let both = of(&["v=TLSRPTv1; rua=mailto:tls@site.example,https://site.example/r?a=b"]);
        assert_eq!(both, [mail("tls@site.example"), Receiver::Web("https://site.example/r?a=b".into())]);
        assert_eq!(of(&["v=spf1 -all", "v=TLSRPTv1;rua=mailto:a@b.example;"]), [mail("a@b.example")]);
        assert!(of(&["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@c.example"]).is_empty());
        for odd in
            ["mailto:a b@c.example", "mailto:<a@b>", "mailto:a", "http://x.example", "mailto:a@b?cc=c@d"]
        {
            assert!(of(&[&format!("v=TLSRPTv1; rua={odd}")]).is_empty(), "{odd}");
        }
    }
}
