//! A look at the text of a .mc as its author meant it: which macros it calls, and what is written so
//! that m4 takes it for something else.
//!
//! This is no expansion. It knows quotes, `dnl` and, until cf.m4 switches them off, `#` comments; and it
//! goes on after a slip where the author would go on, so that one slip does not hide the next.

use super::lint::is_statement;
use super::quotes::{self, Odd};

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

/// Words in place of `dnl`, as fingers, scanners and other typesetting leave them.
const NOT_DNL: &[&str] = &["dn1", "dnI", "dln", "dnL", "DNL", "Dnl", "dnll", "ndl", "d1n"];

/// Calls inside calls that are followed.
const MAX_DEPTH: u32 = 16;

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
    comments: bool,
    depth: u32,
    standing: Standing,
    is_macro: &'a dyn Fn(&[u8]) -> bool,
    /// Where the line begins.
    line: usize,
    /// Where text that goes into the cf begins on this line.
    plain: Option<usize>,
    /// Where the last call on this line ended.
    call_end: Option<usize>,
    found: Survey,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The whole text; `comments` tells whether `#` begins a comment at first.
pub(super) fn survey(text: &[u8], comments: bool, is_macro: &dyn Fn(&[u8]) -> bool) -> Survey {
    let mut lines = vec![0];
    lines.extend(memchr::memchr_iter(b'\n', text).map(|at| at + 1));
    let mut scanner = Scanner {
        text,
        at: 0,
        end: text.len(),
        comments,
        depth: 0,
        standing: Standing::Called,
        is_macro,
        line: 0,
        plain: None,
        call_end: None,
        found: Survey { lines, ..Survey::default() },
    };
    scanner.region();
    scanner.found
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

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text[..self.end].get(self.at).copied()
    }

    fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.text[from..self.end]).map_or(self.end, |found| from + found)
    }

    fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        let rest = &self.text[start..self.end];
        self.at += rest.iter().take_while(|byte| is_word(**byte)).count();
        &self.text[start..self.at]
    }

    /// Everything from here to `end`, at the outermost level.
    fn region(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.end_line(self.at);
                    self.at += 1;
                    self.line = self.at;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'`' => {
                    self.plain_text();
                    self.outer_quote();
                }
                b'#' if self.comments => self.at = self.line_end(self.at),
                _ if byte.is_ascii_alphabetic() || byte == b'_' => self.outer_word(),
                _ => {
                    self.plain_text();
                    self.at += 1;
                }
            }
        }
        self.end_line(self.at);
    }

    fn plain_text(&mut self) {
        self.plain.get_or_insert(self.at);
    }

    fn end_line(&mut self, end: usize) {
        if let Some(at) = self.plain.take()
            && self.depth == 0
        {
            let line = self.found.lines.partition_point(|start| *start <= at).saturating_sub(1);
            let start = self.found.lines.get(line).map_or(at, |start| (*start).min(at));
            let first = self.text[start..at].iter().all(|byte| is_blank(*byte));
            self.found.plain.push(Plain { at, end, first });
        }
        self.call_end = None;
    }

    fn outer_quote(&mut self) {
        let start = self.at;
        match quotes::closing(self.text, start, self.end) {
            Some(after) => {
                self.at = after;
                if let Some(newline) = memchr::memrchr(b'\n', &self.text[start..after]) {
                    self.end_line(start);
                    self.line = start + newline + 1;
                }
            }
            None => {
                let close = self.line_end(start);
                self.found.slips.push(Slip::Unclosed { at: start, close });
                self.at = close;
            }
        }
    }

    fn first(&self, start: usize) -> bool {
        self.text[self.line.min(start)..start].iter().all(|byte| is_blank(*byte))
    }

    fn outer_word(&mut self) {
        let start = self.at;
        let word = self.word();
        if word == b"dnl" {
            return self.comment(start);
        }
        let is_macro = (self.is_macro)(word);
        let name = String::from_utf8_lossy(word);
        if !is_macro && NOT_DNL.contains(&&*name) && self.not_dnl(start) {
            return;
        }
        let first = self.first(start);
        let glued = !is_macro && word.len() > 3 && (word.starts_with(b"dnl") || word.ends_with(b"dnl"));
        if glued {
            self.found.glued.push((start, self.at));
        } else if self.peek() == Some(b'(') {
            if is_macro || (first && !name.starts_with(['R', 'K', 'H']) || is_statement(&name)) {
                return self.call(start, name.into_owned(), None, is_macro);
            }
        } else if is_macro
            && first
            && let Some(gap) = self.gap(&name)
        {
            return self.call(start, name.into_owned(), Some(gap), true);
        } else if is_macro && is_statement(&name) && name != "define" {
            self.call_end = Some(self.at);
            let (end, standing) = (self.at, self.standing);
            let call = Written {
                name: name.into_owned(),
                arguments: None,
                at: start,
                end,
                first,
                standing,
                gap: None,
                misquoted: false,
                known: true,
            };
            self.found.calls.push(call);
            return;
        }
        self.plain.get_or_insert(start);
    }

    /// Blanks and a parenthesis after the name of a macro: as if the arguments were to follow.
    fn gap(&self, name: &str) -> Option<(usize, usize)> {
        let blanks = self.text[self.at..self.end].iter().take_while(|byte| is_blank(**byte)).count();
        let after = self.at + blanks;
        let argument = *self.text[..self.end].get(after + 1)?;
        let looks = argument == b'`' || argument == b'\'' || is_statement(name);
        (blanks > 0 && self.text[after] == b'(' && looks).then_some((self.at, after))
    }

    /// After `dnl`: the rest of the line is a comment, which may hold a call that was switched off.
    fn comment(&mut self, start: usize) {
        let begins = self.at;
        self.end_line(start);
        let end = self.line_end(begins);
        if end == self.text.len() && self.end == self.text.len() {
            self.found.ends_in_dnl = true;
        }
        let blanks = self.text[begins..end].iter().take_while(|byte| is_blank(**byte)).count();
        self.at = begins + blanks;
        if self.begins_call(self.at, end) {
            let whole = std::mem::replace(&mut self.end, end);
            let standing = std::mem::replace(&mut self.standing, Standing::Comment);
            let at = self.at;
            let name = String::from_utf8_lossy(self.word()).into_owned();
            self.call(at, name, None, true);
            self.end = whole;
            self.standing = standing;
        }
        self.at = (end + 1).min(self.end);
        self.line = self.at;
        self.call_end = None;
    }

    /// Does a statement with its parenthesis (or one that needs none) begin here?
    fn begins_call(&self, at: usize, end: usize) -> bool {
        let rest = &self.text[at..end];
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        let name = std::str::from_utf8(&rest[..length]).unwrap_or("");
        is_statement(name) && rest.get(length) == Some(&b'(')
    }

    /// A word that looks like `dnl` was read. Did it stand where `dnl` stands?
    fn not_dnl(&mut self, start: usize) -> bool {
        let end = self.at;
        let line_end = self.line_end(end);
        if self.call_end == Some(start) {
            self.found.slips.push(Slip::NotDnlAfter { at: start, end });
        } else if !self.first(start) {
            return false;
        } else {
            let blanks = self.text[end..line_end].iter().take_while(|byte| is_blank(**byte)).count();
            if self.begins_call(end + blanks, line_end) {
                self.found.slips.push(Slip::NotDnlBefore { at: start, end });
                self.at = end + blanks;
                let at = self.at;
                let name = String::from_utf8_lossy(self.word()).into_owned();
                let standing = std::mem::replace(&mut self.standing, Standing::Doubtful);
                self.call(at, name, None, true);
                self.standing = standing;
                return true;
            }
            self.found.slips.push(Slip::NotDnlComment { at: start, end });
        }
        self.end_line(start);
        self.at = (line_end + 1).min(self.end);
        self.line = self.at;
        true
    }

    /// A name was read and its arguments follow.
    fn call(&mut self, start: usize, name: String, gap: Option<(usize, usize)>, known: bool) {
        let first = self.first(start);
        self.at = gap.map_or(self.at, |gap| gap.1) + 1;
        let from = self.at;
        // Parentheses of a word that is no macro bind nothing.
        let end = if known { self.end } else { self.line_end(start) };
        let whole = std::mem::replace(&mut self.end, end);
        let mut reader = Arguments::new(self, &name);
        let complete = reader.read();
        let Arguments { list, quotes: odd, .. } = reader;
        self.end = whole;
        if !known && !complete {
            self.at = from;
            self.plain.get_or_insert(start);
            return;
        }
        let misquoted = !odd.is_empty();
        if misquoted {
            let comment = self.standing == Standing::Comment;
            self.found.slips.push(Slip::Misquote { quotes: odd, comment });
        }
        if !complete && known && self.standing != Standing::Comment {
            let told = matches!(self.found.slips.last(), Some(Slip::Unclosed { at, .. }) if *at > start);
            if !told {
                let close = start + self.text[start..self.at].trim_ascii_end().len();
                self.found.slips.push(Slip::OpenCall { at: start, close });
            }
        }
        let (end, standing) = (self.at, self.standing);
        let call =
            Written { name, arguments: Some(list), at: start, end, first, standing, gap, misquoted, known };
        if is_library_entry(&call) && standing != Standing::Comment {
            self.comments = false;
        }
        if self.text[start..end].contains(&b'\n') {
            self.end_line(start);
        }
        self.call_end = Some(end);
        if let Some(newline) = memchr::memrchr(b'\n', &self.text[start..end]) {
            self.line = start + newline + 1;
        }
        let inner: Vec<(usize, usize)> = conditional_parts(&call);
        self.found.calls.push(call);
        for (from, to) in inner {
            self.inside(from, to);
        }
    }

    /// What a condition may let m4 read.
    fn inside(&mut self, from: usize, to: usize) {
        if self.depth >= MAX_DEPTH || self.standing == Standing::Comment || from >= to {
            return;
        }
        let kept = (self.at, self.end, self.line, self.plain.take(), self.call_end, self.standing);
        (self.at, self.end, self.line, self.call_end) = (from, to, from, None);
        self.standing = Standing::Conditional;
        self.depth += 1;
        self.region();
        self.depth -= 1;
        (self.at, self.end, self.line, self.plain, self.call_end, self.standing) = kept;
    }
}

