//! qf files as bytes: one envelope ↔ one text. Pure; knows no directories.
//!
//! Lines are written in sendmail's order; the reader takes any order, joins continued lines and
//! refuses whatever would be dangerous to half believe.

use super::control_lines::{LineError, read_line};
use crate::config::{HeaderCondition, Names};
use crate::envelope::{BodyType, ControllingUser, DeliverBy, EnvelopeFlags, Recipient, RecipientFlags};
use crate::message::{Header, HeaderKind, Headers};
use crate::schema::UserIds;
use std::io::Write;

/// The format that is written, and the newest that is read.
pub const VERSION: i64 = 8;

/// What a qf says.
#[derive(Clone, Debug, Default)]
pub struct ControlFile {
    /// V
    pub version: i64,
    /// T, seconds since the epoch.
    pub created: i64,
    /// K, seconds since the epoch; 0 before the first attempt.
    pub last_attempt: i64,
    /// N
    pub attempts: u32,
    /// P
    pub priority: i64,
    /// d: where the df is, when not beside the qf.
    pub data_directory: Option<Vec<u8>>,
    /// I: device and inode of the df, for those who look; never relied on.
    pub data_file: Option<(u64, u64, u64)>,
    /// B
    pub body_type: Option<BodyType>,
    /// q
    pub quarantine: Option<Vec<u8>>,
    /// The envelope's M.
    pub message: Option<Vec<u8>>,
    /// F
    pub flags: EnvelopeFlags,
    /// $: names without dollar or braces, values raw.
    pub macros: Vec<(Vec<u8>, Vec<u8>)>,
    /// S, brackets included where typed so.
    pub sender: Vec<u8>,
    /// Z
    pub envid: Option<Vec<u8>>,
    /// A
    pub auth: Option<Vec<u8>>,
    /// !
    pub deliver_by: Option<DeliverBy>,
    /// R with the M, C, Q and r before it.
    pub recipients: Vec<Recipient>,
    /// H
    pub headers: Headers,
    /// Bytes of the H lines, as sendmail counts them towards the message's size.
    pub header_size: u64,
}

/// Why a qf cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ControlError {
    /// It has no end (yet): it stays as it is and is looked at again later.
    #[error("incomplete queue file read")]
    Incomplete,
    /// It is wrong: nothing of it may be believed, a human must look at it.
    #[error("{0}")]
    Bad(String),
}

/// Envelope flags and their letters, in the order of writing.
const ENVELOPE_FLAGS: [(u8, EnvelopeFlags); 8] = [
    (b'w', EnvelopeFlags::WARNED),
    (b'r', EnvelopeFlags::RESPONSE),
    (b'8', EnvelopeFlags::EIGHT_BIT),
    (b'b', EnvelopeFlags::DELETE_BCC),
    (b'd', EnvelopeFlags::RETURN_GIVEN),
    (b'n', EnvelopeFlags::NO_BODY_RETURN),
    (b's', EnvelopeFlags::SPLIT),
    (b'e', EnvelopeFlags::SMTPUTF8),
];

/// Recipient flags and their letters, in the order of writing.
const RECIPIENT_FLAGS: [(u8, RecipientFlags); 8] = [
    (b'P', RecipientFlags::PRIMARY),
    (b'N', RecipientFlags::HAS_NOTIFY),
    (b'S', RecipientFlags::SUCCESS),
    (b'F', RecipientFlags::FAILURE),
    (b'D', RecipientFlags::DELAY),
    (b'B', RecipientFlags::BCC),
    (b'X', RecipientFlags::SECURE_MX),
    (b'A', RecipientFlags::CONTROL_IS_ALIAS),
];

impl ControlFile {
    /// Reads a qf.
    pub fn parse(text: &[u8], names: &Names) -> Result<Self, ControlError> {
        let mut reader = Reader {
            file: Self::default(),
            names,
            control: None,
            next: Recipient::default(),
            sender_seen: false,
        };
        let mut rest = text;
        loop {
            let (line, after) = match read_line(rest) {
                Ok(cut) => cut,
                Err(LineError::End) => return Err(ControlError::Incomplete),
            };
            if line == b"." {
                return reader.end(after);
            }
            reader.line(line)?;
            rest = after;
        }
    }

