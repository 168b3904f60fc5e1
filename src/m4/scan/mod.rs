//! A look at the text of a .mc as its author meant it: which macros it calls, and what is written so
//! that m4 takes it for something else.
//!
//! This is no expansion. It knows quotes, `dnl` and, until cf.m4 switches them off, `#` comments; and it
//! goes on after a slip where the author would go on, so that one slip does not hide the next.
//!
//! `scanner` reads what stands outside of calls, `arguments` what stands in them, `open` looks for what was
//! never closed.

mod arguments;
mod open;
mod scanner;

use super::quotes::Odd;
use scanner::Scanner;

pub(super) use open::{open_call, open_quote};

/// One argument of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Argument {
    /// Where it begins, after white space.
    pub(super) at: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Its text without the outermost quotes.
    pub(super) text: String,
    /// Was it quoted (in whatever way)?
    pub(super) quoted: bool,
    /// Insides of its quoted parts: one where it is quoted, more where quoted texts follow each other.
    pub(super) parts: Vec<(usize, usize)>,
}

/// How much a call counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// m4 calls it.
    Called,
    /// m4 may call it: it stands in an argument of `ifdef` or `ifelse`.
    Conditional,
    /// m4 calls it, but something like `dnl` stands before it.
    Doubtful,
    /// It stands behind a `dnl`.
    Comment,
}

/// A call written in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    pub(super) name: String,
    /// Nothing for a bare word.
    pub(super) arguments: Option<Vec<Argument>>,
    pub(super) at: usize,
    /// After its last byte.
    pub(super) end: usize,
    /// Only white space stands before it on its line.
    pub(super) first: bool,
    pub(super) standing: Standing,
    /// White space between the name and its parenthesis, which m4 takes for the end of the call.
    pub(super) gap: Option<(usize, usize)>,
    /// Its quotes are not m4's.
    pub(super) misquoted: bool,
    /// It is a macro (and not only a word with a parenthesis).
    pub(super) known: bool,
}

impl Written {
    /// The text of an argument, from 0; empty where there is none.
    pub(super) fn text(&self, index: usize) -> &str {
        let arguments = self.arguments.as_deref().unwrap_or_default();
        arguments.get(index).map_or("", |argument| argument.text.as_str())
    }

    /// Does m4 read it, come what may?
    pub(super) fn called(&self) -> bool {
        matches!(self.standing, Standing::Called | Standing::Doubtful)
    }
}

/// Something that m4 does not take for what it was meant to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Slip {
    /// Quotes of one call: offset, length, what kind, and whether it opens.
    Misquote { quotes: Vec<(usize, usize, Odd, bool)>, comment: bool },
    /// A quoted text is not closed where it should be: where it begins, and where it may be meant to end.
    Unclosed { at: usize, close: usize },
    /// An apostrophe inside a quoted text closed it.
    Apostrophe { at: usize },
    /// Arguments that go on over the next call: the call, and where they may be meant to end.
    OpenCall { at: usize, close: usize },
    /// Something like `dnl` after a call.
    NotDnlAfter { at: usize, end: usize },
    /// Something like `dnl` before text that is plainly a comment.
    NotDnlComment { at: usize, end: usize },
    /// Something like `dnl` before a call.
    NotDnlBefore { at: usize, end: usize },
}

/// Text that goes into the cf as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Plain {
    pub(super) at: usize,
    /// Where the line, or what of it m4 keeps, ends.
    pub(super) end: usize,
    /// Nothing stands before it on its line.
    pub(super) first: bool,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Survey {
    /// Where each line begins.
    lines: Vec<usize>,
    pub(super) calls: Vec<Written>,
    pub(super) slips: Vec<Slip>,
    pub(super) plain: Vec<Plain>,
    /// Words in which a `dnl` sticks: offset and end.
    pub(super) glued: Vec<(usize, usize)>,
    /// The text ends in a `dnl` without a newline.
    pub(super) ends_in_dnl: bool,
}

