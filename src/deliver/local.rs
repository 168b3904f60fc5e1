//! Mailers of this host: everything the keeper runs.

use super::apply;
use super::attempt::Attempt;
use super::fate::{End, Fate, Line};
use super::header::Rendering;
use super::plan::Group;
use crate::config::Mailer;
use crate::envelope::RecipientFlags;
use crate::keeper::{Control, Delivery, Report, Target};
use crate::message::BodyForm;
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use std::fs::File;
use std::sync::Arc;

/// Everything the keeper needs for a group.
pub(super) async fn prepare(attempt: &mut Attempt<'_>, group: &Group) -> Result<(Delivery, Arc<File>), Fate> {
    let first = group.members.first().copied().ok_or_else(|| Fate::exit(Sysexit::SOFTWARE))?;
    let mailer = attempt.mailer(first).cloned().ok_or_else(|| Fate::exit(Sysexit::CONFIG))?;
    if let Some(fate) = too_big(attempt.envelope.size, &mailer) {
        return Err(fate);
    }
    let body = (attempt.envelope.body.as_file())
        .map_err(|error| Fate::later(error.to_string(), EnhancedStatus(4, 3, 0)))?;
    let targets: Vec<Target> = group.members.iter().map(|index| target(attempt, *index, &mailer)).collect();
    let rendering = Rendering::new(attempt, first, &targets[0].user, &targets[0].host).await;
    let mut header = rendering.separator();
    header.extend(rendering.header().await);
    header.push(b'\n');
    let delivery = Delivery {
        mailer: mailer.name.clone(),
        macros: rendering.macros(),
        sender_words: sender_words(&mailer, rendering.sender()),
        targets,
        header: with_line_ends(header, &mailer),
        form: form(&mailer),
    };
    Ok((delivery, body))
}

/// M= of the mailer.
pub(super) fn too_big(size: u64, mailer: &Mailer) -> Option<Fate> {
    if mailer.max_size == 0 || size <= mailer.max_size {
        return None;
    }
    Some(larger_than(mailer.max_size, mailer.has(b'l')))
}

/// Larger than what the mailer or the server takes.
pub(super) fn larger_than(limit: u64, local: bool) -> Fate {
    let status = if local { EnhancedStatus(5, 2, 3) } else { EnhancedStatus(5, 3, 4) };
    let mut fate = Fate::exit(Sysexit::DATAERR);
    fate.dsn = status;
    let text = format!("Message is too large; {limit} bytes max");
    fate.line = Some(Line::Bare(Reply::new(552, Some(status), text)));
    fate
}

fn with_line_ends(header: Vec<u8>, mailer: &Mailer) -> Vec<u8> {
    if mailer.eol != b"\r\n" {
        return header;
    }
    let mut out = Vec::with_capacity(header.len() + 64);
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// `-f` and `-r` (mailer flags of the same letters).
fn sender_words(mailer: &Mailer, sender: &[u8]) -> Vec<Vec<u8>> {
    let word = match (mailer.has(b'f'), mailer.has(b'r')) {
        (true, _) => b"-f",
        (false, true) => b"-r",
        _ => return Vec::new(),
    };
    vec![word.to_vec(), sender.to_vec()]
}

fn form(mailer: &Mailer) -> BodyForm {
    BodyForm {
        crlf: mailer.eol == b"\r\n",
        escape_from: mailer.has(b'E'),
        stuff_dots: mailer.has(b'X'),
        seven_bit: mailer.has(b'7'),
        blank_line: mailer.has(b'b'),
        line_limit: u32::try_from(mailer.line_limit).unwrap_or(0),
    }
}

fn target(attempt: &Attempt<'_>, index: usize, mailer: &Mailer) -> Target {
    let recipient = &attempt.envelope.recipients[index];
    let (user, host) = recipient.address.as_ref().map_or_else(Default::default, |address| {
        (address.user.clone(), address.host.clone().unwrap_or_default())
    });
    let control =
        recipient.control.as_ref().map(|control| Control { user: control.user.clone(), ids: control.ids });
    let user = if mailer.has(b's') { stripped(&user) } else { user };
    let program = mailer.name.eq_ignore_ascii_case(b"prog");
    let user = match user.strip_prefix(b"|") {
        Some(command) if program => command.trim_ascii_start().to_vec(),
        _ => user,
    };
    Target { user, host, control }
}

/// Flag s: without quotes, and without the backslashes that protected something.
fn stripped(user: &[u8]) -> Vec<u8> {
    let (mut out, mut bytes) = (Vec::with_capacity(user.len()), user.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => out.extend(bytes.next()),
            other => out.push(*other),
        }
    }
    out
}

