//! The walk through a body, section by section.

use super::DEEPEST;
use super::content::{Content, NO_BOUNDARY};
use super::lines::Lines;
use super::section::{Conversion, Count, Direction, Encoding};
use super::separators::{Separator, separator};
use super::{base64, quoted_printable};
use crate::message::{Collector, HeaderKind, Headers};
use std::io::{self, Read, Seek};

/// Most bytes of the header of a part; what is more of it counts as body.
const LONGEST_HEADER: u64 = 1 << 20;

/// Bytes that are handed over together.
const ENOUGH: usize = 64 << 10;

/// What the walk has come to.
#[derive(Debug)]
pub enum Step {
    /// Bytes are ready to be taken.
    Output,
    /// The header of a section inside: it is to be written as the mailer wants it, and handed to [`Converter::header`].
    Header(Headers),
    /// All is written.
    End,
}

/// Where in the body we are.
#[derive(Debug)]
enum State {
    /// Before the first part, and behind the last.
    Between,
    /// In the header of a section.
    Header(Collector),
    /// In a section without sections.
    Leaf(Leaf),
    End,
}

/// How a leaf is written.
#[derive(Debug)]
enum Leaf {
    Copy,
    QuotedPrintable(quoted_printable::Encoder),
    Base64(base64::Encoder),
    FromQuotedPrintable,
    FromBase64(base64::Decoder),
}

/// An open multipart.
#[derive(Debug)]
struct Multipart {
    boundary: Vec<u8>,
    digest: bool,
    /// How deep it lies itself.
    depth: usize,
}

/// Makes of a body what a mailer gets, a piece at a time.
#[derive(Debug)]
pub struct Converter<'a, R: Read + Seek> {
    how: Conversion<'a>,
    lines: Lines<R>,
    open: Vec<Multipart>,
    state: State,
    depth: usize,
    /// Is the header that is read that of a message inside?
    in_message: bool,
    /// Fields of parts are left as they are, but for their length; behind a section that has sections of its own, sendmail
    /// writes them as it writes those of the message.
    after_section: bool,
    /// Does the leaf belong to a message inside?
    leaf_of_message: bool,
    /// A line end that belongs to the separator behind it, if there is one.
    line_end: bool,
    /// What has been made and not been taken.
    out: Vec<u8>,
}

impl<'a, R: Read + Seek> Converter<'a, R> {
    /// Behind the header of the message, which has this content.
    ///
    /// # Errors
    /// The body cannot be read.
    pub fn new(how: Conversion<'a>, content: &Content, body: R) -> io::Result<Self> {
        let mut converter = Self {
            how,
            lines: Lines::new(body),
            open: Vec::new(),
            state: State::End,
            depth: 0,
            in_message: false,
            after_section: false,
            leaf_of_message: false,
            line_end: false,
            out: Vec::new(),
        };
        converter.begin(content, true)?;
        Ok(converter)
    }

    /// Is so much ready that it should be taken?
    pub fn is_full(&self) -> bool {
        self.out.len() >= ENOUGH
    }

    /// Takes what is ready.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Goes on.
    ///
    /// # Errors
    /// The body cannot be read.
    pub fn step(&mut self) -> io::Result<Step> {
        if matches!(self.state, State::End) {
            return Ok(Step::End);
        }
        let begins_line = self.lines.piece.is_empty() || self.lines.piece.ends_with(b"\n");
        let more = self.lines.advance()?;
        if let State::Header(collector) = &mut self.state {
            collector.push(&self.lines.piece, &mut Vec::new());
            if more && !collector.in_body() && collector.header_size() < LONGEST_HEADER {
                return Ok(Step::Output);
            }
            let mut fields = std::mem::take(collector).finish(&mut Vec::new());
            if self.after_section {
                fields.iter_mut().for_each(|field| field.kind |= HeaderKind::of(&field.name));
            }
            return Ok(Step::Header(Headers(fields)));
        }
        let found = match more {
            true if begins_line => separator(&self.lines.piece, self.boundaries()),
            true => None,
            false => Some(Separator::Last),
        };
        match found {
            Some(found) => self.end_section(found, !more),
            None => self.text(),
        }
        Ok(Step::Output)
    }

