//! The kinds of bytes, frozen at the first tokenisation of a process.

/// What a byte does to the token being built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteKind {
    /// A token of its own.
    Operator,
    /// Joins its neighbours.
    Atom,
    /// Opens and closes a quoted string.
    Quote,
    /// Separates tokens and vanishes; comment marks are of this kind.
    Blank,
    /// Makes one token with the byte that follows, whatever that is.
    WithNext,
}

/// Which of the three byte tables a scan uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    /// Addresses, map results, values of `$&x`: bytes from 0x80 are atoms.
    External,
    /// Default texts, workspaces of checks, rules below level 9: 0x80–0x9f are operators.
    Internal,
    /// Rules and the test prompt from level 9, `$>+`: as `Internal`, and parentheses are operators.
    NoComment,
}

/// The byte tables of one configuration, made from its OperatorChars.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operators(Box<[[ByteKind; 256]; 3]>);

impl Operators {
    /// What an old configuration has that sets neither OperatorChars nor macro o.
    pub const DEFAULT: &'static [u8] = b".:@[]";

    /// Operators whatever OperatorChars says.
    const ALWAYS: &'static [u8] = b"()<>,;\r\n";

    /// Tables for these operator characters (macros expanded); no more than 40 bytes count.
    pub fn new(operator_chars: &[u8]) -> Self {
        let chars = &operator_chars[..operator_chars.len().min(40)];
        let table = |table| {
            let mut kinds: [ByteKind; 256] = std::array::from_fn(|byte| base_kind(table, byte as u8));
            for &byte in chars.iter().chain(Self::ALWAYS) {
                // quotes, blanks and comment marks keep their kind
                if kinds[byte as usize] == ByteKind::Atom {
                    kinds[byte as usize] = ByteKind::Operator;
                }
            }
            kinds
        };
        Self(Box::new([table(Table::External), table(Table::Internal), table(Table::NoComment)]))
    }

    /// The kinds of all bytes in a table.
    pub fn kinds(&self, table: Table) -> &[ByteKind; 256] {
        &self.0[table as usize]
    }

    /// Is a token beginning with this byte one that needs a separator from its like?
    pub fn is_atom(&self, first: u8) -> bool {
        self.kinds(Table::Internal)[first as usize] == ByteKind::Atom
    }
}

impl Default for Operators {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

fn base_kind(table: Table, byte: u8) -> ByteKind {
    match (table, byte) {
        (_, b'\t'..=b'\r' | b' ') => ByteKind::Blank,
        (_, b'"') => ByteKind::Quote,
        (Table::NoComment, b'(' | b')') => ByteKind::Operator,
        (_, b'(' | b')') => ByteKind::Blank,
        (Table::External, _) => ByteKind::Atom,
        (_, 0x82 | 0x93..=0x95 | 0xff) => ByteKind::WithNext,
        (_, 0x80..=0x9f) => ByteKind::Operator,
        _ => ByteKind::Atom,
    }
}
