//! Reports on TLS with other hosts (RFC 8460), once a day: of what `tls_policy` has written down, to whom a domain names.
//!
//! In: files of days that are over. Out: messages in the queue, and requests to web servers. A domain that cannot be asked for
//! its receivers, or a web server that takes nothing, is not tried again: the next day has another report.

use super::mta::Mta;
use crate::envelope::{Body, Envelope, Recipient, receive, set_sender};
use crate::logging::{Priority, Quiet};
use crate::message::{Header, set_dates};
use crate::queue::QueueError;
use crate::sys::clock;
use crate::tls_policy::{Receiver, Reporter, TlsReport, day, days_before};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often somebody looks whether a day is over.
const PAUSE: Duration = Duration::from_secs(3600);
/// Bytes that make a line of base64 (RFC 2045, 6.8: 76 characters at most).
const LINE: usize = 57;

/// Sends what is due, for ever. Nothing without option TLSReportContact.
pub(super) async fn send_daily(mta: Arc<Mta>) {
    let Some(contact) = mta.site.config.options.tls_report_contact.clone() else { return };
    let contact = String::from_utf8_lossy(&contact).into_owned();
    let folder = mta.queue.options().base();
    loop {
        if let Err(error) = mta.send_tls_reports(&folder, &contact).await {
            mta.log.log(0, Priority::Error, None, format!("TLS reports: {error}").as_bytes());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Mta {
    async fn send_tls_reports(self: &Arc<Self>, folder: &Path, contact: &str) -> io::Result<()> {
        let config = &self.site.config;
        let host = config.expand(config.macro_value("j").unwrap_or_default());
        let host = String::from_utf8_lossy(&host).into_owned();
        for (day, path) in days_before(folder, &day(clock::now()))? {
            let reporter = Reporter { host: &host, contact, day: &day };
            let reports = reporter.reports(&path)?;
            // who dies while he sends does not begin again: a day is told of once
            std::fs::remove_file(&path)?;
            for report in reports {
                for receiver in self.deliverer.policies().receivers(&report.domain).await {
                    self.send_tls_report(&reporter, &report, &receiver).await;
                }
            }
        }
        Ok(())
    }

    async fn send_tls_report(self: &Arc<Self>, reporter: &Reporter<'_>, report: &TlsReport, to: &Receiver) {
        let (sent, shown) = match to {
            Receiver::Mail(address) => {
                let queued = self.queue_tls_report(reporter, report, address).await;
                (queued.map_err(|error| error.to_string()), address)
            }
            Receiver::Web(address) => {
                (self.deliverer.policies().post(address, report.content.clone()).await, address)
            }
        };
        let domain = &report.domain;
        let (level, priority, end) = match sent {
            Ok(()) => (8, Priority::Info, String::from("sent")),
            Err(why) => (4, Priority::Warning, format!("not sent: {why}")),
        };
        let text = format!("TLS report: domain={domain}, day={}, to={shown}, {end}", reporter.day);
        self.log.log(level, priority, None, text.as_bytes());
    }

    /// A message of this host's own, as any other one from here on.
    async fn queue_tls_report(
        self: &Arc<Self>,
        reporter: &Reporter<'_>,
        report: &TlsReport,
        to: &str,
    ) -> Result<(), QueueError> {
        let config = self.site.config.clone();
        let now = clock::now();
        let mut envelope = Envelope {
            id: self.queue.next_id(),
            recipients: vec![Recipient::named(&config, to.as_bytes())],
            body: Body::from_memory(body(reporter, report)),
            created: now,
            ..Envelope::default()
        };
        set_dates(&config, &mut envelope.scope, now);
        let id = envelope.id.to_string();
        envelope.scope.set_named(&config, b"i", id.as_bytes());
        set_sender(&self.site, &mut envelope, &mut Quiet, reporter.contact.as_bytes()).await;
        receive(&self.site, &mut envelope, fields(reporter, report, to)).await;
        envelope.size = envelope.headers.size(&config.names) + envelope.body.size();
        envelope.set_priority(&config.options);
        let lease = self.queue.commit(&envelope).await?;
        self.spawn_delivery(lease, envelope);
        Ok(())
    }
}

fn fields(reporter: &Reporter<'_>, report: &TlsReport, to: &str) -> Vec<Header> {
    let Reporter { host, contact, .. } = reporter;
    let TlsReport { domain, id, .. } = report;
    let boundary = boundary(report);
    let fields = [
        ("From", (*contact).to_owned()),
        ("To", to.to_owned()),
        ("Subject", format!("Report Domain: {domain} Submitter: {host} Report-ID: <{id}>")),
        ("TLS-Report-Domain", domain.clone()),
        ("TLS-Report-Submitter", (*host).to_owned()),
        // a report about TLS that fails must not wait for it (RFC 8460, 5.3)
        ("TLS-Required", "No".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", format!("multipart/report; report-type=\"tlsrpt\";\n\tboundary=\"{boundary}\"")),
    ];
    let header =
        |(name, value): (&str, String)| Header::generated(name.as_bytes(), format!(" {value}").as_bytes());
    fields.into_iter().map(header).collect()
}

/// No line of base64 or of our text begins so.
fn boundary(report: &TlsReport) -> String {
    format!("=_tlsrpt_{}", report.content.len())
}

fn body(reporter: &Reporter<'_>, report: &TlsReport) -> Vec<u8> {
    let (boundary, name) = (boundary(report), &report.file_name);
    let lines: String = report.content.chunks(LINE).map(|bytes| STANDARD.encode(bytes) + "\n").collect();
    format!(
        "--{boundary}\nContent-Type: text/plain\n\nThis is a report about TLS between {} and hosts of {} on {}.\n\n\
         --{boundary}\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment;\n\tfilename=\"{name}\"\n\n{lines}\n--{boundary}--\n",
        reporter.host, report.domain, reporter.day
    )
    .into_bytes()
}
