//! Option DeadLetterDrop: where reports are kept that nobody is left to get.
//!
//! In: a message whose failure nobody can be told. Out: the report on it, at the end of a file that the keeper writes. Never here:
//! the caller's own `dead.letter`, which is the business of the command (ErrorMode).

use super::mta::Mta;
use super::reports::reason;
use crate::bounce::{self, DsnKind, DsnRequest, DsnSettings};
use crate::envelope::{Envelope, Sender};
use crate::keeper::{DEAD_LETTERS, Delivery, Target};
use crate::logging::{Priority, say};
use crate::sys::{clock, errno_text, memory};
use std::io::{self, BufReader};
use std::sync::Arc;

impl Mta {
    /// The report that nobody is left to get is kept in a file; `false`: there is none.
    pub(super) async fn drop_dead_letter(&self, envelope: &Envelope, facts: &DsnSettings) -> bool {
        let config = &self.site.config;
        let Some(path) = &config.options.dead_letter_drop else { return false };
        let sender = config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON"));
        let report = match self.last_report(envelope, facts, &sender).await {
            Ok(report) => report,
            Err(error) => {
                let why = [b"savemail: ", errno_text(&error).as_bytes()].concat();
                self.log.log(0, Priority::Critical, Some(envelope.id.as_bytes()), &why);
                return false;
            }
        };
        let kept = self.keep(&report).await.unwrap_or_else(|error| errno_text(&error));
        let text = match kept.is_empty() {
            true => [b"Saved message in ", &path[..]].concat(),
            false => [b"savemail: cannot save message in ", &path[..], b": ", kept.as_bytes()].concat(),
        };
        self.log.log(5, Priority::Notice, Some(report.id.as_bytes()), &text);
        if kept.is_empty() && envelope.attempt.interactive {
            say(&[&sender[..], b"... ", &text].concat());
        }
        kept.is_empty()
    }

    /// The report, for nobody: sendmail tries the last resort once more before it says so.
    async fn last_report(
        &self,
        envelope: &Envelope,
        facts: &DsnSettings,
        sender: &[u8],
    ) -> io::Result<Envelope> {
        let header = self.returned_header(envelope, facts).await;
        let request = DsnRequest {
            facts,
            kind: DsnKind::Failure,
            id: self.queue.next_id(),
            now: clock::now(),
            expired: false,
            only_warns: false,
            deliver_by: None,
            receivers: Vec::new(),
            to_postmaster: true,
            header_only: false,
            header: &header,
        };
        let mut report = bounce::build(&request, envelope, &mut BufReader::new(envelope.body.reader()))?;
        self.complete(&mut report, envelope, facts).await;
        report.sender = Sender { text: sender.to_vec(), address: None };
        let last_resort = self.site.config.expand(&self.site.config.options.double_bounce_address);
        self.expand(&mut report, &[last_resort]).await;
        let why = reason(envelope, DsnKind::Failure);
        let text = [self.queue.next_id().as_bytes(), b": return to sender: ", &why].concat();
        self.log.log(5, Priority::Info, Some(report.id.as_bytes()), &text);
        Ok(report)
    }

    /// Why the keeper has not written it, if it has not.
    async fn keep(&self, report: &Envelope) -> io::Result<String> {
        let text = self.deliverer.as_file(report).await?;
        let delivery = Delivery {
            mailer: DEAD_LETTERS.to_vec(),
            targets: vec![Target::default()],
            ..Delivery::default()
        };
        let done = self.keeper.deliver(delivery, Some(Arc::new(memory::file(&text)?))).await;
        let failed = done.into_iter().find(|result| result.exit != 0);
        let why = failed.map(|result| result.text.unwrap_or_else(|| b"Can't create output".to_vec()));
        Ok(why.map(|why| String::from_utf8_lossy(&why).into_owned()).unwrap_or_default())
    }
}
