//! What a server's answers mean for each recipient of a transaction.

use super::attempt::Attempt;
use super::commands::settle_notify;
use super::connect_failure::ConnectFailure;
use super::replies;
use super::result::{DeliveryResult, TranscriptLine};
use crate::config::Mailer;
use crate::logging::Priority;
use crate::schema::{Disposition, Reply};
use crate::smtp::client::{Answer, Answers, ConnectionError, Extensions, ServerConnection};

/// What came of a transaction. Everybody else is settled.
#[derive(Default)]
pub(super) struct TransactionResult {
    /// How many recipients the server took.
    pub(super) delivered: i64,
    /// Of these it said nothing; another host may take them.
    pub(super) undecided: Option<(Vec<usize>, ConnectFailure)>,
}

/// Settles everybody of whom something was answered. `is_last`: no other host is left to be tried; else one that is busy is no
/// more than a host that cannot be reached (RFC 5321, 5.1), whatever it has come to.
pub(super) fn settle(
    attempt: &mut Attempt<'_>,
    server: &ServerConnection,
    members: &[usize],
    answers: &Answers,
    (mailer, is_last): (&Mailer, bool),
) -> TransactionResult {
    let settling = Settling {
        extensions: &server.extensions,
        host: &server.host,
        // without LMTP sendmail names where the program sends to, not the program
        relay: if mailer.is_pipe() && !mailer.has(b'z') { attempt.host(members[0]) } else { server.relay() },
        answers,
        lmtp: mailer.has(b'z'),
        local: mailer.has(b'l'),
        is_last,
    };
    if let Some(answer) = &answers.mail
        && let Some(result) = replies::of_mail(answer, &server.extensions)
    {
        // what it comes to behind what other hosts have said is not known here
        let waits = !settling.lmtp && result.disposition == Disposition::Delayed;
        if answer.is_closing() || waits {
            let undecided = (members.to_vec(), ConnectFailure::new(result, settling.relay, None));
            return TransactionResult { delivered: 0, undecided: Some(undecided) };
        }
        attempt.record(members, &result, Some(&settling.relay));
        return TransactionResult::default();
    }
    for index in members.iter().filter(|_| answers.mail.is_some()) {
        let by = attempt.envelope.deliver_by;
        settle_notify(&mut attempt.envelope.recipients[*index], by, &server.extensions);
    }
    // what was said to MAIL is about the sender, not about a recipient at that host
    // (and what speaks LMTP is no MTA that a report could name)
    for index in members.iter().filter(|_| answers.mail.is_some() && !mailer.has(b'z')) {
        attempt.envelope.recipients[*index].remote_mta = Some(server.host.clone());
    }
    let Settled { accepted, unanswered: mut undecided, deferred } = settling.recipients(attempt, members);
    let MessageResult { delivered, unanswered, put_off } = settling.message(attempt, accepted);
    undecided.extend(unanswered);
    if let (true, Some((members, result))) = (undecided.is_empty(), put_off) {
        let failure =
            ConnectFailure { of_recipients: true, ..ConnectFailure::new(result, settling.relay, None) };
        return TransactionResult { delivered, undecided: Some((members, failure)) };
    }
    if undecided.is_empty()
        && let Some((members, result)) = deferred
    {
        // the next host may take them now
        let failure = ConnectFailure::new(result, settling.relay, None);
        let failure = ConnectFailure { of_recipients: true, recorded: true, ..failure };
        return TransactionResult { delivered, undecided: Some((members, failure)) };
    }
    let undecided = (!undecided.is_empty()).then(|| {
        let failure = ConnectFailure::new(lost(attempt, server, answers), settling.relay, None);
        (undecided, ConnectFailure { of_recipients: answers.mail.is_some(), ..failure })
    });
    TransactionResult { delivered, undecided }
}