impl Survey {
    /// Line and column, both from 1, of an offset.
    pub(super) fn place(&self, at: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let column = at - self.lines.get(line - 1).copied().unwrap_or(0) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(0))
    }

    /// Calls that m4 makes, by name.
    pub(super) fn called<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Written> {
        self.calls.iter().filter(move |call| call.called() && call.name == name)
    }
}

/// The whole text; `comments` tells whether `#` begins a comment at first.
pub(super) fn survey(text: &[u8], comments: bool, is_macro: &dyn Fn(&[u8]) -> bool) -> Survey {
    Scanner::new(text, comments, is_macro).whole()
}

/// `include(`…/m4/cf.m4')` somewhere in the text.
pub(super) fn includes_library(text: &[u8]) -> bool {
    if memchr::memmem::find(text, b"m4/cf.m4").is_none() {
        return false;
    }
    let survey = survey(text, true, &|word| matches!(word, b"include" | b"sinclude"));
    survey.calls.iter().any(|call| call.called() && is_library_entry(call))
}

/// `include(`…/m4/cf.m4')`.
pub(super) fn is_library_entry(call: &Written) -> bool {
    matches!(call.name.as_str(), "include" | "sinclude") && call.text(0).trim_end().ends_with("m4/cf.m4")
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::m4::vocabulary::is_statement;

    fn seen(text: &str) -> Survey {
        survey(text.as_bytes(), false, &|word| {
            is_statement(&String::from_utf8_lossy(word)) || matches!(word, b"divert" | b"ifdef" | b"include")
        })
    }

    fn names(survey: &Survey) -> Vec<(&str, (u32, u32))> {
        survey.calls.iter().map(|call| (call.name.as_str(), survey.place(call.at))).collect()
    }

    #[test]
    fn outermost_calls() {
        let text = "divert(-1)\nit's (nothing\ndivert(0)dnl it's\n  FEATURE(`a b', c)dnl\nMAILER(smtp)\n";
        let found = seen(text);
        assert_eq!(
            names(&found),
            [("divert", (1, 1)), ("divert", (3, 1)), ("FEATURE", (4, 3)), ("MAILER", (5, 1))]
        );
        assert_eq!((found.calls[2].text(0), found.calls[2].text(1)), ("a b", "c"));
        assert_eq!(found.slips, []);
    }

    #[test]
    fn straight_quotes_hold_their_commas() {
        let found = seen("define('confX', 'a,b')dn1\nMAILER(`smtp')\n");
        assert_eq!(found.calls[0].text(1), "a,b");
        assert!(found.calls[0].misquoted);
        assert!(matches!(found.slips[1], Slip::NotDnlAfter { at: 22, end: 25 }), "{:?}", found.slips);
        assert_eq!(found.calls.len(), 2);
    }

    #[test]
    fn slips_do_not_hide_what_follows() {
        let found = seen("define(`a', `b)dnl\ndefine(`c', `d`)\nFEATURE(`e'\nMAILER(`smtp')\n");
        assert_eq!(found.calls.len(), 4, "{:?}", found.calls);
        assert_eq!(found.slips.len(), 3, "{:?}", found.slips);
    }

    #[test]
    fn two_quoted_texts_are_one_argument() {
        let found = seen("ifdef(`a', `FEATURE(`x')' `MAILER(`y')')\ndefine(`c', `d' -a `e')\n");
        assert_eq!(found.slips, []);
        assert_eq!(
            found.calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(),
            ["ifdef", "FEATURE", "MAILER", "define"]
        );
        assert_eq!(found.calls[3].text(1), "`d' -a `e'");
    }

    #[test]
    fn where_it_opened() {
        assert_eq!(open_quote(b"a\ndefine(`x', `y)\n", 2), 13);
        assert_eq!(open_call(b"define(`x', `y'\n", 1), 1);
    }
}
