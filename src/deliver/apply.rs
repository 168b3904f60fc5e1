//! Fates become states, log lines and transcript lines.

use super::attempt::Attempt;
use super::fate::{End, Fate};
use crate::envelope::RecipientState;
use crate::logging::{Priority, RecipientLine};
use crate::schema::{EnhancedStatus, Reply, UserIds};

/// Settles recipients that share a fate: one log line for all. `relay`: what the log shows as such.
pub(super) fn apply(attempt: &mut Attempt<'_>, members: &[usize], fate: Fate, relay: Option<&[u8]>) {
    if members.is_empty() {
        return;
    }
    if let Some(text) = &fate.system_error {
        let line = Reply::new(554, Some(EnhancedStatus(5, 0, 0)), text.clone()).to_line();
        transcript(attempt, &line);
        let text = [b"SYSERR(root): ", &text[..]].concat();
        let id = attempt.envelope.id.as_bytes();
        attempt.on.logger.log(0, Priority::Critical, Some(id), &text);
    }
    if fate.tell_postmaster {
        attempt.envelope.attempt.tell_postmaster = true;
    }
    for index in members {
        let text = attempt.envelope.recipients[*index].text.clone();
        if let Some(line) = fate.transcript(&text) {
            transcript(attempt, &line);
        }
        settle(attempt, *index, &fate);
    }
    // a final failure says more about the message than a delay beside it
    let failed = attempt.envelope.attempt.failed;
    if fate.end == End::Never || (fate.end == End::Later && !failed) {
        attempt.envelope.message = Some(fate.stat());
    }
    log(attempt, members, &fate, relay);
}

fn transcript(attempt: &mut Attempt<'_>, line: &[u8]) {
    attempt.envelope.attempt.transcript.extend_from_slice(line);
    attempt.envelope.attempt.transcript.push(b'\n');
}

fn settle(attempt: &mut Attempt<'_>, index: usize, fate: &Fate) {
    let now = attempt.on.clock.now();
    let recipient = &mut attempt.envelope.recipients[index];
    recipient.tried = now;
    recipient.status = Some(fate.status.unwrap_or(fate.dsn));
    if fate.reply.is_some() {
        recipient.reply.clone_from(&fate.reply);
    }
    recipient.message = match fate.end {
        // the M line of a queue file repeats a server's words, not our own
        End::Later if fate.quote => Some(fate.stat()),
        _ => None,
    };
    recipient.state = match fate.end {
        End::Sent => RecipientState::Sent,
        End::Later => RecipientState::Queued,
        End::Never => RecipientState::Failed,
    };
    if fate.end == End::Never {
        attempt.envelope.attempt.failed = true;
    }
}

fn log(attempt: &Attempt<'_>, members: &[usize], fate: &Fate, relay: Option<&[u8]>) {
    let envelope = &*attempt.envelope;
    let now = attempt.on.clock.now();
    let shown: Vec<Vec<u8>> =
        members.iter().map(|index| log_text(&envelope.recipients[*index].text)).collect();
    let to = shown.iter().map(Vec::as_slice).collect();
    let (dsn, stat) = (fate.dsn.to_string(), fate.stat());
    let reply = fate.reply.as_ref().filter(|_| fate.quote).map(Reply::to_line);
    let line = RecipientLine {
        to,
        control: control(attempt, members[0]),
        delay: now - envelope.created,
        attempt_delay: Some(now - attempt.started),
        mailer: attempt.mailer(members[0]).map(|mailer| &mailer.name[..]),
        priority: envelope.priority,
        relay: relay.filter(|relay| !relay.is_empty()),
        quarantine: None,
        dsn: Some(dsn.as_bytes()),
        reply: reply.as_deref(),
        stat: &stat,
    };
    let id = Some(envelope.id.as_bytes());
    for line in line.to_lines() {
        attempt.on.logger.log(4, Priority::Info, id, &line);
    }
}

/// An address as the log shows it: backslashes doubled.
fn log_text(address: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(address.len());
    for byte in address {
        out.extend(if *byte == b'\\' { &b"\\\\"[..] } else { std::slice::from_ref(byte) });
    }
    out
}

/// Who is behind a delivery: a local sender, or whoever's list it came from.
fn control<'a>(attempt: &'a Attempt<'_>, index: usize) -> Option<(&'a [u8], UserIds)> {
    let recipient = &attempt.envelope.recipients[index];
    if let Some(control) = &recipient.control
        && control.alias != recipient.text
    {
        return Some((&control.alias, control.ids));
    }
    let ids = attempt.sender_account?;
    Some((&attempt.envelope.sender.text, ids))
}