/// The insides of the quoted arguments of a condition.
fn conditional_parts(call: &Written) -> Vec<(usize, usize)> {
    let from = match call.name.as_str() {
        "ifdef" => 1,
        "ifelse" => 2,
        _ => return Vec::new(),
    };
    let parts = call.arguments.iter().flatten().skip(from).filter(|argument| argument.quoted);
    parts.map(|argument| (argument.at + 1, argument.end.saturating_sub(1))).collect()
}

/// Reads the arguments of one call, from after its parenthesis.
struct Arguments<'s, 'a> {
    scanner: &'s mut Scanner<'a>,
    name: &'s str,
    /// Where the argument in hand begins.
    start: usize,
    parentheses: u32,
    /// End of the last quoted part of the argument in hand.
    closed: Option<usize>,
    whole: Option<(usize, usize)>,
    list: Vec<Argument>,
    quotes: Vec<(usize, usize, Odd, bool)>,
}

impl<'s, 'a> Arguments<'s, 'a> {
    fn new(scanner: &'s mut Scanner<'a>, name: &'s str) -> Self {
        let start = scanner.at;
        Self {
            scanner,
            name,
            start,
            parentheses: 0,
            closed: None,
            whole: None,
            list: Vec::new(),
            quotes: Vec::new(),
        }
    }

