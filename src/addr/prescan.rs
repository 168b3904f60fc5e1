//! Cutting address text into tokens.

use super::outside::is_internal;
use super::token_buffer::{Scan, ScanProblem, TokenBuffer};
use super::{ByteKind, META_QUOTE, Operators, Table, Token};

/// Longest text of all tokens of an address together, in bytes with one more for each token: sendmail's MAXNAME and
/// MAXATOM.
const MAX_TEXT: usize = 1256;
/// The same of one side of a rule: MAXLINE and MAXATOM.
const MAX_RULE_TEXT: usize = 3048;
/// Most tokens of one scan.
const MAX_TOKENS: usize = 1000;
/// Longest token in bytes.
const MAX_TOKEN: usize = 256;

/// Cuts `text` into tokens up to `delimiter` (0 for the whole text) outside quotes, comments and
/// angle brackets. With `ignore`, imbalance is neither reported nor mended (rules, `$>+` headers).
pub fn prescan(operators: &Operators, text: &[u8], delimiter: u8, table: Table, ignore: bool) -> Scan {
    let mut buffer = TokenBuffer::default();
    buffer.scan(operators, text, delimiter, table, ignore);
    Scan { tokens: buffer.tokens().map(Token::new).collect(), rest: buffer.rest, problems: buffer.problems }
}

/// [`prescan`] of one side of a rule, which may be longer than an address. Imbalance is no fault of rules.
pub fn prescan_rule(operators: &Operators, text: &[u8], table: Table) -> Scan {
    let mut buffer = TokenBuffer::default();
    buffer.scan_up_to(MAX_RULE_TEXT, operators, text, b'\t', table, true);
    Scan { tokens: buffer.tokens().map(Token::new).collect(), rest: buffer.rest, problems: buffer.problems }
}

/// Tokens of most addresses.
const USUAL_TOKENS: usize = 16;

impl TokenBuffer {
    /// [`prescan`] with the memory of the scan before.
    pub fn scan(&mut self, operators: &Operators, text: &[u8], delimiter: u8, table: Table, ignore: bool) {
        self.scan_up_to(MAX_TEXT, operators, text, delimiter, table, ignore);
    }

    fn scan_up_to(
        &mut self,
        max_text: usize,
        operators: &Operators,
        text: &[u8],
        delimiter: u8,
        table: Table,
        ignore: bool,
    ) {
        self.text.clear();
        self.ends.clear();
        self.problems.clear();
        self.found_after.clear();
        self.lost.clear();
        // what is scanned once is written once
        self.text.reserve(text.len().min(max_text));
        self.ends.reserve(USUAL_TOKENS);
        let mut scanner = Scanner {
            kinds: operators.kinds(table),
            max_text,
            comments_vanish: table != Table::NoComment,
            text,
            delimiter,
            ignore,
            at: 0,
            stop: None,
            begin: 0,
            state: State::Between,
            escaped: false,
            comments: 0,
            angles: 0,
            in_route: false,
            cut: self,
        };
        let result = scanner.run();
        let rest = scanner.stop.unwrap_or(text.len());
        self.rest = rest;
        if let Err(problem) = result {
            self.lost = std::mem::take(&mut self.ends);
            if problem == ScanProblem::TokenTooLong {
                self.lost.push(self.text.len() as u32);
            }
            self.problems.push(problem);
            self.found_after.push(self.lost.len());
        }
    }
}

/// What the token being built would do with the next byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No token is being built.
    Between,
    /// The token is complete.
    Complete,
    /// A run of atoms.
    Atom,
    /// Inside double quotes.
    Quoted,
    /// The next byte belongs to the token, whatever it is.
    WantsOne,
}

