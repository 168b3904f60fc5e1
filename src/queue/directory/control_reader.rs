//! Reading a qf.

use super::control_file::{
    ControlError, ControlFile, ENVELOPE_FLAGS, RECIPIENT_FLAGS, REQUIRE_TLS_VERSION, VERSION,
};
use super::control_lines::{LineError, is_end, read_line};
use crate::addr::{MAX_SHOWN, one_line, shorten};
use crate::config::{HeaderCondition, Names};
use crate::envelope::{
    BodyType, ControllingUser, DeliverBy, EnvelopeFlags, Note, NotePlace, Recipient, RecipientFlags,
};
use crate::message::{Header, HeaderKind};
use crate::queue::error::Distrust;
use crate::schema::{EnhancedStatus, Reply, UserIds};
use bstr::ByteSlice;
use std::borrow::Cow;

impl ControlFile {
    /// Reads a qf.
    ///
    /// # Errors
    /// It has no end, or it must not be believed.
    pub fn parse(text: &[u8], names: &Names) -> Result<Self, ControlError> {
        let mut reader = Reader {
            file: Self::default(),
            newest: if requires_tls(text) { REQUIRE_TLS_VERSION } else { VERSION },
            names,
            control: None,
            control_is_alias: false,
            next: Recipient::default(),
            sender_seen: false,
            line_number: 0,
        };
        let mut rest = text;
        loop {
            let (line, after) = match read_line(rest) {
                Ok(cut) => cut,
                Err(LineError::End) => return reader.incomplete(rest),
            };
            if is_end(line) {
                return reader.end(after);
            }
            reader.line_number += 1 + line.iter().filter(|byte| **byte == b'\n').count();
            match reader.line(line) {
                // a line that a crash has cut off says nothing
                Err(_) if after.is_empty() && !text.ends_with(b"\n") => return reader.incomplete(b""),
                Err(error) => return reader.fail(error),
                Ok(()) => {}
            }
            rest = after;
        }
    }
}

/// Is it a message of REQUIRETLS, by its F line? That alone makes version 9 one of ours.
fn requires_tls(text: &[u8]) -> bool {
    let line = text.lines().find(|line| line.starts_with(b"F"));
    line.is_some_and(|line| flags(&ENVELOPE_FLAGS, &line[1..]).contains(EnvelopeFlags::REQUIRE_TLS))
}

/// The state of reading.
struct Reader<'a> {
    file: ControlFile,
    /// The version that it may have at most.
    newest: i64,
    names: &'a Names,
    /// From the last C line.
    control: Option<ControllingUser>,
    /// Has one of its recipients said that it is an alias? Then it is one for all behind it.
    control_is_alias: bool,
    /// Collects M, Q and r for the next R.
    next: Recipient,
    sender_seen: bool,
    /// Of the end of the current line.
    line_number: usize,
}

