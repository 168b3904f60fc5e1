//! Writing a qf: sendmail's lines in sendmail's order.

use super::control_file::{ControlFile, ENVELOPE_FLAGS, RECIPIENT_FLAGS, REQUIRE_TLS_VERSION, VERSION};
use crate::addr::one_line;
use crate::config::Names;
use crate::envelope::{BodyType, ControllingUser, EnvelopeFlags, StoredEnvelope, plain_address};
use crate::message::Header;
use std::io::Write;

impl ControlFile {
    /// Writes it.
    pub fn to_bytes(&self, names: &Names) -> Vec<u8> {
        control_text(&self.envelope, self.data_directory.as_deref(), self.data_file, names)
    }
}

/// The text of a qf; `data_file` is its I line.
pub(super) fn control_text(
    envelope: &StoredEnvelope,
    data_directory: Option<&[u8]>,
    data_file: Option<(u64, u64, u64)>,
    names: &Names,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let plain = !envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS);
    number(&mut out, b'V', if plain { VERSION } else { REQUIRE_TLS_VERSION });
    number(&mut out, b'T', envelope.created);
    number(&mut out, b'K', envelope.last_attempt);
    number(&mut out, b'N', i64::from(envelope.attempts));
    if let Some(priority) = envelope.priority {
        number(&mut out, b'P', priority);
    }
    optional(&mut out, b'd', data_directory);
    if let Some((major, minor, inode)) = data_file {
        text(&mut out, b'I', format!("{major}/{minor}/{inode}").as_bytes());
    }
    write_facts(envelope, &mut out);
    write_parties(envelope, &mut out);
    for header in envelope.headers.0.iter().filter(|header| !header.said_nothing()) {
        write_header(&mut out, header, names);
    }
    out.extend_from_slice(b".\n");
    out
}

fn write_facts(envelope: &StoredEnvelope, out: &mut Vec<u8>) {
    optional(out, b'B', envelope.body_type.as_ref().map(BodyType::as_bytes));
    optional(out, b'q', envelope.quarantine.as_deref());
    optional(out, b'M', envelope.message.as_deref());
    let letters = letters(&ENVELOPE_FLAGS, |flag| envelope.flags.contains(flag));
    optional(out, b'F', (!letters.is_empty()).then_some(&letters));
    for (name, value) in &envelope.macros {
        out.push(b'$');
        write_macro_name(out, name);
        neutral(out, value);
        out.push(b'\n');
    }
}

fn write_parties(envelope: &StoredEnvelope, out: &mut Vec<u8>) {
    text(out, b'S', &envelope.sender);
    optional(out, b'Z', envelope.envid.as_deref());
    optional(out, b'A', envelope.auth.as_deref());
    if let Some(by) = envelope.deliver_by {
        out.extend_from_slice(&[b'!', by.flags]);
        text(out, b' ', by.seconds.to_string().as_bytes());
    }
    let mut control: Option<&ControllingUser> = None;
    for recipient in &envelope.recipients {
        optional(out, b'M', recipient.message.as_deref());
        if recipient.control.as_ref() != control {
            control = recipient.control.as_ref();
            write_control(out, control);
        }
        optional(out, b'Q', recipient.orcpt.as_deref());
        optional(out, b'r', recipient.final_recipient.as_deref());
        out.push(b'R');
        out.extend_from_slice(&letters(&RECIPIENT_FLAGS, |flag| recipient.flags.contains(flag)));
        text(out, b':', &recipient.text);
    }
}

fn number(out: &mut Vec<u8>, letter: u8, value: i64) {
    writeln!(out, "{}{value}", char::from(letter)).expect("a Vec takes everything");
}

fn text(out: &mut Vec<u8>, letter: u8, value: &[u8]) {
    out.push(letter);
    neutral(out, value);
    out.push(b'\n');
}

fn optional(out: &mut Vec<u8>, letter: u8, value: Option<&[u8]>) {
    if let Some(value) = value {
        text(out, letter, value);
    }
}

/// A line end inside a value would begin a line of its own: a forged one.
fn neutral(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&one_line(value));
}

fn letters<F: Copy>(table: &[(u8, F)], has: impl Fn(F) -> bool) -> Vec<u8> {
    table.iter().filter(|(_, flag)| has(*flag)).map(|(letter, _)| *letter).collect()
}

fn write_macro_name(out: &mut Vec<u8>, name: &[u8]) {
    match name {
        [single] => out.push(*single),
        long => {
            out.push(b'{');
            out.extend_from_slice(long);
            out.push(b'}');
        }
    }
}

fn write_control(out: &mut Vec<u8>, control: Option<&ControllingUser>) {
    out.push(b'C');
    if let Some(control) = control.filter(|control| **control == nobody(&control.alias)) {
        out.push(b':');
        neutral(out, &control.alias);
    } else if let Some(control) = control {
        neutral(out, &login_name(control));
        out.extend_from_slice(format!(":{}:{}:", control.ids.uid, control.ids.gid).as_bytes());
        neutral(out, &control.alias);
    }
    out.push(b'\n');
}

/// Who controls a recipient that is only handed on.
fn nobody(alias: &[u8]) -> ControllingUser {
    ControllingUser { alias: alias.to_vec(), ..ControllingUser::default() }
}

/// Who acts as the DefaultUser is called by the alias that named the file or program, as sendmail calls him:
/// without a name the line would say that nobody controls what follows.
fn login_name(control: &ControllingUser) -> Vec<u8> {
    if !control.user.is_empty() {
        return control.user.clone();
    }
    let bare = plain_address(&control.alias);
    let local = bare.split(|byte| *byte == b'@').next().unwrap_or_default();
    // a colon would end the name
    if local.is_empty() || local.contains(&b':') { b"nobody".to_vec() } else { local.to_vec() }
}

fn write_header(out: &mut Vec<u8>, header: &Header, names: &Names) {
    out.extend_from_slice(b"H?");
    out.extend_from_slice(&header.condition_text(names));
    out.push(b'?');
    header.put(out);
}
