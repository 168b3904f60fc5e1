//! Eight bits and seven: what a mailer and a server take, and the message made so.

use super::attempt::Attempt;
use super::header::Rendering;
use crate::config::{Config, Mailer};
use crate::envelope::{Body, BodyType, Envelope, EnvelopeFlags, Scratch};
use crate::message::mime::{Content, Conversion, Converter, Direction, Step};
use crate::message::{BodyForm, EncodingField};
use crate::schema::{EightBitMode, Reply};
use crate::smtp::client::Extensions;
use std::io;

/// How a mailer wants the lines of a message.
pub(super) fn form(mailer: &Mailer) -> BodyForm {
    BodyForm {
        crlf: mailer.speaks_smtp() || mailer.eol == b"\r\n",
        escape_from: mailer.has(b'E'),
        stuff_dots: mailer.speaks_smtp() || mailer.has(b'X'),
        seven_bit: mailer.has(b'7'),
        // in a file of messages the next one must be told apart
        blank_line: mailer.has(b'b') || mailer.is_file(),
        line_limit: u32::try_from(mailer.line_limit).unwrap_or(0),
    }
}

/// How a mailer wants the lines of a header.
pub(super) fn header_form(mailer: &Mailer) -> BodyForm {
    let BodyForm { crlf, line_limit, seven_bit, .. } = form(mailer);
    BodyForm { crlf, line_limit, seven_bit: seven_bit || mailer.has(b'6'), ..BodyForm::default() }
}

/// What a mailer's flags ask for.
pub(super) fn direction(envelope: &Envelope, mailer: &Mailer) -> Direction {
    if envelope.flags.contains(EnvelopeFlags::EIGHT_BIT) && mailer.has(b'7') {
        return Direction::ToSevenBits;
    }
    match mailer.has(b'9') && Content::is_encoded_text(&envelope.headers.0) {
        true => Direction::ToEightBits,
        false => Direction::Neither,
    }
}

/// What is offered to a server: BODY= (RFC 6152), and what the message is converted to before.
pub(super) fn for_server(
    config: &Config,
    envelope: &Envelope,
    mailer: &Mailer,
    extensions: &Extensions,
) -> (Option<BodyType>, Direction) {
    let (direction, mode) = (direction(envelope, mailer), config.options.eight_bit_mode);
    let eight_bit = envelope.flags.contains(EnvelopeFlags::EIGHT_BIT);
    let declared = envelope.body_type == Some(BodyType::EIGHT_BIT_MIME);
    if extensions.eight_bit {
        let body_type = match envelope.body_type {
            None if eight_bit && mode == EightBitMode::Mime && !mailer.has(b'8') => {
                Some(BodyType::EIGHT_BIT_MIME)
            }
            given => given,
        };
        return (body_type, direction);
    }
    let is_mime = declared || envelope.headers.is_mime();
    let convert = eight_bit && !mailer.has(b'8') && (mode != EightBitMode::Pass || is_mime);
    (None, if convert { Direction::ToSevenBits } else { direction })
}

/// A message as a mailer gets it.
pub(super) struct Written {
    pub(super) header: Vec<u8>,
    pub(super) body: Body,
    pub(super) reading: Reading,
}

/// What came of looking at the MIME fields of a message, and of its parts, as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Reading {
    /// What could not be read.
    pub(super) problems: Vec<Reply>,
    /// There are parts.
    pub(super) parts: bool,
}

impl Reading {
    /// Each address of the header is read twice where it is written for a mailer.
    fn of_addresses(rendering: &Rendering<'_>) -> Self {
        let mut problems = Vec::new();
        if !rendering.mailer.is_file() {
            for problem in &rendering.envelope.attempt.unreadable {
                problems.extend([problem.clone(), problem.clone()]);
            }
        }
        Self { problems, parts: false }
    }

    /// With MaxMimeHeaderLength sendmail looks at them, or where it converts. What it writes to a file it writes in another process.
    fn is_wanted(rendering: &Rendering<'_>, direction: Direction) -> bool {
        let limits = rendering.site.config.options.max_mime_header_length;
        match direction {
            Direction::ToEightBits => false,
            Direction::ToSevenBits => !rendering.mailer.is_file(),
            Direction::Neither => limits != (0, 0) && !rendering.mailer.is_file(),
        }
    }
}

impl Attempt<'_> {
    /// It is in the transcript of the message, and what reports say of it.
    pub(super) fn note_reading(&mut self, reading: &Reading) {
        for problem in &reading.problems {
            self.envelope.note(&problem.text, true);
        }
        self.envelope.attempt.parts_read |= reading.parts;
    }
}