struct Scanner<'a> {
    kinds: &'a [ByteKind; 256],
    max_text: usize,
    comments_vanish: bool,
    text: &'a [u8],
    delimiter: u8,
    ignore: bool,
    at: usize,
    /// Where the text ended for this scan; everything after it belongs to the next address.
    stop: Option<usize>,
    /// Where the token being built begins in `cut.text`.
    begin: usize,
    state: State,
    /// The last byte was a backslash that is not in the token yet.
    escaped: bool,
    comments: u32,
    angles: u32,
    in_route: bool,
    cut: &'a mut TokenBuffer,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), ScanProblem> {
        loop {
            self.run_of_atoms()?;
            let Some(byte) = self.next_byte() else { break };
            let ends = byte == self.delimiter && self.angles == 0 && self.state != State::Quoted;
            if ends && self.comments == 0 {
                self.stop.get_or_insert(self.at - 1);
                break;
            }
            if self.escaped {
                self.escaped = false;
                if self.comments > 0 {
                    continue;
                }
                if byte != b'!' || self.state == State::Quoted {
                    self.keep(b'\\')?;
                    self.keep(byte)?;
                    self.keep_partner(byte)?;
                    continue;
                }
            }
            if byte == b'\\' {
                self.escaped = true;
                self.feed(byte, ByteKind::Atom, false)?;
            } else if self.state == State::Quoted || self.structure(byte) {
                self.feed(byte, self.kind(byte), true)?;
            }
        }
        self.flush()
    }

    /// Takes a run of plain atoms at once, where the next token begins or goes on.
    fn run_of_atoms(&mut self) -> Result<(), ScanProblem> {
        let open = matches!(self.state, State::Between | State::Complete | State::Atom);
        if !open || self.escaped || self.comments > 0 || self.stop.is_some() {
            return Ok(());
        }
        let rest = &self.text[self.at.min(self.text.len())..];
        let plain = |byte: &&u8| {
            self.kinds[**byte as usize] == ByteKind::Atom
                && !matches!(**byte, 0 | b'\\' | META_QUOTE)
                && **byte != self.delimiter
        };
        let length = rest.iter().take_while(plain).count();
        // what does not fit is left to the byte that finds out
        if length == 0 || self.used() + length + 5 >= self.max_text {
            return Ok(());
        }
        if self.state != State::Atom {
            self.flush()?;
            self.state = State::Atom;
        }
        self.cut.text.extend_from_slice(&rest[..length]);
        self.at += length;
        Ok(())
    }

    /// Bytes of all tokens so far, with one more for each that is complete.
    fn used(&self) -> usize {
        self.cut.text.len() + self.cut.ends.len()
    }

    /// The next byte of the text, or the mark that closes what the end of the text leaves open.
    fn next_byte(&mut self) -> Option<u8> {
        let byte = match self.stop {
            Some(_) => 0,
            None => self.text.get(self.at).copied().unwrap_or(0),
        };
        if byte == 0 {
            return self.close_open_mark();
        }
        self.at += 1;
        // in a list, a comma ends an address even if its `<` is still open (but for routes)
        let cuts = byte == b',' && self.delimiter == b',' && self.angles > 0 && !self.in_route;
        if cuts && self.state != State::Quoted && self.comments == 0 {
            self.stop = Some(self.at - 1);
            self.complain(b'<');
            return Some(b'>');
        }
        Some(byte)
    }

    fn close_open_mark(&mut self) -> Option<u8> {
        if self.ignore {
            return None;
        }
        let (open, close) = match self {
            Self { state: State::Quoted, .. } => (b'"', b'"'),
            Self { comments: 1.., .. } => (b'(', b')'),
            Self { angles: 1.., .. } => (b'<', b'>'),
            _ => return None,
        };
        self.complain(open);
        Some(close)
    }

    fn complain(&mut self, mark: u8) {
        if !self.ignore {
            self.cut.problems.push(ScanProblem::Unbalanced(mark));
            self.cut.found_after.push(self.cut.ends.len());
        }
    }

    fn kind(&self, byte: u8) -> ByteKind {
        self.kinds[byte as usize]
    }

    /// Comments and angle brackets. False if the byte is not to reach the token.
    fn structure(&mut self, byte: u8) -> bool {
        match byte {
            b'(' if self.comments_vanish => {
                self.comments += 1;
                false
            }
            b')' if self.comments_vanish => {
                if self.comments == 0 {
                    self.complain(b')');
                    return false;
                }
                self.comments -= 1;
                true // it separates tokens as a blank does
            }
            _ if self.comments > 0 => false,
            b'<' => {
                self.angles += 1;
                let ahead = &self.text[self.at.min(self.text.len())..];
                let first = ahead.iter().find(|byte| !matches!(byte, b'\t'..=b'\r' | b' '));
                self.in_route |= first == Some(&b'@');
                true
            }
            b'>' => {
                self.in_route = false;
                if self.angles > 0 {
                    self.angles -= 1;
                    return true;
                }
                self.complain(b'>');
                self.ignore
            }
            _ => true,
        }
    }

    /// Moves on with one byte; `store` is false for a backslash, which waits for its partner.
    fn feed(&mut self, byte: u8, kind: ByteKind, store: bool) -> Result<(), ScanProblem> {
        self.state = match (self.state, kind) {
            (State::Quoted, ByteKind::Quote) => State::Complete,
            (State::Quoted, _) => State::Quoted,
            (State::WantsOne, _) => State::Complete,
            (State::Atom, ByteKind::Atom) => State::Atom,
            (_, kind) => {
                self.flush()?;
                match kind {
                    ByteKind::Operator => State::Complete,
                    ByteKind::Atom => State::Atom,
                    ByteKind::Quote => State::Quoted,
                    ByteKind::Blank => State::Between,
                    ByteKind::WithNext => State::WantsOne,
                }
            }
        };
        if store && self.state != State::Between { self.keep(byte) } else { Ok(()) }
    }

    fn keep(&mut self, byte: u8) -> Result<(), ScanProblem> {
        if self.used() + 5 >= self.max_text {
            return Err(ScanProblem::AddressTooLong);
        }
        // the quote byte itself never reaches a token from outside
        self.cut.text.push(if byte == META_QUOTE { 0x7f } else { byte });
        Ok(())
    }

    /// The quote byte guards its partner behind a backslash, too. (sendmail lets the partner go: there a header
    /// with a backslash before byte 0x99 calls rulesets.)
    fn keep_partner(&mut self, byte: u8) -> Result<(), ScanProblem> {
        let quotes = byte == META_QUOTE && self.kind(byte) == ByteKind::WithNext && self.stop.is_none();
        match self.text.get(self.at).copied().filter(|next| quotes && is_internal(next)) {
            Some(next) => {
                self.at += 1;
                self.keep(next)
            }
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), ScanProblem> {
        let length = self.cut.text.len() - self.begin;
        if length == 0 {
            return Ok(());
        }
        if self.cut.ends.len() >= MAX_TOKENS {
            return Err(ScanProblem::TooManyTokens);
        }
        if length > MAX_TOKEN {
            return Err(ScanProblem::TokenTooLong);
        }
        self.begin = self.cut.text.len();
        self.cut.ends.push(self.begin as u32);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators() -> Operators {
        Operators::new(b".:%@!^/[]+")
    }

    fn list(text: &[u8], delimiter: u8, table: Table) -> (Vec<String>, Vec<ScanProblem>) {
        let scan = prescan(&operators(), text, delimiter, table, false);
        let tokens = scan.tokens.iter().map(|token| String::from_utf8_lossy(token).into_owned());
        (tokens.collect(), scan.problems)
    }

    #[track_caller]
    fn tokens(text: &str, want: &[&str]) {
        let (got, problems) = list(text.as_bytes(), 0, Table::External);
        assert_eq!(got, want);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn operators_quotes_and_comments_end_atoms() {
        tokens("Joe@a.b", &["Joe", "@", "a", ".", "b"]);
        tokens("a\"b c\"d", &["a", "\"b c\"", "d"]);
        tokens("a(b(c))d e", &["a", "d", "e"]);
        tokens("<@a,b:c>", &["<", "@", "a", ",", "b", ":", "c", ">"]);
    }

    #[test]
    fn a_backslash_takes_the_next_byte_along() {
        tokens("a\\@b", &["a\\@b"]);
        tokens("\\!b", &["!", "b"]);
        tokens(".\\@b", &[".", "\\@b"]);
        tokens("\"a\\\"b\"", &["\"a\\\"b\""]);
        tokens("a\\", &["a"]);
        tokens("\\", &[]);
    }

    #[test]
    fn imbalance_is_mended_and_told() {
        use crate::addr::ScanProblem::Unbalanced;
        assert_eq!(
            list(b"<a", 0, Table::External),
            (vec!["<".into(), "a".into(), ">".into()], vec![Unbalanced(b'<')])
        );
        let (got, problems) = list(b"<a(\"b\"c", 0, Table::NoComment);
        assert_eq!((got.len(), problems), (6, vec![Unbalanced(b'<')]));
        let (got, problems) = list(b"\"a\\", 0, Table::External);
        assert_eq!(got, ["\"a\\\"\""]);
        assert_eq!(problems, [Unbalanced(b'"'); 2]);
        let (got, problems) = list(b"a)b>c", 0, Table::External);
        assert_eq!((got, problems), (vec!["abc".into()], vec![Unbalanced(b')'), Unbalanced(b'>')]));
    }

    #[test]
    fn lists_end_at_their_delimiter() {
        let scan = prescan(&operators(), b"a@b, c", b',', Table::External, false);
        assert_eq!((scan.tokens.len(), scan.rest), (3, 3));
        let scan = prescan(&operators(), b"<a,b>", b',', Table::External, false);
        assert_eq!((scan.tokens.len(), scan.rest), (3, 2));
        let scan = prescan(&operators(), b"a\\,b", b',', Table::External, false);
        assert_eq!((scan.tokens.len(), scan.rest), (1, 2));
    }

    #[test]
    fn rules_hold_operator_bytes() {
        let scan = prescan(&operators(), b"\x90 <@\x93w.>\tx", b'\t', Table::NoComment, true);
        let firsts: Vec<_> = scan.tokens.iter().map(|token| (token.first(), token.len())).collect();
        assert_eq!(firsts, [(0x90, 1), (b'<', 1), (b'@', 1), (0x93, 2), (b'.', 1), (b'>', 1)]);
    }

    #[test]
    fn limits_hold() {
        let (got, problems) = list(&[b'a'; 257], 0, Table::External);
        assert_eq!((got.len(), problems), (0, vec![ScanProblem::TokenTooLong]));
        let (got, problems) = list(&b"a ".repeat(700), 0, Table::External);
        assert_eq!((got.len(), problems), (0, vec![ScanProblem::AddressTooLong]));
        let status = |problem: ScanProblem| problem.reply().enhanced_text();
        assert_eq!(status(ScanProblem::AddressTooLong).as_deref(), Some("5.1.1"));
        assert_eq!(status(ScanProblem::TokenTooLong).as_deref(), Some("5.1.0"));
    }
}
