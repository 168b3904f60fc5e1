//! Addresses as the rules see them: bytes cut into tokens.
//!
//! In: address text, as bytes. Out: tokens, and text joined from tokens again.
//! Never here: rules, look-ups, I/O.
//!
//! The internal alphabet is sendmail's: operators of the rule language are single bytes
//! 0x80–0x9f, and [`META_QUOTE`] makes the next byte plain data. Text from outside may hold such bytes, too: no
//! stranger may call a ruleset with them, so it is quoted ([`quote_internal`]) before it is cut.

mod crack;
mod expand;
mod fold;
mod join;
mod list;
mod one_line;
mod operators;
mod outside;
mod prescan;
mod seven_bits;
mod token;
mod token_buffer;
mod without_brackets;
mod without_quotes;
mod without_route;

pub use crack::{CrackRules, Cracked, crackaddr};
pub use expand::{Expansion, MAX_TEXT, TOO_DEEP, expand, expand_settled, expand_with};
pub use fold::with_folded;
pub use join::{cataddr, cataddr_into};
pub use list::{bare_bytes, split_list};
pub use one_line::{ends_line, one_line};
pub use operators::{ByteKind, Operators, Table};
pub use outside::{dequote_internal, quote_internal};
pub use prescan::{prescan, prescan_rule};
pub use seven_bits::seven_bits;
pub use token::Token;
pub use token_buffer::{Scan, ScanProblem, TokenBuffer};
pub use without_brackets::without_brackets;
pub use without_quotes::without_quotes;
pub use without_route::without_route;

/// Cuts the middle out of a long text.
pub fn shorten(text: &[u8], most: usize) -> Vec<u8> {
    if text.len() < most {
        return text.to_vec();
    }
    let half = (most - 3) / 2;
    [&text[..half], b"...", &text[text.len() - half..]].concat()
}

/// `$x` in a text file becomes the macro operator of the internal alphabet.
pub fn dollars(line: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len());
    let mut rest = line.iter();
    while let Some(byte) = rest.next() {
        match (byte, rest.as_slice().first()) {
            (b'$', Some(b'$')) => {
                text.push(b'$');
                rest.next();
            }
            (b'$', Some(_)) => text.push(op::MACRO_EXPAND),
            _ => text.push(*byte),
        }
    }
    text
}

/// Bytes of an address in a message.
pub const MAX_SHOWN: usize = 203;

/// Without the blanks at its beginning.
pub fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_space(byte)).count()..]
}

/// Without the blanks at its end.
pub fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.len() - text.iter().rev().take_while(|byte| is_space(byte)).count()]
}

/// C's isspace: the vertical tab counts, too.
pub fn is_space(byte: &u8) -> bool {
    matches!(*byte, b' ' | b'\t'..=b'\r')
}

/// The byte that makes the next byte plain data.
pub const META_QUOTE: u8 = 0xff;

/// One-byte names of macros and classes. Single characters are their own id; long names get ids
/// from 0xa0 upwards in the order of their first appearance (`config::Names`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct MacroId(pub u8);

/// The operator bytes (octal in sendmail's documentation, here hexadecimal).
pub mod op {
    /// `$x`, followed by a macro id.
    pub const MACRO_EXPAND: u8 = 0x81;
    /// `$&x`, followed by a macro id.
    pub const MACRO_DEFER: u8 = 0x82;
    /// `$(`
    pub const LOOKUP_BEGIN: u8 = 0x85;
    /// `$)`
    pub const LOOKUP_END: u8 = 0x86;
    /// `$*`
    pub const MATCH_ZERO_OR_MORE: u8 = 0x90;
    /// `$+`
    pub const MATCH_ONE_OR_MORE: u8 = 0x91;
    /// `$-`
    pub const MATCH_ONE: u8 = 0x92;
    /// `$=x`, followed by a class id.
    pub const MATCH_CLASS: u8 = 0x93;
    /// `$~x`, followed by a class id.
    pub const MATCH_NOT_CLASS: u8 = 0x94;
    /// `$1`…`$9`, followed by the digit.
    pub const MATCH_REPLACE: u8 = 0x95;
    /// `$#`
    pub const CANONICAL_NET: u8 = 0x96;
    /// `$@`
    pub const CANONICAL_HOST: u8 = 0x97;
    /// `$:`
    pub const CANONICAL_USER: u8 = 0x98;
    /// `$>`
    pub const CALL_SUBROUTINE: u8 = 0x99;
    /// `$?`
    pub const COND_IF: u8 = 0x9a;
    /// `$|`
    pub const COND_ELSE: u8 = 0x9b;
    /// `$.`
    pub const COND_FI: u8 = 0x9c;
    /// `$[`
    pub const HOST_BEGIN: u8 = 0x9d;
    /// `$]`
    pub const HOST_END: u8 = 0x9e;
}