    /// Writes a qf.
    pub fn to_bytes(&self, names: &Names) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write_facts(&mut out);
        self.write_parties(&mut out);
        for header in &self.headers.0 {
            write_header(&mut out, header, names);
        }
        out.extend_from_slice(b".\n");
        out
    }

    fn write_facts(&self, out: &mut Vec<u8>) {
        number(out, b'V', VERSION);
        number(out, b'T', self.created);
        number(out, b'K', self.last_attempt);
        number(out, b'N', i64::from(self.attempts));
        number(out, b'P', self.priority);
        optional(out, b'd', self.data_directory.as_deref());
        if let Some((major, minor, inode)) = self.data_file {
            text(out, b'I', format!("{major}/{minor}/{inode}").as_bytes());
        }
        optional(out, b'B', self.body_type.map(BodyType::as_bytes));
        optional(out, b'M', self.message.as_deref());
        let letters = letters(&ENVELOPE_FLAGS, |flag| self.flags.contains(flag));
        optional(out, b'F', (!letters.is_empty()).then_some(&letters));
        for (name, value) in &self.macros {
            out.push(b'$');
            write_macro_name(out, name);
            neutral(out, value);
            out.push(b'\n');
        }
    }

    fn write_parties(&self, out: &mut Vec<u8>) {
        optional(out, b'q', self.quarantine.as_deref());
        text(out, b'S', &self.sender);
        optional(out, b'Z', self.envid.as_deref());
        optional(out, b'A', self.auth.as_deref());
        if let Some(by) = self.deliver_by {
            out.extend_from_slice(&[b'!', by.flags]);
            text(out, b' ', by.seconds.to_string().as_bytes());
        }
        let mut control: Option<&ControllingUser> = None;
        for recipient in &self.recipients {
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
    out.extend(value.iter().map(|byte| if matches!(byte, b'\n' | b'\r' | 0) { b' ' } else { *byte }));
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
    if let Some(control) = control {
        neutral(out, &control.user);
        out.extend_from_slice(format!(":{}:{}:", control.ids.uid, control.ids.gid).as_bytes());
        neutral(out, &control.alias);
    }
    out.push(b'\n');
}

fn write_header(out: &mut Vec<u8>, header: &Header, names: &Names) {
    out.extend_from_slice(b"H?");
    if header.kind.intersects(HeaderKind::CHECK.union(HeaderKind::ALWAYS_CHECK)) {
        out.extend_from_slice(&condition_letters(&header.condition, names));
    }
    out.push(b'?');
    out.extend_from_slice(&header.name);
    out.push(b':');
    // a fold is a line end with a blank after it; any other line end would begin a forged line
    let mut at_line_end = false;
    for byte in header.value.iter().copied().filter(|byte| *byte != 0) {
        if at_line_end && !matches!(byte, b' ' | b'\t') {
            out.push(b' ');
        }
        at_line_end = byte == b'\n';
        out.push(byte);
    }
    if !at_line_end {
        out.push(b'\n');
    }
}

fn condition_letters(condition: &HeaderCondition, names: &Names) -> Vec<u8> {
    match condition {
        HeaderCondition::Always => Vec::new(),
        HeaderCondition::MailerFlags(bits) => (0..128).filter(|bit| bits & (1 << bit) != 0).collect(),
        HeaderCondition::Macro(id) => {
            let mut out = b"$".to_vec();
            write_macro_name(&mut out, names.long_name(*id).unwrap_or(&[id.0]));
            out
        }
    }
}

/// The state of reading.
struct Reader<'a> {
    file: ControlFile,
    names: &'a Names,
    /// From the last C line.
    control: Option<ControllingUser>,
    /// Collects M, Q and r for the next R.
    next: Recipient,
    sender_seen: bool,
}

