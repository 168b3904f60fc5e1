//! From a server's answers to results (RFC 5321, 4.2.1 and 4.3.2; RFC 3463).

use super::result::{DeliveryResult, TranscriptLine, reported_status, status_of_code};
use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::{Answer, ConnectionError, Extensions};
use crate::sys::errno_text;
use std::io;

/// The status of an answer: the server's own where it promised such, else by its code.
pub(super) fn status(answer: &Answer, extensions: &Extensions) -> EnhancedStatus {
    let own = answer.reply().enhanced.filter(|_| extensions.enhanced);
    own.filter(|own| own.class() == answer.code / 100).unwrap_or_else(|| status_of_code(answer.code))
}

/// To be tried again because the server says so.
pub(super) fn deferred(answer: &Answer, extensions: &Extensions) -> DeliveryResult {
    let mut result = DeliveryResult::delayed(answer.first_line(), status(answer, extensions));
    if result.dsn.class() != 4 {
        result.dsn = EnhancedStatus(4, 0, 0);
    }
    result.reply = Some(first(answer));
    result.quoted = Some(quoted(answer));
    result
}

/// The same for what is no answer about a recipient or the whole message: reports do not repeat it, and their status is
/// that of the exit code alone.
fn without_reply(result: DeliveryResult, exit: Sysexit) -> DeliveryResult {
    let dsn = EnhancedStatus(result.dsn.class(), 0, 0);
    DeliveryResult { dsn, status: reported_status(exit), reply: None, ..result }
}

/// The server was closing: what reports repeat is its answer to QUIT.
pub(super) fn at_farewell(result: DeliveryResult, farewell: &Answer) -> DeliveryResult {
    DeliveryResult { reply: Some(first(farewell)), ..result }
}

/// 421 to RCPT. The answer to QUIT counts, to a queue of commands the next one in line.
pub(super) fn of_closing(
    answer: &Answer,
    farewell: Option<&Answer>,
    extensions: &Extensions,
) -> DeliveryResult {
    let result = DeliveryResult { of_recipient: true, ..deferred(answer, extensions) };
    let Some(farewell) = farewell else { return result };
    let dsn = Some(status(farewell, extensions)).filter(|status| status.class() != 2);
    let dsn = dsn.unwrap_or(EnhancedStatus(4, 0, 0));
    DeliveryResult { dsn, quoted: Some(quoted(farewell)), ..at_farewell(result, farewell) }
}

/// The first line of an answer as the log quotes it.
fn quoted(answer: &Answer) -> Vec<u8> {
    let mut line = answer.first_line().to_vec();
    if let Some(more @ b'-') = line.get_mut(3) {
        *more = b' ';
    }
    line
}

/// What reports repeat of an answer: its first line, as it came where more follow.
fn first(answer: &Answer) -> Reply {
    match answer.lines.as_slice() {
        [first, _, ..] => Reply::new(0, None, first.clone()),
        _ => answer.reply(),
    }
}

/// Refused for good under an exit code; `by_code`: the status where the server gives none.
fn refused(
    answer: &Answer,
    extensions: &Extensions,
    exit: Sysexit,
    by_code: Option<EnhancedStatus>,
) -> DeliveryResult {
    let mut result = DeliveryResult::of_exit(exit);
    let own = answer.reply().enhanced.filter(|own| extensions.enhanced && own.class() == 5);
    result.dsn = own.or(by_code).unwrap_or_else(|| status_of_code(answer.code));
    result.reply = Some(first(answer));
    result.quoted = Some(quoted(answer));
    result
}

/// Is it none of those that may answer RCPT?
pub(super) fn is_protocol_error(answer: &Answer) -> bool {
    !matches!(answer.code / 100, 2 | 4 | 5)
}

/// An answer that is neither 2yz, 4yz nor 5yz where one is due.
fn protocol_error() -> DeliveryResult {
    let mut result = DeliveryResult::of_exit(Sysexit::PROTOCOL);
    result.dsn = EnhancedStatus(5, 5, 1);
    result
}

/// The answer to the greeting or to EHLO and HELO, when it is not 2yz.
pub(super) fn of_opening(answer: &Answer, extensions: &Extensions) -> DeliveryResult {
    if answer.is_permanent() {
        return refused(answer, extensions, Sysexit::UNAVAILABLE, Some(EnhancedStatus(5, 5, 0)));
    }
    let mut result = deferred(answer, extensions);
    result.dsn = EnhancedStatus(4, 5, 0);
    result
}