impl Reader<'_> {
    /// What was passed over before is told all the same.
    fn fail<T>(self, mut error: ControlError) -> Result<T, ControlError> {
        if let ControlError::Bad(distrust) = &mut error {
            distrust.notes = self.file.envelope.notes;
        }
        Err(error)
    }

    /// There is no end. Only what is passed over counts of the beginning of a line.
    fn incomplete<T>(mut self, cut_off: &[u8]) -> Result<T, ControlError> {
        if !cut_off.is_empty() {
            let _ = self.line(cut_off);
        }
        Err(ControlError::Incomplete(self.file.envelope.notes))
    }

    fn line(&mut self, line: &[u8]) -> Result<(), ControlError> {
        // only a header field may have line ends inside
        let line = &*if line.starts_with(b"H") { Cow::Borrowed(line) } else { one_line(line) };
        let Some((letter, value)) = line.split_first() else { return self.unrecognized(line) };
        if line.starts_with(b"From ") {
            return tampered("SECURITY ALERT: bogus qf line ", line);
        }
        let envelope = &mut self.file.envelope;
        match letter {
            b'V' => return self.version(value),
            b'T' => {
                envelope.created = integer(value);
                self.file.dated = true;
            }
            b'K' => envelope.last_attempt = integer(value),
            // as atoi(3) has it
            b'N' => envelope.attempts = integer(value) as i32,
            b'P' => envelope.priority = Some(integer(value)),
            b'd' => self.file.data_directory = Some(value.to_vec()),
            b'I' => self.file.data_file = data_file(value),
            b'B' => match BodyType::parse(value) {
                Some(kind) => envelope.body_type = Some(kind),
                None => return tampered("SECURITY ALERT: extra or bogus data in queue file: ", line),
            },
            b'q' => envelope.quarantine = Some(value.to_vec()),
            b'M' if self.sender_seen => self.next.message = Some(value.to_vec()),
            b'M' => envelope.message = Some(value.to_vec()),
            b'F' => envelope.flags |= flags(&ENVELOPE_FLAGS, value),
            b'$' => self.macro_line(value),
            b'S' => (envelope.sender, self.sender_seen) = (value.to_vec(), true),
            b'Z' => envelope.envid = Some(value.to_vec()),
            b'A' => envelope.auth = Some(value.to_vec()),
            b'!' => {
                envelope.deliver_by = deliver_by(value);
                // sendmail reads this line as a macro's as well
                if value.is_empty() {
                    self.macro_line(value);
                }
            }
            b'C' => (self.control, self.control_is_alias) = (control(value, self.file.version), false),
            b'Q' => self.next.orcpt = Some(value.to_vec()),
            b'r' => self.next.final_recipient = Some(value.to_vec()),
            b'R' => self.recipient(value),
            b'H' => self.header(value),
            b'D' | b'E' | b'L' => {}
            _ => return self.unrecognized(line),
        }
        Ok(())
    }

    /// Whoever knows the file puts its name in front.
    fn unrecognized(&self, line: &[u8]) -> Result<(), ControlError> {
        bad(format!("line {}: bad line \"{}\"", self.line_number, shown(line)), UNRECOGNIZED)
    }

    /// Something that is passed over, as sendmail does.
    fn note(&mut self, reply: Reply) {
        let envelope = &mut self.file.envelope;
        let place = match self.sender_seen {
            true => NotePlace::Behind(envelope.recipients.len()),
            false => NotePlace::BeforeSender,
        };
        envelope.notes.push(Note { reply, place });
    }

    fn bad_macro(&mut self, text: String) {
        self.note(Reply::new(554, Some(EnhancedStatus(5, 0, 0)), text));
    }

    fn version(&mut self, value: &[u8]) -> Result<(), ControlError> {
        self.file.version = integer(value);
        if self.file.version > self.newest {
            let version = self.file.version;
            let detail = format!("Version number in queue file ({version}) greater than max ({VERSION})");
            return bad(detail, "unsupported queue file version");
        }
        Ok(())
    }

    fn macro_line(&mut self, value: &[u8]) {
        let (name, value) = match value {
            [b'{', rest @ ..] => match rest.iter().position(|byte| *byte == b'}') {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => {
                    self.bad_macro(format!("Unbalanced {{ on {}", shown(rest)));
                    return self.bad_macro("Unable to assign macro/class ID (mid = 0xffffffff)".to_owned());
                }
            },
            [_, rest @ ..] => (&value[..1], rest),
            [] => return self.bad_macro("Name required for macro/class".to_owned()),
        };
        self.file.envelope.macros.push((name.to_vec(), value.to_vec()));
    }

    /// `PFD:<a@b>`; a file without V line has no flags.
    fn recipient(&mut self, value: &[u8]) {
        let mut recipient = std::mem::take(&mut self.next);
        if self.file.version > 0 {
            // without a colon all of it is flags, and nobody is named
            let colon = value.iter().position(|byte| *byte == b':').unwrap_or(value.len());
            recipient.flags = flags(&RECIPIENT_FLAGS, &value[..colon]);
            recipient.text = value.get(colon + 1..).unwrap_or_default().to_vec();
        } else {
            recipient.flags = RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY;
            recipient.text = value.to_vec();
        }
        if recipient.text.is_empty() {
            return;
        }
        recipient.control = self.control.clone();
        self.control_is_alias |= recipient.flags.contains(RecipientFlags::CONTROL_IS_ALIAS);
        recipient.flags -= RecipientFlags::CONTROL_IS_ALIAS;
        self.file.envelope.recipients.push(recipient);
        if self.control_is_alias && self.control.is_some() {
            // all those behind one C line share what is known of that user
            let recipients = &mut self.file.envelope.recipients;
            let unknown = |one: &&mut Recipient| {
                one.control == self.control && !one.flags.contains(RecipientFlags::CONTROL_IS_ALIAS)
            };
            for one in recipients.iter_mut().rev().take_while(unknown) {
                one.flags |= RecipientFlags::CONTROL_IS_ALIAS;
            }
        }
    }

    /// `?cond?Name: value`
    fn header(&mut self, value: &[u8]) {
        let (condition, field) = match value {
            [b'?', rest @ ..] => match rest.iter().position(|byte| *byte == b'?') {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => return self.bad_header(value),
            },
            _ => (&value[..0], value),
        };
        let marked = field.len() < value.len();
        let colon = field.iter().position(|byte| *byte == b':').unwrap_or_default();
        let name = field[..colon].trim_ascii_end();
        if name.is_empty() {
            return self.bad_header(value);
        }
        self.file.envelope.uncounted -= if marked { 0 } else { MARKS };
        // a queue file has its lists with commas
        let mut kind = HeaderKind::of(name) | HeaderKind::USER | HeaderKind::COMMAS;
        if !condition.is_empty() {
            kind |= HeaderKind::CHECK;
        }
        let condition = self.condition(condition);
        self.file.envelope.headers.0.push(Header {
            name: name.to_vec(),
            value: field[colon + 1..].to_vec(),
            condition,
            kind,
        });
    }

    /// No field: of one with a condition sendmail shows the first mark.
    fn bad_header(&mut self, value: &[u8]) {
        let text = if value.starts_with(b"?") { &value[..1] } else { value };
        let text = format!("header syntax error, line \"{}\"", shown(text));
        self.file.envelope.uncounted += value.len() as i64 - MARKS;
        self.note(Reply::new(553, Some(EnhancedStatus(5, 3, 0)), text));
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
            true if !self.sender_seen => Err(ControlError::NoSender),
            true => Ok(self.file),
            false => tampered("SECURITY ALERT: extra or bogus data in queue file: ", after)
                .or_else(|error| self.fail(error)),
        }
    }
}