/// Reads the keeper's reports; none at all means that it died.
pub(super) fn settle(attempt: &mut Attempt<'_>, group: &Group, mut reports: Vec<Report>) {
    reports.resize(group.members.len(), Report::later("no report"));
    let mut rest: Vec<(usize, Report)> = group.members.iter().copied().zip(reports).collect();
    while let Some((first, report)) = rest.first().cloned() {
        let same: Vec<usize> =
            rest.iter().filter(|(_, other)| *other == report).map(|(index, _)| *index).collect();
        rest.retain(|(_, other)| *other != report);
        one(attempt, first, &same, report);
    }
}

fn one(attempt: &mut Attempt<'_>, first: usize, members: &[usize], report: Report) {
    let Some(mailer) = attempt.mailer(first) else { return };
    let (name, path, local) = (mailer.name.clone(), mailer.path.clone(), mailer.has(b'l'));
    if !report.output.is_empty() {
        attempt.envelope.attempt.transcript.extend_from_slice(&report.output);
        if !report.output.ends_with(b"\n") {
            attempt.envelope.attempt.transcript.push(b'\n');
        }
    }
    let fate = fate(&name, &path, report);
    if fate.end == End::Sent && local {
        receipts(attempt, members);
    }
    let host = attempt.host(first);
    let delivered = fate.end == End::Sent;
    apply::apply(attempt, members, fate, Some(&host));
    if delivered && local {
        for index in members {
            let recipient = &mut attempt.envelope.recipients[*index];
            if recipient.flags.contains(RecipientFlags::DELIVERED) {
                recipient.status = Some(EnhancedStatus(2, 1, 5));
            }
        }
    }
}

/// Who asked for a receipt gets one for a mailbox.
fn receipts(attempt: &mut Attempt<'_>, members: &[usize]) {
    for index in members {
        let recipient = &mut attempt.envelope.recipients[*index];
        if recipient.flags.contains(RecipientFlags::SUCCESS) {
            recipient.flags |= RecipientFlags::DELIVERED;
            let line = [&recipient.text[..], b"... Successfully delivered\n"].concat();
            attempt.envelope.attempt.transcript.extend_from_slice(&line);
        }
    }
}

fn fate(name: &[u8], path: &[u8], report: Report) -> Fate {
    let exit = Sysexit(report.exit);
    if exit.is_ok() {
        return Fate::sent("", EnhancedStatus(2, 0, 0));
    }
    let built_in = path.starts_with(b"[");
    if exit.is_temporary() && report.text.is_none() && !built_in {
        let text = [name, b" mailer (", path, b") exited with EX_TEMPFAIL"].concat();
        return Fate::later(text, EnhancedStatus(4, 0, 0));
    }
    let mut fate = Fate::exit(exit);
    if let Some(status) = report.status {
        fate.dsn = status;
    }
    match (&fate.end, report.text) {
        (End::Later, Some(text)) => fate.text = text,
        (End::Never, Some(text)) => {
            fate.line = Some(Line::WithAddress(Reply::new(550, Some(fate.dsn), text)));
        }
        (End::Never, None) if exit == Sysexit::NOUSER => {
            fate.reply = Some(Reply::new(550, Some(EnhancedStatus(5, 1, 1)), "User unknown"));
        }
        // reports name the program's exit code itself, and a status of their own
        (End::Never, None) if !built_in => {
            fate.reply = Some(Reply::new(0, None, exit.0.to_string()));
            fate.status = Some(EnhancedStatus(5, 5, 0));
        }
        _ => {}
    }
    fate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_programs() {
        let shown = |exit: i32| fate(b"local", b"/bin/x", Report { exit, ..Report::default() }).stat();
        assert_eq!(shown(0), b"Sent");
        assert_eq!(shown(75), b"Deferred: local mailer (/bin/x) exited with EX_TEMPFAIL");
        assert_eq!(shown(67), b"User unknown");
        assert_eq!(shown(3), b"unknown mailer error 3");
    }

    #[test]
    fn quotes_come_off_for_flag_s() {
        assert_eq!(stripped(br#""a b""#), b"a b");
        assert_eq!(stripped(br"\carol"), b"carol");
    }
}
