//! Mailers of this host: everything the keeper runs.

use super::attempt::{Attempt, Deliverer};
use super::conversion::{self, Reading, Written};
use super::header::Rendering;
use super::plan::Group;
use super::result::{DeliveryResult, TranscriptLine, reported_status};
use crate::addr::{one_line, without_quotes};
use crate::config::{Mailer, MailerId};
use crate::envelope::Envelope;
use crate::keeper::{Delivery, MailerResult, NamedBy, Target};
use crate::message::{BodyForm, BodyLines};
use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::Extensions;
use crate::sys::errno_text;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

/// A body in memory goes to the keeper in the request itself up to this many bytes, as an open file beyond.
const MAX_BYTES: usize = 256 << 10;

/// Everything the keeper needs for a group; the body as a file where it is one; what could not be read of the message.
pub(super) async fn prepare(
    attempt: &mut Attempt<'_>,
    group: &Group,
) -> Result<(Delivery, Option<Arc<File>>, Reading), DeliveryResult> {
    let first = group.members.first().copied().ok_or_else(|| DeliveryResult::of_exit(Sysexit::SOFTWARE))?;
    let mailer = attempt.mailer(first).cloned().ok_or_else(|| DeliveryResult::of_exit(Sysexit::CONFIG))?;
    if let Some(result) = too_big(attempt.envelope.size, &mailer) {
        return Err(result);
    }
    let targets: Vec<Target> = group.members.iter().map(|index| target(attempt, *index, &mailer)).collect();
    let rendering = Rendering::new(attempt, first, &targets[0].user, &targets[0].host).await;
    let cannot = |error: io::Error| DeliveryResult::delayed(errno_text(&error), EnhancedStatus(4, 3, 0));
    let direction = conversion::direction(attempt.envelope, &mailer);
    let Written { header: fields, body, reading } =
        conversion::message(&rendering, direction).await.map_err(cannot)?;
    let header = [rendering.separator(), fields].concat();
    let form = conversion::form(&mailer);
    let bytes = body.bytes().filter(|bytes| bytes.len() <= MAX_BYTES);
    let file = match bytes {
        Some(_) => None,
        None => Some(body.as_file().map_err(cannot)?),
    };
    let delivery = Delivery {
        mailer: mailer.name.clone(),
        macros: rendering.macros(),
        sender: match attempt.envelope.attempt.own_sender {
            true => Vec::new(),
            false => one_line(rendering.sender()).into_owned(),
        },
        targets,
        header: in_form(&header, &conversion::header_form(&mailer)),
        body: bytes.map(<[u8]>::to_vec),
        form,
        unhurried: attempt.envelope.attempt.unhurried,
    };
    Ok((delivery, file, reading))
}

impl Deliverer {
    /// The message as a file gets it: separator line, header, body.
    ///
    /// # Errors
    /// The body cannot be read.
    pub async fn as_file(&self, envelope: &Envelope) -> io::Result<Vec<u8>> {
        let mailers = &self.site.config.mailers;
        let Some(at) = mailers.iter().position(|mailer| mailer.name == b"*file*") else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let id = u16::try_from(at).map(MailerId).map_err(io::Error::other)?;
        let told = Mutex::default();
        let rendering = Rendering::of(self, envelope, id, (b"", b""), &told).await;
        let direction = conversion::direction(envelope, &mailers[at]);
        let Written { header: fields, body, .. } = conversion::message(&rendering, direction).await?;
        let header = [rendering.separator(), fields].concat();
        let mut text = in_form(&header, &conversion::header_form(&mailers[at]));
        let mut bytes = Vec::new();
        body.reader().read_to_end(&mut bytes)?;
        let form = conversion::form(&mailers[at]);
        let mut lines = BodyLines::new(&form);
        lines.write(&bytes, &mut text)?;
        lines.finish(&mut text)?;
        Ok(text)
    }
}

/// M= of the mailer.
pub(super) fn too_big(size: u64, mailer: &Mailer) -> Option<DeliveryResult> {
    if mailer.takes(size) {
        return None;
    }
    let status = if mailer.has(b'l') { EnhancedStatus(5, 2, 3) } else { EnhancedStatus(5, 3, 4) };
    let text = format!("Message is too large; {} bytes max", mailer.max_size);
    let exit = Sysexit::UNAVAILABLE;
    let mut result = DeliveryResult::of_exit(exit);
    let mut line = Reply::new(552, Some(status), text).to_line();
    if let Some(TranscriptLine::Bare(reply)) = result.line.take() {
        line.extend([b"\n", &reply.to_line()[..]].concat());
    }
    // where reports name exit codes this is one, whatever has not been run
    if names_exit_codes(mailer) {
        result.reply = Some(Reply::new(0, None, exit.0.to_string()));
        result.quoted = Some(exit.0.to_string().into_bytes());
    }
    result.dsn = status;
    result.line = Some(TranscriptLine::Ready(line));
    result.too_big = true;
    Some(result)
}

/// Are diagnostics of this mailer the exit codes of programs (T=)?
fn names_exit_codes(mailer: &Mailer) -> bool {
    mailer.types[2].eq_ignore_ascii_case(b"X-Unix")
}

