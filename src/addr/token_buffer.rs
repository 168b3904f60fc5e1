//! What a scan gives: tokens one after another in one text, and what was wrong.

use super::Token;
use super::outside::has_internal;
use crate::schema::{EnhancedStatus, Reply};

/// What a scan gives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// The tokens; none means no result (the caller has nothing to rewrite).
    pub tokens: Vec<Token>,
    /// Index of the delimiter that ended the scan; the text's length if none did.
    pub rest: usize,
    /// What was wrong with the text, in order. Tokens may be usable all the same.
    pub problems: Vec<ScanProblem>,
}

/// A complaint of the scanner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanProblem {
    /// A quote, `(` or `<` without its partner (one was supplied), or `)`, `>` without (dropped).
    Unbalanced(u8),
    /// More text than fits; no tokens.
    AddressTooLong,
    /// More than 1000 tokens; no tokens are given.
    TooManyTokens,
    /// A token over 256 bytes; no tokens are given.
    TokenTooLong,
}

impl ScanProblem {
    /// Does the scan end without a result?
    pub fn is_fatal(self) -> bool {
        !matches!(self, Self::Unbalanced(_))
    }

    /// The complaint as it is answered.
    pub fn reply(self) -> Reply {
        // for the longest texts sendmail has another status than for their parts
        let (detail, text) = match self {
            Self::Unbalanced(mark) => {
                return Reply::new(553, None, [b"Unbalanced '", &[mark][..], b"'"].concat());
            }
            Self::AddressTooLong => (1, "Address too long"),
            Self::TooManyTokens => (0, "prescan: too many tokens"),
            Self::TokenTooLong => (0, "prescan: token too long"),
        };
        Reply::new(553, Some(EnhancedStatus(5, 1, detail)), text)
    }
}

/// A scan whose memory is used again: the tokens lie one after another in one text.
#[derive(Clone, Debug, Default)]
pub struct TokenBuffer {
    /// The bytes of all tokens.
    pub text: Vec<u8>,
    /// Where each token ends in `text`.
    pub ends: Vec<u32>,
    /// As in [`Scan`].
    pub rest: usize,
    /// As in [`Scan`].
    pub problems: Vec<ScanProblem>,
    /// How many tokens each problem was found after.
    pub found_after: Vec<usize>,
    /// Where each token ended of a scan without a result, for traces.
    pub(super) lost: Vec<u32>,
}

impl TokenBuffer {
    /// Holds tokens that somebody else has cut.
    pub fn take(&mut self, tokens: &[Token]) {
        *self = Self { rest: self.rest, ..Self::default() };
        for token in tokens {
            self.text.extend_from_slice(token);
            self.ends.push(self.text.len() as u32);
        }
    }

    /// Makes letters of the bytes that would be operators in a text from outside, cut by [`Table::External`].
    pub fn quote_internal(&mut self) {
        if !has_internal(&self.text) {
            return;
        }
        let (mut text, mut begin) = (Vec::with_capacity(self.text.len() + 8), 0);
        for end in &mut self.ends {
            text.extend_from_slice(&super::quote_internal(&self.text[begin..*end as usize]));
            begin = *end as usize;
            *end = text.len() as u32;
        }
        self.text = text;
    }

    /// The tokens' bytes.
    pub fn tokens(&self) -> impl Iterator<Item = &[u8]> {
        self.split(&self.ends)
    }

    /// The tokens that were cut, even if the scan has no result.
    pub fn tokens_met(&self) -> impl Iterator<Item = &[u8]> {
        self.split(if self.lost.is_empty() { &self.ends } else { &self.lost })
    }

    fn split<'s>(&'s self, ends: &'s [u32]) -> impl Iterator<Item = &'s [u8]> {
        let mut begin = 0;
        ends.iter().map(move |end| {
            let token = &self.text[begin..*end as usize];
            begin = *end as usize;
            token
        })
    }
}
