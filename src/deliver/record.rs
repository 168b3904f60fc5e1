//! Results become states of recipients, log lines and lines of the transcript.

use super::attempt::Attempt;
use super::result::{DeliveryResult, TranscriptLine};
use crate::addr::{MAX_SHOWN, shorten};
use crate::envelope::{EnvelopeFlags, RecipientFlags, RecipientState, is_file_or_program};
use crate::logging::statistics::Message;
use crate::logging::{Priority, RecipientLine, log_text};
use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit, UserIds};
use crate::smtp::client::Extensions;

impl Attempt<'_> {
    /// Records what came of recipients that share a result, with one log line for all. `relay`: what
    /// the log shows as such.
    pub(super) fn record(&mut self, members: &[usize], result: &DeliveryResult, relay: Option<&[u8]>) {
        if members.is_empty() {
            return;
        }
        if let Some(text) = &result.system_error {
            self.complain(text);
            self.envelope.attempt.fail_with(Sysexit::SOFTWARE);
        }
        if result.too_big || result.no_room {
            // what is too big for a mailer is too big for its sender's
            self.envelope.flags |= EnvelopeFlags::NO_BODY_RETURN;
        }
        self.transcribe_result(members, result);
        for index in members {
            self.record_recipient(*index, result);
        }
        let said = result.noted.clone().unwrap_or_else(|| result.stat());
        if !result.disposition.is_success() {
            // an error of the system says more than a mere delay
            self.envelope.note(&said, result.disposition == Disposition::Failed || result.own_words);
        }
        // who was waited for too long keeps that as his own
        if result.noted.is_some() && result.of_recipient && result.errno != nix::libc::ETIMEDOUT {
            for index in members {
                self.envelope.recipients[*index].message.clone_from(&self.envelope.message);
            }
        }
        self.on.logger.counters().recipients(result.disposition, members.len());
        if matches!(result.disposition, Disposition::Delivered | Disposition::Relayed) {
            let mailer =
                self.envelope.recipients[members[0]].address.as_ref().map(|address| address.mailer.0);
            self.on.logger.count_message(Message::To, mailer, self.envelope.size);
        }
        self.log_result(members, result, relay);
        self.tell_result(members, result);
    }

    /// The lines of the transcript: one for each, or for all.
    fn transcribe_result(&mut self, members: &[usize], result: &DeliveryResult) {
        let texts = members.iter().map(|index| self.envelope.recipients[*index].text.clone());
        // they wait for one and the same host
        let together = result.disposition == Disposition::Delayed && !result.of_recipient;
        let texts: Vec<Vec<u8>> = match result.line {
            Some(TranscriptLine::WithAddresses(_)) => vec![texts.collect::<Vec<_>>().join(&b","[..])],
            // what names nobody is said once
            _ if together || matches!(result.line, Some(TranscriptLine::Bare(_))) => {
                vec![texts.collect::<Vec<_>>().join(&b","[..])]
            }
            _ => texts.collect(),
        };
        // whoever's message cannot be taken back hears why he is not told of it by mail
        let told = self.envelope.attempt.generated && result.disposition == Disposition::Failed;
        for line in texts.iter().filter_map(|text| result.transcript(text)) {
            self.transcribe(&line);
            if told {
                self.envelope.attempt.console.failure(&line);
            }
        }
    }

    /// Whoever hands the message in has its exit status, and with -v hears where it went; of what failed there is a
    /// report, or the message is saved.
    fn tell_result(&mut self, members: &[usize], result: &DeliveryResult) {
        if !result.exit.is_ok() {
            self.envelope.attempt.fail_with(result.exit);
        }
        // what a server said to RCPT was told when it was read
        let told = matches!(result.line, Some(TranscriptLine::Written))
            && result.disposition == Disposition::Delayed;
        if !told && result.disposition != Disposition::Failed {
            self.tell(members, &[&result.stat()]);
        }
    }

    /// A step, about recipients.
    pub(super) fn tell(&self, members: &[usize], parts: &[&[u8]]) {
        let console = &self.envelope.attempt.console;
        if console.steps {
            console.step(&[&self.texts(members), b"... ", &parts.concat()]);
        }
    }

    /// Recipients as steps name them.
    pub(super) fn texts(&self, members: &[usize]) -> Vec<u8> {
        let texts = members.iter().map(|index| &self.envelope.recipients[*index].text[..]);
        texts.collect::<Vec<_>>().join(&b',')
    }

    /// The same for those whose mailbox on this host has it (mailer flag l): who asked for a receipt is
    /// to get one, with the status of RFC 3463, 3.2.
    pub(super) fn record_delivered(
        &mut self,
        members: &[usize],
        result: &DeliveryResult,
        relay: Option<&[u8]>,
    ) {
        self.note_receipts(members, &Extensions::default(), true);
        self.record(members, result, relay);
        for index in members {
            let recipient = &mut self.envelope.recipients[*index];
            if recipient.flags.contains(RecipientFlags::DELIVERED) {
                recipient.status = Some(EnhancedStatus(2, 1, 5));
            }
        }
    }

    /// A message that is too big for the mailer: each is told of for himself, in the order of the send queue.
    pub(super) fn refuse_each(&mut self, members: &[usize], result: &DeliveryResult) {
        let host = members.last().map(|index| self.host(*index));
        for index in members.iter().rev() {
            self.record(&[*index], result, host.as_deref());
        }
    }

    /// A system error: in the log, and in front of the lines of the transcript.
    pub(super) fn complain(&mut self, text: &[u8]) {
        self.transcribe(&Reply::new(554, Some(EnhancedStatus(5, 0, 0)), text).to_line());
        self.on.logger.syserr(Priority::Critical, Some(self.envelope.id.as_bytes()), text);
    }

    fn record_recipient(&mut self, index: usize, result: &DeliveryResult) {
        let recipient = &mut self.envelope.recipients[index];
        recipient.tried = self.on.clock.now();
        // what is too big never comes to the mailer
        recipient.flags.set(RecipientFlags::MAILED, !result.too_big);
        recipient.status = Some(result.status.unwrap_or(result.dsn));
        if result.reply.is_some() {
            recipient.reply.clone_from(&result.reply);
        }
        recipient.message = match result.disposition {
            // the M line of a queue file repeats a server's words, not our own
            Disposition::Delayed if result.of_recipient => Some(result.stat()),
            _ => None,
        };
        recipient.state = match result.disposition {
            Disposition::Delayed => RecipientState::Queued,
            Disposition::Failed => RecipientState::Failed,
            Disposition::Expanded => RecipientState::Expanded,
            Disposition::Delivered | Disposition::Relayed => RecipientState::Sent,
        };
    }

    fn log_result(&self, members: &[usize], result: &DeliveryResult, relay: Option<&[u8]>) {
        let envelope = &*self.envelope;
        let now = self.on.clock.now();
        let shown: Vec<Vec<u8>> =
            members.iter().map(|index| log_text(&envelope.recipients[*index].text)).collect();
        let (dsn, stat) = (result.dsn.to_string(), result.stat());
        let reply = result.quoted.as_ref().map(|reply| shorten(reply, MAX_SHOWN));
        let line = RecipientLine {
            to: shown.iter().map(Vec::as_slice).collect(),
            control: self.controlling_user(members[0], result.too_big),
            delay: now - envelope.created,
            attempt_delay: Some(now - self.started),
            mailer: self.mailer(members[0]).map(|mailer| &mailer.name[..]),
            priority: envelope.priority,
            relay: relay.filter(|relay| !relay.is_empty()),
            quarantine: None,
            dsn: Some(dsn.as_bytes()),
            reply: reply.as_deref(),
            stat: &stat,
        };
        let level = log_level(result.disposition);
        for line in line.to_lines() {
            self.on.logger.log(level, Priority::Info, Some(envelope.id.as_bytes()), &line);
        }
    }

    /// Who is behind a delivery: for files and programs, whoever's list named them; a local sender, but of what is too big nobody asks who
    /// sends it.
    fn controlling_user(&self, index: usize, too_big: bool) -> Option<(&[u8], Option<UserIds>)> {
        let recipient = &self.envelope.recipients[index];
        let config = &self.on.site.config;
        if let Some(control) = &recipient.control
            && control.alias != recipient.text
            && recipient.address.as_ref().is_some_and(|address| is_file_or_program(config, address))
        {
            return Some((&control.alias, Some(control.ids)));
        }
        Some((&self.envelope.sender.text, Some(self.sender_account.filter(|_| !too_big)?)))
    }
}

/// The log has failures at a lower level than deliveries, and what is to be tried again at the highest.
fn log_level(disposition: Disposition) -> u8 {
    match disposition {
        Disposition::Failed => 6,
        Disposition::Delayed => 8,
        _ => 7,
    }
}