/// Header and body of a message as a mailer gets them. The body may begin with what a conversion says in the header; the
/// header has its blank line if it does not.
///
/// # Errors
/// The body cannot be read, or there is no room for what is made of it.
pub(super) async fn message(rendering: &Rendering<'_>, direction: Direction) -> io::Result<Written> {
    let (envelope, mailer) = (rendering.envelope, rendering.mailer);
    let by = rendering.converter();
    let how = Conversion {
        direction,
        config: &rendering.site.config,
        by: &by,
        ebcdic: mailer.has(b'3'),
        escape_from: mailer.has(b'E'),
    };
    let content = Content::of(&rendering.site.config, &envelope.headers.0, false);
    let field = match direction {
        Direction::Neither => EncodingField::Kept,
        Direction::ToSevenBits | Direction::ToEightBits => EncodingField::Dropped,
    };
    let mut header = rendering.header(field).await;
    if direction == Direction::Neither {
        header.extend(eight_bit_fields(&rendering.site.config, envelope, mailer));
    }
    let wanted = Reading::is_wanted(rendering, direction);
    let mut reading = Reading::of_addresses(rendering);
    if wanted {
        reading.problems.extend(Content::problems(&envelope.headers.0));
    }
    if !how.concerns(&content) {
        header.push(b'\n');
        return Ok(Written { header, body: envelope.body.clone(), reading });
    }
    if direction == Direction::ToSevenBits {
        declare(&rendering.site.config, envelope, &mut header);
    }
    let mut parts = Reading::default();
    let body = converted(rendering, how, &content, field, &mut parts).await?;
    if wanted {
        reading.parts = parts.parts;
        reading.problems.extend(parts.problems);
    }
    Ok(Written { header, body, reading })
}

/// With EightBitMode mime, eighth bits do not leave without a word of what they are, where the mailer does not take them as they are.
pub fn eight_bit_fields(config: &Config, envelope: &Envelope, mailer: &Mailer) -> Vec<u8> {
    let mut fields = Vec::new();
    if config.options.eight_bit_mode == EightBitMode::Mime
        && envelope.flags.contains(EnvelopeFlags::EIGHT_BIT)
        && !mailer.has(b'8')
        && !envelope.headers.is_mime()
    {
        declare(config, envelope, &mut fields);
        if !envelope.headers.has(b"content-transfer-encoding") {
            fields.extend_from_slice(b"Content-Transfer-Encoding: 8bit\n");
        }
    }
    fields
}

/// What a MIME message must say of itself (RFC 2045, 4 and 5.2).
fn declare(config: &Config, envelope: &Envelope, header: &mut Vec<u8>) {
    let fields = &envelope.headers;
    if !fields.is_mime() {
        header.extend_from_slice(b"MIME-Version: 1.0\n");
    }
    if !fields.has(b"content-type") {
        header.extend([b"Content-Type: text/plain; charset=", charset(config, envelope), b"\n"].concat());
    }
}

/// The character set of a text that does not name its own: C= of the mailer that it came by, else DefaultCharSet.
fn charset<'c>(config: &'c Config, envelope: &Envelope) -> &'c [u8] {
    let address = envelope.sender.address.as_ref();
    let from = address.and_then(|address| config.mailers.get(usize::from(address.mailer.0)));
    match from.map(|mailer| &mailer.charset[..]).filter(|charset| !charset.is_empty()) {
        Some(charset) => charset,
        None => config.options.default_char_set.as_deref().unwrap_or(b"unknown-8bit"),
    }
}

async fn converted(
    rendering: &Rendering<'_>,
    how: Conversion<'_>,
    content: &Content,
    field: EncodingField,
    reading: &mut Reading,
) -> io::Result<Body> {
    let body = &rendering.envelope.body;
    let mut scratch = Scratch::beside(body);
    let mut converter = Converter::new(how, content, body.reader())?;
    loop {
        match converter.step()? {
            Step::Output => {}
            Step::Header(fields) => {
                reading.parts = true;
                reading.problems.extend(Content::problems(&fields.0));
                let written = rendering.part_header(&fields, field).await;
                converter.header(&fields, &written)?;
            }
            Step::End => break,
        }
        if converter.is_full() {
            scratch.write(&converter.take())?;
            tokio::task::yield_now().await;
        }
    }
    scratch.write(&converter.take())?;
    scratch.finish()
}
