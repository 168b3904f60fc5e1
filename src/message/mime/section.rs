//! What is to become of a body, and how one section of it is written.

use super::content::Content;
use crate::addr::MacroId;
use crate::config::Config;

/// From where to where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Sections with eighth bits are encoded (RFC 6152, 3).
    ToSevenBits,
    /// The encoding of a text is taken away (flag 9).
    ToEightBits,
    /// Only the headers of parts are looked after.
    Neither,
}

/// What is to become of a body.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// From where to where.
    pub direction: Direction,
    /// Its classes n, e, s, b and q say what may be done to which type.
    pub config: &'a Config,
    /// `HOST id QUEUE-ID`: who did it.
    pub by: &'a [u8],
    /// Flag 3 of the mailer.
    pub ebcdic: bool,
    /// Flag E of the mailer.
    pub escape_from: bool,
}

impl Conversion<'_> {
    /// May anything come out that is not the body itself?
    pub fn concerns(&self, content: &Content) -> bool {
        self.direction != Direction::Neither || content.is_multipart() || self.holds_message(content)
    }

    /// `$=s`: is it a message with a header of its own?
    pub(super) fn holds_message(&self, content: &Content) -> bool {
        content.kind.eq_ignore_ascii_case(b"message") && self.is_in(b's', &content.subtype)
    }

    /// May its eighth bits be encoded? `$=n` has types that are not changed, `$=e` encodings that can be taken for eight
    /// bits.
    pub(super) fn may_be_encoded(&self, content: &Content) -> bool {
        let as_is = content.encoding.as_ref().is_none_or(|name| self.is_in(b'e', name));
        as_is && !self.is_in(b'n', &content.name())
    }

    fn is_in(&self, class: u8, word: &[u8]) -> bool {
        self.config.classes.get(MacroId(class)).is_some_and(|class| class.contains(word))
    }

    /// The encoding of a section of so many bytes, so many of them with the eighth bit. `$=q` has types that are never
    /// written in base64.
    pub(super) fn encoding(&self, content: &Content, count: Count) -> Encoding {
        match count {
            Count { high: 0, .. } => Encoding::None,
            Count { all, high } if all / 8 < high && !self.has_type(b'q', content) => Encoding::Base64,
            _ => Encoding::QuotedPrintable,
        }
    }

    /// `$=b`: is it no text, whose line ends would be CR LF in base64 (RFC 2045, 6.8)?
    pub(super) fn is_binary(&self, content: &Content) -> bool {
        self.has_type(b'b', content)
    }

    /// Is its type in the class, or what stands before the slash?
    fn has_type(&self, class: u8, content: &Content) -> bool {
        self.is_in(class, &content.name()) || self.is_in(class, &content.kind)
    }
}

/// How a section is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// As it is.
    None,
    /// RFC 2045, 6.7
    QuotedPrintable,
    /// RFC 2045, 6.8
    Base64,
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "8bit",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }
}

/// Bytes of a section.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Count {
    pub(super) all: u64,
    /// Those with the eighth bit.
    pub(super) high: u64,
}

impl Count {
    /// Counts a piece; false when enough is known of a large section.
    pub(super) fn add(&mut self, piece: &[u8]) -> bool {
        self.all += piece.len() as u64;
        self.high += piece.iter().filter(|byte| **byte > 0x7f).count() as u64;
        self.all < 4096 || self.high <= self.all / 4
    }
}
