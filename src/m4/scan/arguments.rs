//! Inside of calls: arguments, and where they were meant to end.

use super::scanner::Scanner;
use super::{Argument, Slip, Standing, is_word};
use crate::m4::quotes::{self, Odd};
use crate::m4::vocabulary::is_statement;

/// Reads the arguments of one call, from after its parenthesis.
pub(super) struct Arguments<'s, 'a> {
    scanner: &'s mut Scanner<'a>,
    name: &'s str,
    /// Where the argument in hand begins.
    start: usize,
    parentheses: u32,
    /// End of the last quoted part of the argument in hand.
    closed: Option<usize>,
    /// Inside of the quotes that are all of the argument in hand.
    whole: Option<(usize, usize)>,
    /// Insides of its quoted parts.
    parts: Vec<(usize, usize)>,
    pub(super) list: Vec<Argument>,
    pub(super) quotes: Vec<(usize, usize, Odd, bool)>,
}

impl<'s, 'a> Arguments<'s, 'a> {
    pub(super) fn new(scanner: &'s mut Scanner<'a>, name: &'s str) -> Self {
        let start = scanner.at;
        Self {
            scanner,
            name,
            start,
            parentheses: 0,
            closed: None,
            whole: None,
            parts: Vec::new(),
            list: Vec::new(),
            quotes: Vec::new(),
        }
    }

    /// False if they never end, or seem not to.
    pub(super) fn read(&mut self) -> bool {
        if !self.begin() {
            return false;
        }
        while let Some(byte) = self.scanner.peek() {
            match byte {
                b'`' => {
                    let at = self.scanner.at;
                    if !self.quoted(at) {
                        return false;
                    }
                }
                b'\'' if self.parentheses == 0 => self.stray(),
                b'#' if self.scanner.comments => self.scanner.at = self.scanner.line_end(self.scanner.at),
                b'(' => (self.parentheses += 1, self.scanner.at += 1).1,
                b')' if self.parentheses == 0 => {
                    self.finish();
                    self.scanner.at += 1;
                    return true;
                }
                b')' => (self.parentheses -= 1, self.scanner.at += 1).1,
                b',' if self.parentheses == 0 => {
                    self.finish();
                    self.scanner.at += 1;
                    if !self.begin() {
                        return false;
                    }
                }
                b'\n' if self.next_statement() => {
                    self.finish();
                    return false;
                }
                _ if is_word(byte) => {
                    let word = self.scanner.word();
                    if word == b"dnl" {
                        self.scanner.at = self.scanner.line_end(self.scanner.at);
                    }
                }
                _ => self.scanner.at += 1,
            }
        }
        self.finish();
        false
    }

    /// At the beginning of an argument: white space, and quotes that are none for m4.
    fn begin(&mut self) -> bool {
        let scanner = &mut *self.scanner;
        while scanner.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            scanner.at += 1;
        }
        self.start = scanner.at;
        self.closed = None;
        self.whole = None;
        self.parts.clear();
        let line_end = scanner.line_end(scanner.at);
        let text = &scanner.text[..line_end];
        let names = is_statement(self.name);
        if let Some(odd) = quotes::misquoted(text, scanner.at, names) {
            let inside = (odd[0].0 + odd[0].1, odd[1].0);
            scanner.at = odd[1].0 + odd[1].1;
            self.quotes.extend(odd);
            let end = scanner.at;
            self.part(self.start, inside, end);
        }
        true
    }

    /// An opening quote. False if it is never closed.
    fn quoted(&mut self, at: usize) -> bool {
        let scanner = &mut *self.scanner;
        let line_end = scanner.line_end(at);
        let after = quotes::closing(scanner.text, at, scanner.end);
        let here = after.filter(|after| *after <= line_end);
        if here.is_none() {
            let text = &scanner.text[..line_end];
            let runs_on = after.is_none_or(|after| runs_on(scanner.text, at, after, scanner.end));
            if let Some((close, length, odd)) = quotes::bad_closing(text, at, runs_on) {
                self.quotes.push((close, length, odd, false));
                scanner.at = close + length;
                self.part(at, (at + 1, close), close + length);
                return true;
            }
            if runs_on {
                let rest = &scanner.text[at..line_end];
                let close = memchr::memrchr(b')', rest).map_or(line_end, |found| at + found);
                if scanner.standing != Standing::Comment {
                    scanner.found.slips.push(Slip::Unclosed { at, close });
                }
                scanner.at = close;
                self.part(at, (at + 1, close), close);
                return true;
            }
        }
        let end = after.unwrap_or(line_end);
        scanner.at = end;
        self.part(at, (at + 1, end - 1), end);
        true
    }

    /// A quoted part was read: where it opens, its inside, and where it ends. With a second one the first is
    /// no longer all of the argument (`'a' 'b'` is one argument of two parts).
    fn part(&mut self, at: usize, inside: (usize, usize), end: usize) {
        self.whole = Some(inside).filter(|_| at == self.start);
        self.parts.push(inside);
        self.closed = Some(end);
    }

    /// A `'` that closes nothing.
    fn stray(&mut self) {
        let at = self.closed.map_or(self.scanner.at, |closed| closed - 1);
        let last = self.scanner.found.slips.last();
        let told = matches!(last, Some(Slip::Apostrophe { at: last }) if *last == at);
        if !told && self.closed.is_some() && self.scanner.standing != Standing::Comment {
            self.scanner.found.slips.push(Slip::Apostrophe { at });
        }
        self.scanner.at += 1;
    }

    fn finish(&mut self) {
        let (text, end) = (self.scanner.text, self.scanner.at);
        let trimmed = self.start + text[self.start..end].trim_ascii_end().len();
        let whole = self.whole.filter(|_| self.closed == Some(trimmed));
        let shown = match whole {
            Some((from, to)) => String::from_utf8_lossy(&text[from..to]).into_owned(),
            None => String::from_utf8_lossy(&text[self.start..trimmed]).into_owned(),
        };
        let (at, quoted, parts) = (self.start, whole.is_some(), std::mem::take(&mut self.parts));
        self.list.push(Argument { at, end: trimmed, text: shown, quoted, parts });
    }

    /// The next line begins with a statement although this one has not ended.
    fn next_statement(&self) -> bool {
        let at = self.scanner.at + 1;
        is_statement(self.name) && at < self.scanner.end && self.scanner.begins_call(at, self.scanner.end)
    }
}

/// A quoted text that is closed only by an apostrophe in some later word.
fn runs_on(text: &[u8], at: usize, after: usize, end: usize) -> bool {
    let follows = text[..end].get(after).copied();
    let apostrophe =
        follows.is_some_and(is_word) && text.get(after.wrapping_sub(2)).is_some_and(|b| is_word(*b));
    apostrophe && text[at..after].contains(&b'\n')
}
