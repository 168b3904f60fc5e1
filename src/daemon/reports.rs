//! Reports on a message at the end of a pass: about what, to whom, and that they are in the queue before it may go.
//!
//! In: an envelope whose recipients have their results. Out: reports in the queue, leased to us. What a report says is
//! `bounce`'s business.

use super::lateness::Lateness;
use super::mta::Mta;
use super::receivers::anybody;
use crate::addr::{MAX_SHOWN, dollars, shorten};
use crate::bounce::{self, DsnKind, DsnRequest, DsnSettings};
use crate::envelope::{Envelope, EnvelopeFlags, Expanded, FailureReport, Recipient, RecipientState, receive};
use crate::logging::Priority;
use crate::logging::counters::Count;
use crate::logging::statistics::Message;
use crate::message::shows_commas;
use crate::queue::{Lease, QueueError};
use crate::schema::Sysexit;
use crate::sys::accounts;
use crate::sys::safe::{self, Rules};
use std::io::BufReader;

/// What came of the reports on a message.
#[derive(Default)]
pub(super) struct Reports {
    pub(super) queued: Vec<(Lease, Envelope)>,
    /// A failure that nobody can be told.
    pub(super) unreportable: bool,
    /// The message is to be saved for whoever handed it in.
    pub(super) unsent: bool,
}

/// What reports on a message have in common.
struct Subject {
    facts: DsnSettings,
    lateness: Lateness,
    /// What the transcript is to say of the message's age, until it has said it.
    time_is_over: Option<String>,
}

/// Who gets a report.
struct Receivers {
    /// Expanded; none: nobody is to be told.
    list: Vec<Recipient>,
    /// What the expansion has come to.
    expanded: Expanded,
    /// The postmaster instead of the sender.
    to_postmaster: bool,
    /// What the log calls it.
    word: &'static [u8],
}

impl Mta {
    /// Builds the reports that are due (RFC 3464) and puts them into the queue.
    pub(super) async fn queue_reports(&self, envelope: &mut Envelope) -> Result<Reports, QueueError> {
        let mut reports = Reports::default();
        let lateness = self.lateness(envelope);
        let kinds = bounce::due(envelope, self.site.config.options.privacy_options);
        // mail that has arrived needs nothing of what follows
        if kinds.is_empty() && !lateness.is_told && !envelope.attempt.tells_postmaster {
            return Ok(reports);
        }
        let facts = DsnSettings::of(&self.site, envelope, &self.error_header());
        let gives_up = lateness.gives_up();
        let by = lateness.deliver_by(!gives_up);
        let mut time_is_over = lateness.is_told.then(|| facts.time_is_over(gives_up, by));
        let tells_failures = kinds.iter().any(|kind| kind.tells_failures());
        // of a failure that is said behind what was wrong with the sender
        if !tells_failures && let Some(text) = time_is_over.take() {
            envelope.transcribe(text.as_bytes());
        }
        let failed = envelope.recipients.iter().any(|one| one.state == RecipientState::Failed);
        envelope.attempt.more_than_delayed |= failed;
        if gives_up {
            let expiry = facts.expiry(lateness.overdue).into_bytes();
            envelope.attempt.console.step(&[&expiry]);
            envelope.message = Some(expiry);
        }
        let mut subject = Subject { facts, lateness, time_is_over };
        for kind in kinds {
            if !self.keeps_quiet(envelope) {
                Box::pin(self.report(envelope, kind, &mut subject, &mut reports)).await?;
            }
        }
        if !tells_failures {
            reports.queued.extend(Box::pin(self.report_circle(envelope, &subject)).await?);
        }
        Ok(reports)
    }

    /// A command that is to be quiet about errors has no report on a report that it has made.
    fn keeps_quiet(&self, envelope: &Envelope) -> bool {
        let attempt = &envelope.attempt;
        self.site.config.options.error_mode == b'q' && attempt.report && !attempt.from_queue
    }

    /// One report, and the copy of it for whoever wants to hear of every failure.
    async fn report(
        &self,
        envelope: &mut Envelope,
        kind: DsnKind,
        subject: &mut Subject,
        reports: &mut Reports,
    ) -> Result<(), QueueError> {
        let saved = is_saved(envelope, kind);
        let Some(receivers) = self.who_hears(envelope, kind, subject, reports).await else { return Ok(()) };
        let (facts, lateness) = (&subject.facts, &subject.lateness);
        if lateness.gives_up() {
            // whatever was wrong with a name: this is why
            envelope.message = Some(facts.expiry(lateness.overdue).into_bytes());
        }
        let Receivers { list: receivers, expanded, to_postmaster, word } = receivers;
        let id = self.queue.next_id();
        let header = self.returned_header(envelope, facts).await;
        let request = DsnRequest {
            facts,
            kind,
            id,
            now: lateness.now,
            expired: lateness.expired,
            deliver_by: lateness.deliver_by(kind.warns()),
            only_warns: kind == DsnKind::Delay && !envelope.attempt.more_than_delayed,
            receivers,
            to_postmaster,
            header_only: false,
            header: &header,
        };
        if !saved {
            reports.queued.push(self.queue_report(envelope, &request, expanded, word).await?);
        }
        envelope.attempt.reported = true;
        if kind.warns() {
            envelope.flags |= EnvelopeFlags::WARNED;
        }
        if kind.tells_failures()
            && let Some(receivers) = Box::pin(self.postmaster_copy(envelope, kind, true)).await
        {
            let id = self.queue.next_id();
            let Receivers { list, expanded, word, .. } = receivers;
            let copy = DsnRequest { id, receivers: list, to_postmaster: true, header_only: true, ..request };
            reports.queued.push(self.queue_report(envelope, &copy, expanded, word).await?);
        }
        Ok(())
    }