    /// The header of a section as it is written, which has these fields.
    ///
    /// # Errors
    /// The body cannot be read.
    pub fn header(&mut self, fields: &Headers, written: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(written);
        let of_message = std::mem::take(&mut self.in_message);
        self.leaf_of_message = of_message;
        if of_message && !fields.is_mime() && self.how.direction != Direction::Neither {
            self.out.extend_from_slice(b"MIME-Version: 1.0\n");
        }
        let digest = !of_message && self.open.last().is_some_and(|multipart| multipart.digest);
        self.begin(&Content::of(self.how.config, &fields.0, digest), true)
    }

    fn boundaries(&self) -> impl Iterator<Item = &[u8]> + Clone {
        boundaries(&self.open)
    }

    /// A section begins: its header's own fields are written. `encode`: nothing around it forbids an encoding.
    fn begin(&mut self, content: &Content, encode: bool) -> io::Result<()> {
        let encode = encode && self.how.may_be_encoded(content);
        let walked = content.is_multipart() && (encode || self.how.direction == Direction::Neither);
        let holds_message = self.how.holds_message(content);
        if walked || (holds_message && self.depth < DEEPEST) {
            self.out.push(b'\n');
            self.after_section = false;
            match walked {
                true => self.begin_multipart(content),
                false => self.begin_message(),
            }
            return Ok(());
        }
        self.begin_leaf(content, encode)
    }

    fn begin_leaf(&mut self, content: &Content, encode: bool) -> io::Result<()> {
        if self.how.direction == Direction::ToEightBits {
            self.begin_decoded(content);
            return Ok(());
        }
        let encoding = match encode && self.how.direction == Direction::ToSevenBits {
            true => {
                let count = self.count()?;
                self.how.encoding(content, count)
            }
            false => Encoding::None,
        };
        match &content.encoding {
            _ if encoding != Encoding::None => self.encoded("8bit", encoding.name()),
            Some(before) if self.how.direction != Direction::Neither => self.encoding_field(before),
            _ => {}
        }
        self.begin_text(match encoding {
            Encoding::None => Leaf::Copy,
            Encoding::Base64 => Leaf::Base64(base64::Encoder::new(self.how.is_binary(content))),
            Encoding::QuotedPrintable => {
                Leaf::QuotedPrintable(quoted_printable::Encoder::new(self.how.ebcdic, self.how.escape_from))
            }
        });
        Ok(())
    }

    fn begin_multipart(&mut self, content: &Content) {
        let boundary = content.boundary.clone().unwrap_or_else(|| NO_BOUNDARY.to_vec());
        let digest = content.subtype.eq_ignore_ascii_case(b"digest");
        self.open.push(Multipart { boundary, digest, depth: self.depth });
        self.state = State::Between;
    }

    fn begin_message(&mut self) {
        self.in_message = true;
        self.begin_header();
    }

    fn begin_header(&mut self) {
        self.depth += 1;
        self.state = State::Header(Collector::default());
    }

    fn begin_decoded(&mut self, content: &Content) {
        let before = content.encoding.clone().unwrap_or_default();
        self.encoded(&String::from_utf8_lossy(&before), "8bit");
        self.begin_text(match before.eq_ignore_ascii_case(b"base64") {
            true => Leaf::FromBase64(base64::Decoder::default()),
            false => Leaf::FromQuotedPrintable,
        });
    }

    fn begin_text(&mut self, leaf: Leaf) {
        self.out.push(b'\n');
        self.state = State::Leaf(leaf);
    }

    fn encoding_field(&mut self, name: &[u8]) {
        self.out.extend([b"Content-Transfer-Encoding: ", name, b"\n"].concat());
    }

    /// The fields that tell of a change.
    fn encoded(&mut self, from: &str, to: &str) {
        self.encoding_field(to.as_bytes());
        self.out.extend_from_slice(format!("X-MIME-Autoconverted: from {from} to {to} by ").as_bytes());
        self.out.extend_from_slice(self.how.by);
        self.out.push(b'\n');
    }

    /// The bytes of the section that begins here.
    fn count(&mut self) -> io::Result<Count> {
        let mut count = Count::default();
        let open = &self.open;
        self.lines.look_ahead(|piece| separator(piece, boundaries(open)).is_none() && count.add(piece))?;
        Ok(count)
    }

    /// A piece that is no separator.
    fn text(&mut self) {
        let piece = std::mem::take(&mut self.lines.piece);
        match &mut self.state {
            State::Between => self.out.extend(piece.iter().map(|byte| byte & 0x7f)),
            State::Leaf(leaf) => {
                leaf.write(&piece, self.line_end, &mut self.out);
                self.line_end = piece.ends_with(b"\n");
            }
            State::Header(_) | State::End => {}
        }
        self.lines.piece = piece;
    }

