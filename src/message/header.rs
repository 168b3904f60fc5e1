//! Header fields and what is known of them by name.

use crate::config::{HeaderCondition, HeaderDecl, Names};

bitflags::bitflags! {
    /// What a field is, by its name, and where it came from.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct HeaderKind: u32 {
        /// Ends the header (`Message:`, `Text:`).
        const END = 0x1;
        /// Holds recipients.
        const RECIPIENT = 0x2;
        /// An H line's default; dropped when the message brings its own.
        const DEFAULT = 0x4;
        /// A Resent- field.
        const RESENT = 0x8;
        /// Written only if its condition is met.
        const CHECK = 0x10;
        /// As `CHECK`, also when the message brought it.
        const ALWAYS_CHECK = 0x20;
        /// Added beside fields of the same name.
        const FORCE = 0x40;
        /// Counts as a hop.
        const TRACE = 0x80;
        /// Holds senders.
        const SENDER = 0x100;
        /// Asks for a receipt.
        const RECEIPT_TO = 0x400;
        /// Names who gets errors.
        const ERRORS_TO = 0x800;
        /// Content-Transfer-Encoding.
        const TRANSFER_ENCODING = 0x1000;
        /// Content-Type.
        const CONTENT_TYPE = 0x2000;
        /// A blind copy list.
        const BCC = 0x4000;
        /// Free text.
        const ENCODABLE = 0x8000;
        /// Expanded when written, not when the message arrives.
        const BIND_LATE = 0x2_0000;
        /// Came with the message.
        const USER = 0x4_0000;
        /// Addresses of its message stand between commas, whatever its fields look like.
        const COMMAS = 0x8_0000;
    }
}

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The name as written.
    pub name: Vec<u8>,
    /// All after the colon: leading blank and folds included, no final line end.
    pub value: Vec<u8>,
    /// When it is written.
    pub condition: HeaderCondition,
    /// What it is.
    pub kind: HeaderKind,
}

impl Header {
    /// A field made here: `value` begins with its blank.
    pub fn generated(name: &[u8], value: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            value: value.to_vec(),
            condition: HeaderCondition::Always,
            kind: HeaderKind::empty(),
        }
    }

    /// What an H line makes, of this kind and what being its default adds.
    pub fn of_line(line: &HeaderDecl, kind: HeaderKind, value: Vec<u8>) -> Self {
        let check = match line.condition {
            HeaderCondition::Always => HeaderKind::empty(),
            _ => HeaderKind::CHECK,
        };
        let kind = kind | HeaderKind::DEFAULT | check;
        Self { name: line.name.clone(), value, condition: line.condition.clone(), kind }
    }

    /// Is it an H line's default that said nothing when the message came? What it says at delivery no queue file knows.
    pub fn said_nothing(&self) -> bool {
        let late = HeaderKind::DEFAULT.union(HeaderKind::BIND_LATE);
        self.kind.contains(late) && !HeaderKind::of(&self.name).contains(HeaderKind::BIND_LATE)
    }
}

impl Header {
    /// The condition as a queue file has it between question marks; empty where none is checked.
    pub fn condition_text(&self, names: &Names) -> Vec<u8> {
        if !self.kind.intersects(HeaderKind::CHECK.union(HeaderKind::ALWAYS_CHECK)) {
            return Vec::new();
        }
        match &self.condition {
            HeaderCondition::Always => Vec::new(),
            HeaderCondition::MailerFlags(bits) => {
                let lowest = |bits: &u128| Some(*bits).filter(|bits| *bits != 0);
                let flags = std::iter::successors(lowest(bits), |bits| lowest(&(bits & (bits - 1))));
                flags.map(|bits| bits.trailing_zeros() as u8).collect()
            }
            HeaderCondition::Macro(id) => match names.long_name(*id) {
                Some(name) => [b"${", name, b"}"].concat(),
                None => vec![b'$', id.0],
            },
        }
    }
}

/// The fields of a message in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers(pub Vec<Header>);

impl Headers {
    /// Is it a MIME message (RFC 2045, 4)?
    pub fn is_mime(&self) -> bool {
        self.has(b"mime-version")
    }

    /// Is there a field of this name?
    pub fn has(&self, name: &[u8]) -> bool {
        self.0.iter().any(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Bytes as sendmail counts them towards the size of a stored message: name, colon, value and condition, no
    /// line ends; a default that said nothing when the message came counts for nothing.
    pub fn size(&self, names: &Names) -> u64 {
        let size =
            |field: &Header| field.name.len() + 1 + field.value.len() + field.condition_text(names).len();
        self.0.iter().filter(|field| !field.said_nothing()).map(|field| size(field) as u64).sum()
    }
}