fn bad<T>(detail: String, reason: &'static str) -> Result<T, ControlError> {
    Err(ControlError::Bad(Distrust::new(detail, reason)))
}

/// Bytes that a field has before its name, for its condition: sendmail counts each line less these, be they there or not.
const MARKS: i64 = 2;

/// The reason for a line that no control file has.
pub(super) const UNRECOGNIZED: &str = "unrecognized line";

fn tampered<T>(what: &str, line: &[u8]) -> Result<T, ControlError> {
    bad(format!("{what}{}", shown(line)), "bogus queue line")
}

/// The beginning of a line, fit for the log.
fn shown(line: &[u8]) -> String {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    shorten(line, MAX_SHOWN)
        .iter()
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect()
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
pub(super) fn integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit()).map(|digit| i64::from(digit - b'0'));
    let digits = digits.map(|digit| if negative { -digit } else { digit });
    digits.fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(digit))
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
fn control(value: &[u8], version: i64) -> Option<ControllingUser> {
    if let [b':', alias @ ..] = value {
        // who is only handed on: nobody acts for him
        return Some(ControllingUser { alias: alias.to_vec(), ..ControllingUser::default() });
    }
    let mut parts = value.splitn(4, |byte| *byte == b':');
    let user = parts.next().filter(|user| !user.is_empty())?.to_vec();
    let number = |part: Option<&[u8]>| part.and_then(|part| u32::try_from(integer(part)).ok());
    match (number(parts.next()), number(parts.next()), parts.next()) {
        (Some(uid), Some(gid), Some(alias)) => {
            // the first versions had the user only
            let alias = if version < 2 { user.clone() } else { alias.to_vec() };
            Some(ControllingUser { user, ids: UserIds { uid, gid }, alias })
        }
        // without ids nothing may run under this name
        _ => None,
    }
}