    /// Who gets a report. `None`: nobody, and there is none.
    async fn who_hears(
        &self,
        envelope: &mut Envelope,
        kind: DsnKind,
        subject: &mut Subject,
        reports: &mut Reports,
    ) -> Option<Receivers> {
        let saved = is_saved(envelope, kind);
        if saved {
            reports.unsent = envelope.attempt.failure == FailureReport::DeadLetter;
        }
        let warning = subject.facts.warning(subject.lateness.deliver_by(true)).into_bytes();
        if kind.warns() {
            envelope.message = Some(warning.clone());
        }
        // of what is saved for the caller only the postmaster hears
        let receivers = if saved { None } else { Box::pin(self.receivers(envelope, kind)).await };
        if let Some(text) = subject.time_is_over.take() {
            envelope.transcribe(text.as_bytes());
        }
        match receivers {
            None if saved => {
                Box::pin(self.look_for_sender(envelope)).await;
                let (list, expanded) = Default::default();
                Some(Receivers { list, expanded, to_postmaster: false, word: b"" })
            }
            Some(receivers) if receivers.list.is_empty() => None,
            // of what is late as well as lost postmaster hears as the sender would have
            Some(receivers) if kind == DsnKind::FailureAndDelay && receivers.to_postmaster => {
                envelope.message = Some(warning);
                Some(Receivers { to_postmaster: false, ..receivers })
            }
            None => {
                reports.unreportable |=
                    kind.tells_failures() && !Box::pin(self.drop_dead_letter(envelope, &subject.facts)).await;
                None
            }
            receivers => receivers,
        }
    }

    /// The copy for postmaster of what goes round in circles, where nobody is to be told that it failed.
    async fn report_circle(
        &self,
        envelope: &mut Envelope,
        subject: &Subject,
    ) -> Result<Option<(Lease, Envelope)>, QueueError> {
        let kind = DsnKind::Failure;
        let Some(receivers) = self.postmaster_copy(envelope, kind, false).await else { return Ok(None) };
        let Receivers { list: receivers, expanded, to_postmaster, word } = receivers;
        let header = self.returned_header(envelope, &subject.facts).await;
        let request = DsnRequest {
            facts: &subject.facts,
            kind,
            id: self.queue.next_id(),
            now: subject.lateness.now,
            expired: subject.lateness.expired,
            deliver_by: None,
            only_warns: false,
            receivers,
            to_postmaster,
            header_only: true,
            header: &header,
        };
        self.queue_report(envelope, &request, expanded, word).await.map(Some)
    }

    /// Option PostmasterCopy: whoever wants to hear of every failure, but for those of reports and of bulk mail. Of what goes round in
    /// circles postmaster hears as well, even where nobody is to be told that it `failed`.
    async fn postmaster_copy(
        &self,
        envelope: &mut Envelope,
        kind: DsnKind,
        failed: bool,
    ) -> Option<Receivers> {
        let config = self.site.config.clone();
        let copy_to = config.expand(config.options.postmaster_copy.as_deref()?);
        if envelope.attempt.report || copy_to.is_empty() || envelope.class < 0 {
            return None;
        }
        let circling = envelope.attempt.tells_postmaster.then(|| b"postmaster".to_vec());
        let names: Vec<Vec<u8>> = failed.then_some(copy_to).into_iter().chain(circling).collect();
        if names.is_empty() {
            return None;
        }
        let (list, expanded) = self.expand(envelope, &names).await;
        Some(Receivers { list, expanded, to_postmaster: true, word: word(envelope, kind, true) })
    }

    async fn queue_report(
        &self,
        envelope: &Envelope,
        request: &DsnRequest<'_>,
        expanded: Expanded,
        word: &[u8],
    ) -> Result<(Lease, Envelope), QueueError> {
        let built = bounce::build(request, envelope, &mut BufReader::new(envelope.body.reader()));
        let mut report = built
            .map_err(|error| QueueError::new("cannot read the body of", envelope.id.to_string(), error))?;
        // whichever group the message is in
        report.location = self.queue.location(0);
        report.attempt.expanded = Some(expanded);
        self.complete(&mut report, envelope, request.facts).await;
        self.log_report(envelope, &report.id.to_string(), word, request.kind);
        let lease = self.queue.commit(&report).await?;
        self.log.counters().add(Count::Reports, 1);
        self.log.count_message(Message::From, report.sender.mailer(&self.site.config), report.size);
        Ok((lease, report))
    }

