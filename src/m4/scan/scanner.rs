//! Outside of calls: words, quotes, comments, text that goes into the cf.

use super::arguments::Arguments;
use super::{Plain, Slip, Standing, Survey, Written, is_blank, is_library_entry, is_word};
use crate::m4::quotes;
use crate::m4::vocabulary::is_statement;

/// Words in place of `dnl`, as fingers, scanners and other typesetting leave them.
const NOT_DNL: &[&str] = &["dn1", "dnI", "dln", "dnL", "DNL", "Dnl", "dnll", "ndl", "d1n"];

/// Calls inside calls that are followed.
const MAX_DEPTH: u32 = 16;

pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) comments: bool,
    pub(super) depth: u32,
    pub(super) standing: Standing,
    pub(super) is_macro: &'a dyn Fn(&[u8]) -> bool,
    /// Where the line begins.
    pub(super) line: usize,
    /// Where text that goes into the cf begins on this line.
    pub(super) plain: Option<usize>,
    /// Where the last call on this line ended.
    pub(super) call_end: Option<usize>,
    pub(super) found: Survey,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8], comments: bool, is_macro: &'a dyn Fn(&[u8]) -> bool) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', text).map(|at| at + 1));
        Self {
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
        }
    }

    /// All of the text.
    pub(super) fn whole(mut self) -> Survey {
        self.region();
        self.found
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text[..self.end].get(self.at).copied()
    }

    pub(super) fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.text[from..self.end]).map_or(self.end, |found| from + found)
    }

    pub(super) fn word(&mut self) -> &'a [u8] {
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
    pub(super) fn begins_call(&self, at: usize, end: usize) -> bool {
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
    call.arguments.iter().flatten().skip(from).flat_map(|argument| argument.parts.iter().copied()).collect()
}