/// The header as the mailer wants its lines.
fn in_form(header: &[u8], form: &BodyForm) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + 64);
    // writing to memory cannot fail
    let _ = BodyLines::new(form).write(header, &mut out);
    out
}

fn target(attempt: &Attempt<'_>, index: usize, mailer: &Mailer) -> Target {
    let recipient = &attempt.envelope.recipients[index];
    let (user, host) = recipient.address.as_ref().map_or_else(Default::default, |address| {
        (address.user.clone(), address.host.clone().unwrap_or_default())
    });
    let named_by = recipient.control.as_ref().map(|control| NamedBy {
        user: control.user.clone(),
        // a recipient of the queue knows this much of where it comes from
        alias: control.alias.to_ascii_lowercase(),
    });
    let user = if mailer.has(b's') { without_quotes(&user).collect() } else { user };
    let program = mailer.name.eq_ignore_ascii_case(b"prog");
    let user = match user.strip_prefix(b"|") {
        Some(command) if program => command.trim_ascii_start().to_vec(),
        _ => user,
    };
    // words of a command line are one line; a command or file that somebody named is what he wrote
    let user = if named_by.is_none() { one_line(&user).into_owned() } else { user };
    let unread_forward = attempt.envelope.attempt.forward_unread;
    Target { user, host: one_line(&host).into_owned(), named_by, unread_forward }
}

/// Settles what the mailer made of each member; no result at all means that the keeper died.
pub(super) fn settle(attempt: &mut Attempt<'_>, group: &Group, mut results: Vec<MailerResult>) {
    results.resize(group.members.len(), MailerResult::later("no report"));
    let mut rest: Vec<(usize, MailerResult)> = group.members.iter().copied().zip(results).collect();
    while let Some((first, result)) = rest.first().cloned() {
        let same: Vec<usize> =
            rest.iter().filter(|(_, other)| *other == result).map(|(index, _)| *index).collect();
        rest.retain(|(_, other)| *other != result);
        settle_members(attempt, first, &same, result);
    }
}

fn settle_members(attempt: &mut Attempt<'_>, first: usize, members: &[usize], mailed: MailerResult) {
    let Some(mailer) = attempt.mailer(first) else { return };
    let (name, path, local) = (mailer.name.clone(), mailer.path.clone(), mailer.has(b'l'));
    let names_exit_codes = names_exit_codes(mailer);
    if !mailed.output.is_empty() {
        attempt.transcribe(mailed.output.strip_suffix(b"\n").unwrap_or(&mailed.output));
    }
    let mut result = of_mailer(&name, &path, mailed);
    if !names_exit_codes {
        result.reply = result.reply.filter(|reply| reply.code != 0);
    }
    attempt.put_lateness(&mut result);
    let host = attempt.host(first);
    match result.disposition.is_success() && local {
        true => attempt.record_delivered(members, &result, Some(&host)),
        false => {
            if result.disposition.is_success() {
                attempt.note_receipts(members, &Extensions::default(), false);
            }
            attempt.record(members, &result, Some(&host));
        }
    }
}

/// Reads a mailer's exit code (sysexits.h) and what is known beyond it.
pub(super) fn of_mailer(name: &[u8], path: &[u8], mailed: MailerResult) -> DeliveryResult {
    let exit = Sysexit(mailed.exit);
    if exit.is_ok() {
        return DeliveryResult::delivered();
    }
    let built_in = path.starts_with(b"[");
    if exit.is_temporary() && mailed.text.is_none() && !built_in {
        let text = [name, b" mailer (", path, b") exited with EX_TEMPFAIL"].concat();
        let result = DeliveryResult::delayed(text, EnhancedStatus(4, 0, 0));
        let reply = Some(Reply::new(0, None, exit.0.to_string()));
        return DeliveryResult { reply, status: reported_status(exit), ..result };
    }
    let mut result = DeliveryResult::of_exit(exit);
    if let Some(status) = mailed.status {
        result.dsn = status;
    }
    match (result.disposition, mailed.text) {
        (Disposition::Delayed, Some(text)) => result.text = text,
        (Disposition::Delayed, None) if !built_in => {
            result.reply = Some(Reply::new(0, None, exit.0.to_string()));
            result.status = reported_status(exit);
        }
        (Disposition::Failed, Some(text)) => {
            result.line = Some(TranscriptLine::WithAddress(Reply::new(550, Some(result.dsn), text)));
        }
        (Disposition::Failed, None) if exit == Sysexit::NOUSER && built_in => {
            result.reply = Some(Reply::new(550, Some(EnhancedStatus(5, 1, 1)), "User unknown"));
        }
        // reports name the program's exit code itself, and a status of their own
        (Disposition::Failed, None) if !built_in => {
            result.reply = Some(Reply::new(0, None, exit.0.to_string()));
            result.status = reported_status(exit).or(Some(EnhancedStatus(5, 0, 0)));
        }
        _ => {}
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_of_programs() {
        let shown = |exit: i32| {
            of_mailer(b"local", b"/bin/x", MailerResult { exit, ..MailerResult::default() }).stat()
        };
        assert_eq!(shown(0), b"Sent");
        assert_eq!(shown(75), b"Deferred: local mailer (/bin/x) exited with EX_TEMPFAIL");
        assert_eq!(shown(67), b"User unknown");
        assert_eq!(shown(3), b"unknown mailer error 3");
    }
}