    /// Whom a report goes to: the sender; if it is about a report or nobody of that name can be had, whoever
    /// DoubleBounceAddress names, nobody where it is empty. `None`: nobody could be found.
    async fn receivers(&self, envelope: &mut Envelope, kind: DsnKind) -> Option<Receivers> {
        let config = self.site.config.clone();
        // a receipt may be about a report that has a sender
        let answers = !envelope.is_response() || kind == DsnKind::Success;
        // what is wrong here is nothing that the sender could mend
        let ours =
            matches!(envelope.attempt.exit, Sysexit::CONFIG | Sysexit::SOFTWARE) && kind != DsnKind::Success;
        envelope.attempt.more_than_delayed |= ours;
        if answers && !envelope.sender.is_null() || ours && !envelope.attempt.report {
            let mut named = match envelope.sender.is_null() {
                true => Vec::new(),
                false => self.sender_names(envelope, kind),
            };
            // sendmail reads the name of whoever hears of a failure as any list, and learns from it how the message's own are written
            if kind.tells_failures() && shows_commas(&envelope.sender.text) && !envelope.sender.is_null() {
                envelope.headers.separate_by_commas();
            }
            if ours {
                named.push(b"postmaster".to_vec());
            }
            let word = word(envelope, kind, false);
            let (list, expanded) = self.expand_sender(envelope, &named).await;
            // a receipt that nobody gets comes back itself
            if kind == DsnKind::Success || anybody(&list) {
                return Some(Receivers { list, expanded, to_postmaster: false, word });
            }
        }
        self.look_for_reporter(envelope).await;
        let word = word(envelope, kind, true);
        let last_resort = config.expand(&config.options.double_bounce_address);
        if kind == DsnKind::Success
            || envelope.sender.is_null() && kind == DsnKind::Delay
            || last_resort.is_empty()
        {
            let nobody = (Vec::new(), Expanded::default());
            return Some(Receivers { list: nobody.0, expanded: nobody.1, to_postmaster: true, word });
        }
        if envelope.attempt.of_report {
            return None;
        }
        let found = Some(self.expand(envelope, &[last_resort]).await).filter(|(list, _)| anybody(list));
        if found.is_none() {
            self.log_report(envelope, &self.queue.next_id().to_string(), word, kind);
        }
        let (list, expanded) = found?;
        Some(Receivers { list, expanded, to_postmaster: true, word })
    }

    /// Option ErrorHeader: a text, or the file it names with a leading `/`. One that is not to be trusted, or cannot be read, says nothing.
    fn error_header(&self) -> Vec<u8> {
        match self.site.config.options.error_header.as_deref() {
            Some(path) if path.starts_with(b"/") => {
                let rules = Rules::error_header(self.site.config.blame());
                dollars(&safe::read(&accounts::path(path), &rules).unwrap_or_default())
            }
            text => text.unwrap_or_default().to_vec(),
        }
    }

    /// The default fields of a report, as any message gets them.
    pub(super) async fn complete(&self, report: &mut Envelope, original: &Envelope, facts: &DsnSettings) {
        crate::message::set_dates(&self.site.config, &mut report.scope, report.created);
        bounce::set_macros(&self.site, facts, original, report);
        let (fields, body_type) = (std::mem::take(&mut report.headers.0), report.body_type);
        receive(&self.site, report, fields).await;
        report.body_type = body_type;
        report.flags -= EnvelopeFlags::DELETE_BCC;
    }

    fn log_report(&self, envelope: &Envelope, report: &str, word: &[u8], kind: DsnKind) {
        let text = [report.as_bytes(), b": ", word, b": ", &reason(envelope, kind)].concat();
        self.log.log(5, Priority::Info, Some(envelope.id.as_bytes()), &text);
    }
}

/// Is a failure nobody's news but the caller's, for whom the message is saved?
fn is_saved(envelope: &Envelope, kind: DsnKind) -> bool {
    kind == DsnKind::Failure && envelope.attempt.failure != FailureReport::Mail
}

/// What the log calls a report.
fn word(envelope: &Envelope, kind: DsnKind, to_postmaster: bool) -> &'static [u8] {
    match (kind, to_postmaster) {
        _ if envelope.attempt.report => b"return to sender",
        _ if kind.warns() || envelope.flags.contains(EnvelopeFlags::WARNED) => b"sender notify",
        (_, true) => b"postmaster notify",
        (_, false) => b"DSN",
    }
}

/// Why there is a report, as the log says it.
pub(super) fn reason(envelope: &Envelope, kind: DsnKind) -> Vec<u8> {
    if kind == DsnKind::Success {
        return b"Return receipt".to_vec();
    }
    let failed = envelope.recipients.iter().filter(|one| one.state == RecipientState::Failed);
    let mut said = failed.filter_map(|one| one.message.clone());
    let message = envelope.message.clone().or_else(|| said.next());
    let text = message.unwrap_or_else(|| b"Unable to deliver mail".to_vec());
    shorten(&text, MAX_SHOWN)
}