/// The answer to MAIL; `None`: go on.
pub(super) fn of_mail(answer: &Answer, extensions: &Extensions) -> Option<DeliveryResult> {
    match answer.code {
        200..300 => None,
        // it says nothing of the sender
        421 => Some(without_reply(deferred(answer, extensions), Sysexit::TEMPFAIL)),
        400..500 => Some(deferred(answer, extensions)),
        501 => Some(refused(answer, extensions, Sysexit::DATAERR, Some(EnhancedStatus(5, 5, 2)))),
        553 => Some(refused(answer, extensions, Sysexit::DATAERR, Some(EnhancedStatus(5, 1, 3)))),
        552 => Some(DeliveryResult {
            no_room: extensions.size.is_some(),
            ..refused(answer, extensions, Sysexit::UNAVAILABLE, Some(EnhancedStatus(5, 3, 4)))
        }),
        500..600 => Some(refused(answer, extensions, Sysexit::UNAVAILABLE, Some(EnhancedStatus(5, 0, 0)))),
        _ => Some(protocol_error()),
    }
}

/// The answer to RCPT; `None`: go on.
pub(super) fn of_recipient(answer: &Answer, extensions: &Extensions) -> Option<DeliveryResult> {
    let result = match answer.code {
        200..300 => return None,
        400..500 => deferred(answer, extensions),
        550 | 551 | 553 => refused(answer, extensions, Sysexit::NOUSER, None),
        500..600 => refused(answer, extensions, Sysexit::UNAVAILABLE, None),
        // what it said is kept all the same
        _ => refused(answer, extensions, Sysexit::PROTOCOL, None),
    };
    let quoted = result.quoted.map(|_| answer.first_line().to_vec());
    // a status of another class than the code's is believed in neither
    let at_odds = answer.reply().enhanced.is_some_and(|own| own.class() != answer.code / 100);
    let reply = result.reply.filter(|_| !at_odds || !extensions.enhanced);
    Some(DeliveryResult { quoted, reply, of_recipient: true, ..result })
}

/// The answer to DATA; `None`: go on.
pub(super) fn of_data(answer: &Answer, extensions: &Extensions) -> Option<DeliveryResult> {
    match answer.code {
        354 => None,
        400..500 => Some(without_reply(deferred(answer, extensions), Sysexit::TEMPFAIL)),
        500..600 => {
            let exit = Sysexit::UNAVAILABLE;
            Some(without_reply(refused(answer, extensions, exit, None), exit))
        }
        _ => Some(protocol_error()),
    }
}

/// The answer to the dot.
pub(super) fn of_dot(answer: &Answer, extensions: &Extensions) -> DeliveryResult {
    match answer.code {
        200..300 => {
            let reply = Reply::parse(answer.first_line());
            let mut text = reply.text.clone();
            if let Some(enhanced) = reply.enhanced_text()
                && !extensions.enhanced
            {
                text = [enhanced.as_bytes(), b" ", &text[..]].concat();
            }
            DeliveryResult::relayed(text, status(answer, extensions))
        }
        400..500 => deferred(answer, extensions),
        500..600 => refused(answer, extensions, Sysexit::UNAVAILABLE, None),
        _ => protocol_error(),
    }
}

/// The answer to the dot for one recipient of LMTP: of a delivery sendmail repeats no words, of a refusal it does.
pub(super) fn of_lmtp_dot(answer: &Answer, extensions: &Extensions) -> DeliveryResult {
    let mut result = of_dot(answer, extensions);
    match result.disposition {
        Disposition::Relayed => result.text.clear(),
        Disposition::Failed => {
            result.text.extend([b" (", &answer.reply().text[..], b")"].concat());
            if let Some(TranscriptLine::Bare(line)) = &mut result.line {
                line.text.clone_from(&result.text);
            }
        }
        _ => {}
    }
    result
}

/// A connection that ended, or never answered.
pub(super) fn of_connection_error(error: &ConnectionError, host: &[u8]) -> DeliveryResult {
    let reply = error.reply(host);
    let errno = match error {
        ConnectionError::Malformed(_) => 0,
        ConnectionError::Lost => nix::libc::ECONNRESET,
        ConnectionError::TimedOut => nix::libc::ETIMEDOUT,
    };
    let result = match error {
        // what a confused peer says is no verdict on the mail: RFC 5321 4.2.1 would allow a bounce, but
        // the connection may have been somebody else's for a moment
        ConnectionError::Malformed(_) => DeliveryResult::delayed(reply.text, EnhancedStatus(4, 5, 0)),
        ConnectionError::Lost | ConnectionError::TimedOut => {
            let noted = Some([b"reply: read error from ", host].concat());
            DeliveryResult { noted, ..DeliveryResult::delayed(reply.text, EnhancedStatus(4, 4, 2)) }
        }
    };
    DeliveryResult { errno, ..result }
}