/// The connection ended, at MAIL, RCPT, DATA or the dot, and these were not the ones that were spoken of. sendmail gives the
/// reason at DATA, and where it had come to other recipients.
fn lost(attempt: &mut Attempt<'_>, server: &ServerConnection, answers: &Answers) -> DeliveryResult {
    let error = answers.error.as_ref().unwrap_or(&ConnectionError::Lost);
    if let Some(closing) = answers.recipients.iter().flatten().find(|answer| answer.is_closing()) {
        return DeliveryResult { reply: None, ..replies::deferred(closing, &server.extensions) };
    }
    let mut result = replies::of_connection_error(error, &server.host);
    result.quoted.clone_from(&server.last_complaint);
    if *error == ConnectionError::TimedOut {
        attempt.transcribe(&replies::read_error(&server.host));
        result.of_recipient = answers.mail.is_some();
        return result;
    }
    if *error != ConnectionError::Lost {
        return result;
    }
    let (at_mail, at_dot) = (answers.mail.is_none(), answers.data.is_some());
    let at_rcpt = !at_mail && answers.recipients.iter().any(Option::is_none);
    let read_error = replies::read_error(&server.host);
    if !at_rcpt {
        attempt.transcribe(&read_error);
    }
    if at_mail || at_dot {
        result.text.clear();
    }
    if !at_mail {
        result.reply = Some(Reply::parse(&read_error));
    }
    result
}

/// What was answered to RCPT.
#[derive(Default)]
struct Settled {
    accepted: Vec<usize>,
    unanswered: Vec<usize>,
    /// Recorded as deferred, with the last of the answers.
    deferred: Option<(Vec<usize>, DeliveryResult)>,
}

/// What was answered to DATA and the dot.
#[derive(Default)]
struct MessageResult {
    delivered: i64,
    unanswered: Vec<usize>,
    /// The server cannot take it now.
    put_off: Option<(Vec<usize>, DeliveryResult)>,
}

struct Settling<'a> {
    extensions: &'a Extensions,
    host: &'a [u8],
    relay: Vec<u8>,
    answers: &'a Answers,
    /// The dot has one answer for each accepted recipient (RFC 2033, 4.2).
    lmtp: bool,
    /// Its mailboxes are this host's (flag l).
    local: bool,
    /// There is no other host.
    is_last: bool,
}