impl Reader<'_> {
    fn line(&mut self, line: &[u8]) -> Result<(), ControlError> {
        let Some((letter, value)) = line.split_first() else { return bad("empty line", line) };
        if line.starts_with(b"From ") {
            return bad("message file queued with From line", line);
        }
        match letter {
            b'V' => self.version(value)?,
            b'T' => self.file.created = integer(value),
            b'K' => self.file.last_attempt = integer(value),
            b'N' => self.file.attempts = integer(value).try_into().unwrap_or(0),
            b'P' => self.file.priority = integer(value),
            b'd' => self.file.data_directory = Some(value.to_vec()),
            b'I' => self.file.data_file = data_file(value),
            b'B' => match BodyType::parse(value) {
                Some(kind) => self.file.body_type = Some(kind),
                None => return bad("bad body type", line),
            },
            b'q' => self.file.quarantine = Some(value.to_vec()),
            b'M' if self.sender_seen => self.next.message = Some(value.to_vec()),
            b'M' => self.file.message = Some(value.to_vec()),
            b'F' => self.file.flags |= flags(&ENVELOPE_FLAGS, value),
            b'$' => self.macro_line(value),
            b'S' => (self.file.sender, self.sender_seen) = (value.to_vec(), true),
            b'Z' => self.file.envid = Some(value.to_vec()),
            b'A' => self.file.auth = Some(value.to_vec()),
            b'!' => self.file.deliver_by = deliver_by(value),
            b'C' => self.control = control(value),
            b'Q' => self.next.orcpt = Some(value.to_vec()),
            b'r' => self.next.final_recipient = Some(value.to_vec()),
            b'R' => self.recipient(value),
            b'H' => self.header(value),
            b'D' | b'E' | b'L' => {}
            _ => return bad("bad line", line),
        }
        Ok(())
    }

    fn version(&mut self, value: &[u8]) -> Result<(), ControlError> {
        self.file.version = integer(value);
        if self.file.version > VERSION {
            return Err(ControlError::Bad(format!("unsupported queue file version {}", self.file.version)));
        }
        Ok(())
    }

    fn macro_line(&mut self, value: &[u8]) {
        let (name, value) = match value {
            [b'{', rest @ ..] => match rest.iter().position(|byte| *byte == b'}') {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => return,
            },
            [_, rest @ ..] => (&value[..1], rest),
            [] => return,
        };
        self.file.macros.push((name.to_vec(), value.to_vec()));
    }

    /// `PFD:<a@b>`; a file without V line has no flags.
    fn recipient(&mut self, value: &[u8]) {
        let mut recipient = std::mem::take(&mut self.next);
        let colon = value.iter().position(|byte| *byte == b':').filter(|_| self.file.version > 0);
        match colon {
            Some(colon) => {
                recipient.flags = flags(&RECIPIENT_FLAGS, &value[..colon]);
                recipient.text = value[colon + 1..].to_vec();
            }
            None => {
                recipient.flags = RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY;
                recipient.text = value.to_vec();
            }
        }
        recipient.control = self.control.clone();
        self.file.recipients.push(recipient);
    }

    /// `?cond?Name: value`
    fn header(&mut self, value: &[u8]) {
        let (condition, field) = match value {
            [b'?', rest @ ..] => match rest.iter().position(|byte| *byte == b'?') {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => return,
            },
            _ => (&value[..0], value),
        };
        let Some(colon) = field.iter().position(|byte| *byte == b':') else { return };
        let name = field[..colon].trim_ascii_end();
        let mut kind = HeaderKind::of(name) | HeaderKind::USER;
        if !condition.is_empty() {
            kind |= HeaderKind::CHECK;
        }
        self.file.header_size += (condition.len() + field.len()) as u64;
        let condition = self.condition(condition);
        self.file.headers.0.push(Header {
            name: name.to_vec(),
            value: field[colon + 1..].to_vec(),
            condition,
            kind,
        });
    }

    fn condition(&self, text: &[u8]) -> HeaderCondition {
        match text {
            [] => HeaderCondition::Always,
            [b'$', b'{', name @ .., b'}'] | [b'$', name @ ..] => match self.names.get(name) {
                Some(id) => HeaderCondition::Macro(id),
                // a macro this configuration never heard of cannot be set
                None => HeaderCondition::MailerFlags(0),
            },
            letters => {
                let ascii = letters.iter().filter(|letter| letter.is_ascii());
                HeaderCondition::MailerFlags(ascii.fold(0, |bits, letter| bits | 1 << letter))
            }
        }
    }

    fn end(self, after: &[u8]) -> Result<ControlFile, ControlError> {
        match after.is_empty() {
            true => Ok(self.file),
            false => bad("extra data after end of queue file", after),
        }
    }
}

fn bad<T>(what: &str, line: &[u8]) -> Result<T, ControlError> {
    let shown = line.iter().take(60).flat_map(|byte| std::ascii::escape_default(*byte));
    Err(ControlError::Bad(format!("{what} \"{}\"", shown.map(char::from).collect::<String>())))
}

fn flags<F: bitflags::Flags + Copy>(table: &[(u8, F)], letters: &[u8]) -> F {
    let mut found = F::empty();
    for (letter, flag) in table {
        if letters.contains(letter) {
            found.insert(*flag);
        }
    }
    found
}

/// Leading digits, as atol(3) reads them.
fn integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value =
        digits.fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative { -value } else { value }
}

fn data_file(value: &[u8]) -> Option<(u64, u64, u64)> {
    let mut parts = value.split(|byte| *byte == b'/').map(|part| integer(part).try_into().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// One byte of flags, a blank, seconds.
fn deliver_by(value: &[u8]) -> Option<DeliverBy> {
    let (flags, rest) = value.split_first()?;
    Some(DeliverBy { flags: *flags, seconds: integer(rest) })
}

/// `user:uid:gid:alias`; nothing takes the control away.
fn control(value: &[u8]) -> Option<ControllingUser> {
    let mut parts = value.splitn(4, |byte| *byte == b':');
    let user = parts.next().filter(|user| !user.is_empty())?.to_vec();
    let number = |part: Option<&[u8]>| part.and_then(|part| u32::try_from(integer(part)).ok());
    match (number(parts.next()), number(parts.next()), parts.next()) {
        (Some(uid), Some(gid), Some(alias)) => {
            Some(ControllingUser { user, ids: UserIds { uid, gid }, alias: alias.to_vec() })
        }
        // without ids nothing may run under this name
        _ => None,
    }
}