    /// False if they never end, or seem not to.
    fn read(&mut self) -> bool {
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
        let line_end = scanner.line_end(scanner.at);
        let text = &scanner.text[..line_end];
        let names = is_statement(self.name);
        if let Some(odd) = quotes::misquoted(text, scanner.at, names) {
            let inside = (odd[0].0 + odd[0].1, odd[1].0);
            scanner.at = odd[1].0 + odd[1].1;
            self.quotes.extend(odd);
            self.closed = Some(scanner.at);
            self.whole = Some(inside);
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
                if self.whole.is_none() && at == self.start {
                    self.whole = Some((at + 1, close));
                }
                self.quotes.push((close, length, odd, false));
                scanner.at = close + length;
                self.closed = Some(scanner.at);
                return true;
            }
            if runs_on {
                let rest = &scanner.text[at..line_end];
                let close = memchr::memrchr(b')', rest).map_or(line_end, |found| at + found);
                if scanner.standing != Standing::Comment {
                    scanner.found.slips.push(Slip::Unclosed { at, close });
                }
                scanner.at = close;
                self.closed = Some(close);
                self.whole = Some((at + 1, close)).filter(|_| at == self.start);
                return true;
            }
        }
        scanner.at = after.unwrap_or(line_end);
        if at == self.start {
            self.whole = Some((at + 1, scanner.at - 1));
        }
        self.closed = Some(scanner.at);
        true
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
        self.list.push(Argument { at: self.start, end: trimmed, text: shown, quoted: whole.is_some() });
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

/// Column of the quote on this line that is not closed on it; 0 if there is none.
pub(super) fn open_quote(text: &[u8], line: u32) -> u32 {
    let mut open = Vec::new();
    for (at, byte) in line_of(text, line).iter().enumerate() {
        match byte {
            b'`' => open.push(at + 1),
            b'\'' => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

/// Column of the macro name on this line whose parenthesis is not closed on it; 0 if there is none.
pub(super) fn open_call(text: &[u8], line: u32) -> u32 {
    let text = line_of(text, line);
    let mut open: Vec<usize> = Vec::new();
    let mut quotes = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'`' => quotes += 1,
            b'\'' => quotes = (quotes - 1).max(0),
            b'(' if quotes == 0 => {
                let word = text[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
                open.push(at - word + 1);
            }
            b')' if quotes == 0 => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

fn line_of(text: &[u8], line: u32) -> &[u8] {
    let index = (line as usize).saturating_sub(1);
    text.split(|byte| *byte == b'\n').nth(index).unwrap_or(b"")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn where_it_opened() {
        assert_eq!(open_quote(b"a\ndefine(`x', `y)\n", 2), 13);
        assert_eq!(open_call(b"define(`x', `y'\n", 1), 1);
    }
}
