//! One transaction over an open connection: what is offered to the server, and the connection kept.

use super::attempt::Attempt;
use super::commands::{mail_command, rcpt_command};
use super::connections::ConnectionKey;
use super::conversion::{self, Reading, Written};
use super::header::Rendering;
use super::replies;
use super::result::DeliveryResult;
use super::settle::{TransactionResult, settle};
use super::sign;
use crate::config::Mailer;
use crate::schema::{Disposition, EnhancedStatus, Reply};
use crate::smtp::client::{Answer, Answers, CommandTimeouts, Offer, ServerConnection, Stage, transact};
use std::io;

/// Offers the message for `members`, in this order, and settles what the server answers. `is_last`: there is no other host.
pub(super) async fn run(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    key: ConnectionKey,
    mut server: ServerConnection,
    members: &[usize],
    is_last: bool,
) -> TransactionResult {
    let members = &attempt.check_tls_rcpt(&server, members).await[..];
    if members.is_empty() {
        attempt.connections.keep(key, server).await;
        return TransactionResult::default();
    }
    if attempt.refuse_late(members, &server) {
        // nothing is wrong with the host
        attempt.note_answers(&server, &Answers::default()).await;
        attempt.connections.keep(key, server).await;
        return TransactionResult::default();
    }
    if attempt.refuse_utf8(members, &server.extensions, &server.relay()) {
        attempt.connections.keep(key, server).await;
        return TransactionResult::default();
    }
    if let Some(failure) = attempt.lacks_required_tls(mailer, &server) {
        attempt.connections.keep(key, server).await;
        return TransactionResult { delivered: 0, undecided: Some((members.to_vec(), failure)) };
    }
    let timeouts = CommandTimeouts::of(&attempt.on.site.config.options.timeout);
    let (offer, reading) = match offer(attempt, mailer, &server, &timeouts, members).await {
        Ok(offer) => offer,
        Err(error) => {
            let result = DeliveryResult::delayed(error.to_string(), EnhancedStatus(4, 3, 0));
            attempt.record(members, &result, Some(&server.relay()));
            attempt.connections.keep(key, server).await;
            return TransactionResult::default();
        }
    };
    let texts: Vec<Vec<u8>> =
        members.iter().map(|index| attempt.envelope.recipients[*index].text.clone()).collect();
    let generated = attempt.envelope.attempt.generated;
    let mut refused = |server: &mut ServerConnection, member: usize, answer: &Answer, stage: Stage| {
        let result = match stage {
            Stage::Recipient => replies::of_recipient(answer, &server.extensions),
            Stage::Dot => Some(replies::of_lmtp_dot(answer, &server.extensions)),
        };
        let Some(result) = result else { return };
        if let Some(line) = result.transcript(&texts[member]) {
            server.note(&line);
            if generated && result.disposition == Disposition::Failed {
                server.console.failure(&line);
            }
        }
        if result.disposition == Disposition::Delayed {
            server.console.step(&[&texts[member], b"... ", &result.stat()]);
        }
    };
    let answers = transact(&mut server, &offer, &mut refused).await;
    attempt.log_time_out(&server);
    attempt.envelope.attempt.transcript.extend(server.take_transcript());
    attempt.note_answers(&server, &answers).await;
    if answers.is_written() {
        attempt.note_reading(&reading);
    }
    let result = settle(attempt, &server, members, &answers, (mailer, is_last));
    if answers.refuse_sender() && !server.dead {
        server.sender_refused = true;
        attempt.connections.keep(key, server).await;
        return result;
    }
    if !answers.leaves_usable() {
        server.quit(timeouts.quit).await;
        return result;
    }
    // a connection that ends here anyway needs it only where DATA has gone out with the recipients
    let goes_on = attempt.connections.keeps_any() || answers.data.is_some();
    if answers.dot.is_empty() && goes_on && !server.dead {
        server.reset(timeouts.rset).await;
    }
    attempt.connections.keep(key, server).await;
    result
}

/// All commands and the message for one transaction.
///
/// # Errors
/// The message cannot be had.
async fn offer<'t>(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    server: &ServerConnection,
    timeouts: &'t CommandTimeouts,
    members: &[usize],
) -> io::Result<(Offer<'t>, Reading)> {
    let by = attempt.envelope.deliver_by;
    let first = members[0];
    let host = attempt.host(first);
    let user = attempt.envelope.recipients[first].address.as_ref().map(|address| address.user.clone());
    let rendering = Rendering::new(attempt, first, &user.unwrap_or_default(), &host).await;
    let config = &attempt.on.site.config;
    let (body_type, direction) = conversion::for_server(config, attempt.envelope, mailer, &server.extensions);
    let Written { header, body, reading } = conversion::message(&rendering, direction).await?;
    let sender = rendering.sender().to_vec();
    let header = sign::signed(attempt, mailer, header, &body).await?;
    let recipients = members
        .iter()
        .map(|index| rcpt_command(&attempt.envelope.recipients[*index], by, mailer, &server.extensions));
    let offer = Offer {
        mail: mail_command(attempt, &sender, body_type, attempt.needs_utf8(members).is_some(), server),
        recipients: recipients.collect(),
        header,
        body,
        lmtp: mailer.has(b'z'),
        form: conversion::form(mailer),
        header_form: conversion::header_form(mailer),
        timeouts,
        notes: reading.problems.iter().map(Reply::to_line).collect(),
    };
    Ok((offer, reading))
}
