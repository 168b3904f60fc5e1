//! The two sides of a rule, by the grammar in `grammar/rule.lalrpop`.

use super::grammars::rule;
use crate::addr::{Token, op};

/// Wildcards that can bind a `$n`.
pub const MAX_WILDCARDS: usize = 9;
/// `$@` arguments of a look-up from which on sendmail complains.
const MAX_ARGUMENTS: usize = 10;

/// What a token of a rule is to the grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// `$*`, `$+`, `$-`, `$=x`, `$~x`: only on the left.
    Wildcard(&'static str),
    /// `$1`…: the digit.
    Replace(u8),
    /// `$:`
    Default,
    /// `$@`
    Argument,
    /// `$(`
    MapBegin,
    /// `$)`
    MapEnd,
    /// `$[`
    HostBegin,
    /// `$]`
    HostEnd,
    /// Other operators that belong on the right.
    RightOnly(&'static str),
    /// Text, and operators that may stand anywhere.
    Plain,
}

impl Mark {
    fn of(token: &Token) -> Self {
        match token.first() {
            op::MATCH_ZERO_OR_MORE => Self::Wildcard("$*"),
            op::MATCH_ONE_OR_MORE => Self::Wildcard("$+"),
            op::MATCH_ONE => Self::Wildcard("$-"),
            op::MATCH_CLASS => Self::Wildcard("$="),
            op::MATCH_NOT_CLASS => Self::Wildcard("$~"),
            op::MATCH_REPLACE => Self::Replace(token.get(1).copied().unwrap_or(b'0')),
            op::CANONICAL_USER => Self::Default,
            op::CANONICAL_HOST => Self::Argument,
            op::LOOKUP_BEGIN => Self::MapBegin,
            op::LOOKUP_END => Self::MapEnd,
            op::HOST_BEGIN => Self::HostBegin,
            op::HOST_END => Self::HostEnd,
            op::CALL_SUBROUTINE => Self::RightOnly("$>"),
            op::COND_IF => Self::RightOnly("$?"),
            op::COND_FI => Self::RightOnly("$."),
            _ => Self::Plain,
        }
    }
}

/// What is wrong with a side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Finding {
    /// An operator of the other side.
    #[error("Inappropriate use of {0} on {1}")]
    Misused(&'static str, &'static str),
    /// `$n` with no wildcard to bind it.
    #[error("replacement ${} out of bounds", char::from(*.0))]
    OutOfBounds(u8),
    /// A look-up in a look-up.
    #[error("cannot nest map lookups")]
    Nested,
    /// A look-up without its end.
    #[error("missing map closing token")]
    Unclosed,
    /// More `$@` than a look-up can use.
    #[error("too many arguments for map lookup")]
    TooManyArguments,
}

/// A look-up as far as it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LookupShape {
    /// `$@` so far.
    pub arguments: usize,
}

/// What the grammar finds on a side.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Wildcards; on the right side, those of the left.
    pub wildcards: usize,
    /// Look-ups that are complete: first token, one past the last, shape.
    pub lookups: Vec<(usize, usize, LookupShape)>,
    /// What is wrong, each with the index of the token at fault.
    pub findings: Vec<(usize, Finding)>,
}

impl Found {
    /// Notes a finding.
    pub fn add(&mut self, at: usize, finding: Finding) {
        self.findings.push((at, finding));
    }

    /// Notes an operator on the wrong side.
    pub fn misused(&mut self, at: usize, operator: &'static str, side: &'static str) {
        self.add(at, Finding::Misused(operator, side));
    }

    /// Checks a `$n`.
    pub fn replacement(&mut self, at: usize, digit: u8) {
        let number = usize::from(digit.wrapping_sub(b'0'));
        if number == 0 || number > self.wildcards.min(MAX_WILDCARDS) {
            self.add(at, Finding::OutOfBounds(digit));
        }
    }

    /// Counts an argument.
    pub fn argument(&mut self, at: usize, lookup: LookupShape) -> LookupShape {
        let arguments = lookup.arguments + 1;
        if arguments >= MAX_ARGUMENTS {
            self.add(at, Finding::TooManyArguments);
        }
        LookupShape { arguments }
    }

    /// Begins a look-up inside another.
    pub fn nested(&mut self, at: usize, _outer: LookupShape) -> LookupShape {
        self.add(at, Finding::Nested);
        LookupShape::default()
    }

    /// Notes a complete look-up.
    pub fn lookup(&mut self, start: usize, end: usize, shape: LookupShape) {
        self.lookups.push((start, end, shape));
    }
}

fn marks(tokens: &[Token]) -> impl Iterator<Item = (usize, Mark, usize)> + '_ {
    tokens.iter().enumerate().map(|(at, token)| (at, Mark::of(token), at + 1))
}

/// Reads a left side.
pub fn left_side(tokens: &[Token]) -> Found {
    let mut found = Found::default();
    // the grammar accepts every sequence of marks
    let _ = rule::LeftParser::new().parse(&mut found, marks(tokens));
    found
}

/// Reads a right side; `wildcards` are those of its left side.
pub fn right_side(tokens: &[Token], wildcards: usize) -> Found {
    let mut found = Found { wildcards, ..Found::default() };
    let _ = rule::RightParser::new().parse(&mut found, marks(tokens));
    // the end of the line is where a missing end is missed
    for (at, finding) in &mut found.findings {
        if *finding == Finding::Unclosed {
            *at = tokens.len();
        }
    }
    found.findings.sort_by_key(|(at, _)| *at);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(bytes: &[&[u8]]) -> Vec<Token> {
        bytes.iter().map(|bytes| Token::new(bytes)).collect()
    }

    fn right(bytes: &[&[u8]]) -> Vec<String> {
        right_side(&tokens(bytes), 1).findings.iter().map(|(_, finding)| finding.to_string()).collect()
    }

    #[test]
    fn look_ups() {
        assert_eq!(right(&[b"\x85", b"m", b"\x951", b"\x97", b"a", b"\x98", b"d", b"\x86"]), [""; 0]);
        assert_eq!(right(&[b"\x85", b"m"]), ["missing map closing token"]);
        assert_eq!(right(&[b"\x85", b"m", b"\x9d", b"x", b"\x9e", b"\x86"]), ["cannot nest map lookups"]);
        assert_eq!(right(&[b"\x9d", b"m", b"\x86"]), ["missing map closing token"]);
        let nested = ["cannot nest map lookups", "missing map closing token"];
        assert_eq!(right(&[b"\x85", b"m", b"\x9d", b"x", b"\x86"]), nested);
        let found = right_side(&tokens(&[b"a", b"\x85", b"m", b"\x97", b"\x86"]), 0);
        assert_eq!(found.lookups, [(1, 5, LookupShape { arguments: 1 })]);
    }

    #[test]
    fn wrong_sides() {
        assert_eq!(
            right(&[b"\x90", b"\x952"]),
            ["Inappropriate use of $* on RHS", "replacement $2 out of bounds"]
        );
        let found = left_side(&tokens(&[b"\x90", b"\x951", b"\x99", b"\x97", b"\x96"]));
        assert_eq!(found.wildcards, 1);
        let texts: Vec<_> = found.findings.iter().map(|(_, finding)| finding.to_string()).collect();
        assert_eq!(texts, ["Inappropriate use of $1-$9 on LHS", "Inappropriate use of $> on LHS"]);
    }
}