/// No connection to a host.
pub(super) fn unreachable(error: &io::Error, host: &[u8]) -> DeliveryResult {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
    let text = match error.kind() {
        ConnectionRefused => [b"Connection refused by ", host].concat(),
        ConnectionReset => [b"Connection reset by ", host].concat(),
        TimedOut => [b"Connection timed out with ", host].concat(),
        _ => errno_text(error).into_bytes(),
    };
    let of_kind = if error.kind() == TimedOut { nix::libc::ETIMEDOUT } else { 0 };
    let errno = error.raw_os_error().unwrap_or(of_kind);
    DeliveryResult { errno, ..DeliveryResult::delayed(text, EnhancedStatus(4, 4, 1)) }
}

/// A connection that ended instead of an answer to RCPT: said in the words of a server.
pub(super) fn lost_at_recipient(host: &[u8]) -> DeliveryResult {
    let result = of_connection_error(&ConnectionError::Lost, host);
    let reply = Reply::new(421, Some(EnhancedStatus(4, 4, 1)), result.text);
    DeliveryResult {
        text: Vec::new(),
        quoted: Some(reply.to_line()),
        reply: Some(reply),
        of_recipient: true,
        ..result
    }
}

/// The same for those whose RCPT was under way: each of them fails by itself, of what sendmail has read last.
pub(super) fn lost_before_recipient(host: &[u8]) -> DeliveryResult {
    let result = of_connection_error(&ConnectionError::Lost, host);
    let read_error = read_error(host);
    DeliveryResult {
        reply: Some(Reply::parse(&read_error)),
        quoted: Some(read_error),
        noted: None,
        of_recipient: true,
        ..result
    }
}

/// What reports show of a connection that ended.
pub(super) fn read_error(host: &[u8]) -> Vec<u8> {
    [b"451 4.4.1 reply: read error from ", host].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> Answer {
        let lines = vec![line.as_bytes().to_vec()];
        Answer { code: line[..3].parse().expect("a code"), lines }
    }

    #[test]
    fn each_stage_has_its_own_reading() {
        let plain = Extensions::default();
        let enhanced = Extensions { enhanced: true, ..plain };
        let shown = |result: Option<DeliveryResult>| {
            result.map(|result| {
                format!("{:?} {} {}", result.disposition, result.dsn, result.stat().escape_ascii())
            })
        };
        let rows: &[(Option<DeliveryResult>, &str)] = &[
            (of_mail(&answer("552 too big"), &plain), "Failed 5.3.4 Service unavailable"),
            (of_mail(&answer("501 what"), &plain), "Failed 5.5.2 Data format error"),
            (of_mail(&answer("452 full"), &plain), "Delayed 4.3.1 Deferred: 452 full"),
            (of_recipient(&answer("550 5.7.1 no"), &plain), "Failed 5.1.1 User unknown"),
            (of_recipient(&answer("550 5.7.1 no"), &enhanced), "Failed 5.7.1 User unknown"),
            (of_recipient(&answer("554 no"), &plain), "Failed 5.3.0 Service unavailable"),
            (of_recipient(&answer("451 4.2.1 busy"), &plain), "Delayed 4.3.0 Deferred: 451 4.2.1 busy"),
            (of_data(&answer("250 ok"), &plain), "Failed 5.5.1 Remote protocol error"),
            (Some(of_dot(&answer("250 2.0.0 took it"), &enhanced)), "Relayed 2.0.0 Sent (took it)"),
            (Some(of_dot(&answer("250 2.0.0 took it"), &plain)), "Relayed 2.0.0 Sent (2.0.0 took it)"),
            (Some(of_opening(&answer("421 Too busy"), &plain)), "Delayed 4.5.0 Deferred: 421 Too busy"),
        ];
        for (result, expected) in rows {
            assert_eq!(shown(result.clone()).as_deref(), Some(*expected));
        }
        assert_eq!(of_mail(&answer("250 ok"), &plain), None);
    }

    #[test]
    fn a_lost_connection_is_never_final() {
        for error in
            [ConnectionError::Lost, ConnectionError::TimedOut, ConnectionError::Malformed(b"+OK".to_vec())]
        {
            assert_eq!(of_connection_error(&error, b"mx.").disposition, Disposition::Delayed);
        }
    }
}
