//! One side of a rule: its text, cut into tokens when somebody asks for them.
//!
//! A configuration has thousands of rules, and a run often needs a few of them. What is to be said
//! about a rule while the cf is read can be seen in its text, unless quotes or backslashes stand in it.

use crate::addr::{META_QUOTE, Operators, Table, Token, op, prescan};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A text that is longer is scanned at once: the scanner might complain of it.
const LONGEST: usize = 256;

/// A pattern or a replacement; a list of tokens to all who look at it.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Macros expanded; empty where the tokens were given.
    text: Box<[u8]>,
    operators: Option<Arc<Operators>>,
    tokens: OnceLock<Vec<Token>>,
}

/// What the text of a side shows without being cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Glance {
    /// A side in order, with so many wildcards.
    Fine(usize),
    /// To be looked at token by token.
    Unclear,
}

impl Side {
    /// A text of level 9 or later at which [`glance`](Self::glance) has found nothing wrong.
    pub(super) fn of_text(text: &[u8], operators: &Arc<Operators>) -> Self {
        Self { text: text.into(), operators: Some(operators.clone()), tokens: OnceLock::new() }
    }

    /// Can this be a side that the scanner takes without a word? Then its wildcards are counted, and what
    /// does not belong on that side makes it unclear.
    pub(super) fn glance(text: &[u8], left: bool, wildcards: usize) -> Glance {
        let plain = |byte: &u8| !matches!(*byte, b'"' | b'\\' | b'\t' | META_QUOTE);
        if text.len() > LONGEST || !text.iter().all(plain) || text.iter().all(crate::addr::is_space) {
            return Glance::Unclear;
        }
        let mut glancer = Glancer { left, bound: wildcards, wildcards: 0, lookup: None };
        let mut bytes = text.iter().copied();
        while let Some(byte) = bytes.next() {
            if !byte.is_ascii() && !glancer.pass(byte, &mut bytes) {
                return Glance::Unclear;
            }
        }
        if glancer.lookup.is_some() { Glance::Unclear } else { Glance::Fine(glancer.wildcards) }
    }
}

/// The operators of a side as they pass by.
struct Glancer {
    left: bool,
    /// Wildcards of the other side, for the right one.
    bound: usize,
    wildcards: usize,
    /// What ends the look-up that is open, and its arguments so far.
    lookup: Option<(u8, usize)>,
}

impl Glancer {
    /// False for what needs a closer look.
    fn pass(&mut self, byte: u8, rest: &mut impl Iterator<Item = u8>) -> bool {
        match byte {
            op::MATCH_ZERO_OR_MORE | op::MATCH_ONE_OR_MORE | op::MATCH_ONE => self.wildcards += 1,
            op::MATCH_CLASS | op::MATCH_NOT_CLASS => {
                self.wildcards += 1;
                return self.left && rest.next().is_some();
            }
            op::MACRO_DEFER => return rest.next().is_some(),
            op::MACRO_EXPAND | op::COND_IF | op::COND_FI => return false,
            op::MATCH_REPLACE => {
                let digit = rest.next().map(|digit| usize::from(digit.wrapping_sub(b'0')));
                return !self.left && digit.is_some_and(|digit| digit > 0 && digit <= self.bound);
            }
            op::CANONICAL_HOST => {
                if let Some((_, arguments)) = &mut self.lookup {
                    *arguments += 1;
                    return *arguments < 9;
                }
            }
            op::LOOKUP_BEGIN | op::HOST_BEGIN => {
                let end = if byte == op::HOST_BEGIN { op::HOST_END } else { op::LOOKUP_END };
                return !self.left && self.lookup.replace((end, 0)).is_none();
            }
            op::LOOKUP_END | op::HOST_END => {
                if self.left || self.lookup.is_some_and(|(end, _)| end != byte) {
                    return false;
                }
                self.lookup = None;
            }
            op::CANONICAL_USER | op::CALL_SUBROUTINE => return !self.left,
            _ => {}
        }
        self.left || self.wildcards == 0
    }
}

impl Deref for Side {
    type Target = [Token];
    fn deref(&self) -> &[Token] {
        self.tokens.get_or_init(|| match &self.operators {
            Some(operators) => prescan(operators, &self.text, b'\t', Table::NoComment, true).tokens,
            None => Vec::new(),
        })
    }
}

impl From<Vec<Token>> for Side {
    fn from(tokens: Vec<Token>) -> Self {
        Self { text: Box::default(), operators: None, tokens: OnceLock::from(tokens) }
    }
}

impl<'a> IntoIterator for &'a Side {
    type Item = &'a Token;
    type IntoIter = std::slice::Iter<'a, Token>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_sees_what_is_in_order() {
        assert_eq!(Side::glance(b"\x90 < @ \x93w . >", true, 0), Glance::Fine(2));
        assert_eq!(Side::glance(b"\x98 \x951 \x85 map \x952 \x97 a \x98 b \x86", false, 2), Glance::Fine(0));
    }

    #[test]
    fn what_needs_a_closer_look() {
        let left: [&[u8]; 8] =
            [b"", b" ", b"a \"b\"", b"\x951", b"\x98", b"\x85 m \x86", b"\x93", b"\x9a x \x9c"];
        let right: [&[u8]; 6] = [b"\x953", b"\x90", b"\x85 m k", b"\x85 m \x85", b"\x9d x \x86", b"\\x"];
        assert!(left.iter().all(|text| Side::glance(text, true, 0) == Glance::Unclear));
        assert!(right.iter().all(|text| Side::glance(text, false, 2) == Glance::Unclear));
    }

    #[test]
    fn tokens_are_the_scanners() {
        let operators = Arc::new(Operators::default());
        let side = Side::of_text(b"\x90 <@ \x93w.>(x)", &operators);
        let whole = prescan(&operators, b"\x90 <@ \x93w.>(x)", b'\t', Table::NoComment, true);
        assert_eq!(&side[..], &whole.tokens[..]);
    }
}