    /// A separator, or the end of the body.
    fn end_section(&mut self, found: Separator, at_end: bool) {
        match std::mem::replace(&mut self.state, State::End) {
            State::Leaf(mut leaf) => {
                leaf.finish(
                    std::mem::take(&mut self.line_end) && at_end,
                    !self.open.is_empty(),
                    &mut self.out,
                );
                self.after_section |= std::mem::take(&mut self.leaf_of_message);
            }
            State::Between | State::Header(_) | State::End => {}
        }
        let Some(multipart) = self.open.last() else { return };
        self.out.extend([b"--", &multipart.boundary[..]].concat());
        self.depth = multipart.depth;
        match found {
            Separator::Next => {
                self.out.push(b'\n');
                self.begin_header();
            }
            Separator::Last => {
                self.out.extend_from_slice(b"--\n");
                self.after_section = true;
                self.open.pop();
                self.state = State::Between;
            }
        }
    }
}

/// The boundaries that count: those of multiparts that lie deeper are text.
fn boundaries(open: &[Multipart]) -> impl Iterator<Item = &[u8]> + Clone {
    open.iter().take(DEEPEST).map(|multipart| &multipart.boundary[..])
}

impl Leaf {
    /// A piece, and the line end before it if none is written yet.
    fn write(&mut self, piece: &[u8], line_end: bool, out: &mut Vec<u8>) {
        let text = piece.strip_suffix(b"\n").unwrap_or(piece);
        let bytes = line_end.then_some(b'\n').into_iter().chain(text.iter().copied());
        match self {
            Self::Copy => out.extend_from_slice(piece),
            Self::QuotedPrintable(encoder) => bytes.for_each(|byte| encoder.push(byte, out)),
            Self::Base64(encoder) => bytes.for_each(|byte| encoder.push(byte, out)),
            Self::FromQuotedPrintable => quoted_printable::decode(piece, out),
            Self::FromBase64(decoder) => decoder.push(piece, out),
        }
    }

    fn finish(&mut self, line_end: bool, always: bool, out: &mut Vec<u8>) {
        match self {
            Self::QuotedPrintable(encoder) => {
                line_end.then(|| encoder.push(b'\n', out));
                encoder.finish(always, out);
            }
            Self::Base64(encoder) => {
                line_end.then(|| encoder.push(b'\n', out));
                encoder.finish(always, out);
            }
            Self::FromBase64(decoder) => decoder.finish(out),
            // it ends a last line that has no end, or it is a blank line, as with base64
            Self::FromQuotedPrintable => out.push(b'\n'),
            Self::Copy => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, LoadOptions, SystemEnv, load};
    use std::io::Cursor;

    fn config() -> Config {
        load(b"site.cf", b"V10\nCqtext/html\n", &mut SystemEnv::default(), &LoadOptions::default()).config
    }

    fn fields(text: &str) -> Headers {
        let mut collector = Collector::default();
        collector.push(text.as_bytes(), &mut Vec::new());
        Headers(collector.finish(&mut Vec::new()))
    }

    /// What stands behind the header of a message.
    fn converted(direction: Direction, header: &str, body: &[u8]) -> String {
        let config = config();
        let how =
            Conversion { direction, config: &config, by: b"host id x", ebcdic: false, escape_from: false };
        let content = Content::of(&config, &fields(header).0, false);
        let mut converter = Converter::new(how, &content, Cursor::new(body)).expect("read");
        loop {
            match converter.step().expect("read") {
                Step::Output => {}
                Step::Header(fields) => {
                    let mut written = Vec::new();
                    fields.0.iter().for_each(|field| field.put(&mut written));
                    converter.header(&fields, &written).expect("read");
                }
                Step::End => break,
            }
        }
        converter.take().iter().map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn multiparts_with_one_boundary() {
        let header = "Content-Type: multipart/mixed; boundary=edge\n";
        let inner = "--edge\nContent-Type: multipart/mixed; boundary=edge\n\n--edge\n\ntext\n--edge--\n";
        let outer = format!("{inner}--edge \nX: y\n\nlast\n--edge--\n--edge\nnothing is lost\n");
        let expected = format!("\n{}", outer.replace("edge \n", "edge\n"));
        assert_eq!(converted(Direction::Neither, header, outer.as_bytes()), expected);
    }
}