impl Settling<'_> {
    /// The answers to RCPT.
    fn recipients(&self, attempt: &mut Attempt<'_>, members: &[usize]) -> Settled {
        let mut settled = Settled::default();
        // the connection ended with the answer to the one before the first that has none
        let mut open = self.answers.mail.is_some() && self.answers.error == Some(ConnectionError::Lost);
        let mut dropped = false;
        for (at, index) in members.iter().enumerate() {
            let result = match self.answers.recipients.get(at).and_then(Option::as_ref) {
                Some(answer) if answer.is_closing() => {
                    replies::of_closing(answer, self.answers.farewell.as_ref(), self.extensions)
                }
                Some(answer) => match replies::of_recipient(answer, self.extensions) {
                    None => {
                        attempt.envelope.recipients[*index].reply = Some(answer.reply());
                        settled.accepted.push(*index);
                        continue;
                    }
                    Some(result) => {
                        self.complain_of(attempt, answer);
                        DeliveryResult { line: Some(TranscriptLine::Written), ..result }
                    }
                },
                None if open => {
                    attempt.transcribe(&replies::read_error(self.host));
                    dropped = true;
                    replies::lost_at_recipient(self.host)
                }
                None if dropped => replies::lost_before_recipient(self.host),
                None => {
                    settled.unanswered.push(*index);
                    continue;
                }
            };
            open &= self
                .answers
                .recipients
                .get(at)
                .is_some_and(|answer| answer.as_ref().is_some_and(|answer| !answer.is_closing()));
            attempt.record(&[*index], &result, Some(&self.relay));
            if result.disposition == Disposition::Delayed {
                let (deferred, last) = settled.deferred.get_or_insert_with(|| (Vec::new(), result.clone()));
                deferred.push(*index);
                *last = result;
            }
        }
        settled
    }

    /// The operator hears of an answer that no server may give.
    fn complain_of(&self, attempt: &Attempt<'_>, answer: &Answer) {
        if replies::is_protocol_error(answer) {
            let text = [self.host, b": SMTP RCPT protocol error: ", answer.first_line()].concat();
            let id = Some(attempt.envelope.id.as_bytes());
            attempt.on.logger.log(2, Priority::Critical, id, &text);
        }
    }

    /// Is it a temporary refusal, and may another host take the message?
    fn may_go_on(&self, result: &DeliveryResult) -> bool {
        !self.is_last && !self.lmtp && result.disposition == Disposition::Delayed
    }

    /// The accepted recipients: DATA and the dot decide.
    fn message(&self, attempt: &mut Attempt<'_>, accepted: Vec<usize>) -> MessageResult {
        if let Some(answer) = &self.answers.data
            && let Some(result) = replies::of_data(answer, self.extensions)
        {
            if answer.is_closing() {
                return MessageResult { unanswered: accepted, ..MessageResult::default() };
            }
            for index in &accepted {
                attempt.envelope.recipients[*index].reply = None;
            }
            if self.may_go_on(&result) {
                return MessageResult { put_off: Some((accepted, result)), ..MessageResult::default() };
            }
            attempt.record(&accepted, &result, Some(&self.relay));
            return MessageResult::default();
        }
        let mut message = MessageResult::default();
        let mut results: Vec<(DeliveryResult, Vec<usize>)> = Vec::new();
        for (at, index) in accepted.into_iter().enumerate() {
            let answer = self.answers.dot.get(if self.lmtp { at } else { 0 });
            let Some(answer) = answer else {
                message.unanswered.push(index);
                continue;
            };
            let result = match self.lmtp {
                true => replies::of_lmtp_dot(answer, self.extensions),
                false => replies::of_dot(answer, self.extensions),
            };
            let result = match &self.answers.farewell {
                Some(farewell) if answer.is_closing() => replies::at_farewell(result, farewell),
                _ => result,
            };
            if self.lmtp && !result.disposition.is_success() {
                let line = Some(TranscriptLine::Written);
                let result = DeliveryResult { of_recipient: result.quoted.is_some(), line, ..result };
                attempt.record(&[index], &result, Some(&self.relay));
                continue;
            }
            match results.iter_mut().find(|(other, _)| *other == result) {
                Some((_, members)) => members.push(index),
                None => results.push((result, vec![index])),
            }
        }
        for (result, members) in results {
            if result.disposition.is_success() {
                message.delivered += members.len() as i64;
                self.taken(attempt, &members, result);
            } else if self.may_go_on(&result) {
                // that it has taken the recipients says nothing any more
                for index in &members {
                    attempt.envelope.recipients[*index].reply = None;
                }
                message.put_off = Some((members, result));
            } else {
                attempt.record(&members, &result, Some(&self.relay));
            }
        }
        message
    }

    /// The server has the message: in mailboxes of this host (LMTP with flag l), or on its way.
    fn taken(&self, attempt: &mut Attempt<'_>, members: &[usize], result: DeliveryResult) {
        if self.local {
            for index in members {
                attempt.envelope.recipients[*index].remote_mta = None;
            }
            let result = DeliveryResult { disposition: Disposition::Delivered, ..result };
            return attempt.record_delivered(members, &result, Some(&self.relay));
        }
        attempt.note_receipts(members, self.extensions, false);
        attempt.record(members, &result, Some(&self.relay));
        for index in members {
            let recipient = &mut attempt.envelope.recipients[*index];
            // of a single recipient the answer to RCPT says more than the one to the dot
            let own = recipient.reply.as_ref().and_then(|reply| reply.enhanced);
            recipient.status =
                own.filter(|own| self.extensions.enhanced && own.class() == 2).or(recipient.status);
        }
    }
}
