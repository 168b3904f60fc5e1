//! Tokens. Plain text goes straight into the caller's sink; only what may mean something comes back.
//!
//! Quotes and comments change while the text is being read, so the scanner works from a table of byte
//! classes that is rebuilt at every change. Order of recognition, as GNU m4 has it: comment, word, quote.

use memchr::{memchr, memchr2};

use super::builtins::Builtin;
use super::input::{Input, Position};
use super::symbols::Likely;

const WORD_START: u8 = 1;
const WORD: u8 = 2;
const QUOTE: u8 = 4;
const COMMENT: u8 = 8;
const PUNCTUATION: u8 = 16;
const SPACE: u8 = 32;

/// What the scanner met.
#[derive(Clone, Copy)]
pub(super) enum Token {
    /// A word was appended to the sink, from this offset on.
    Word(usize),
    /// Text was appended (told only when reading step by step).
    Text,
    /// `(` while collecting arguments; not appended.
    Open,
    /// `)` likewise.
    Close,
    /// `,` likewise.
    Comma,
    /// A builtin that `defn` left in the input.
    Builtin(&'static Builtin),
    /// The input is used up.
    End,
}

/// The input ended where it must not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfinished {
    /// In a quoted string that began here.
    Quote(Position),
    /// In a comment that began here.
    Comment(Position),
}

/// What is wanted of the scanner.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// Arguments are being collected: parentheses and commas are tokens.
    pub(super) collecting: bool,
    /// When to come back so that the place of what was read can be noted.
    pub(super) steps: Steps,
}

/// How much text may be read at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Steps {
    /// As much as there is.
    Free,
    /// What comes from one text of the input; what was read from this offset of the sink on has not been noted.
    Texts(usize),
    /// One token, one line.
    Tokens,
}

/// Quotes, comments and the byte classes made from them.
pub(super) struct Lexer {
    pub(super) left_quote: Vec<u8>,
    pub(super) right_quote: Vec<u8>,
    comment_start: Vec<u8>,
    comment_end: Vec<u8>,
    class: [u8; 256],
    /// Both quotes, where each is one byte and they differ, as nearly everywhere.
    simple_quotes: Option<(u8, u8)>,
}

impl Default for Lexer {
    fn default() -> Self {
        let mut lexer = Self {
            left_quote: b"`".to_vec(),
            right_quote: b"'".to_vec(),
            comment_start: b"#".to_vec(),
            comment_end: b"\n".to_vec(),
            class: [0; 256],
            simple_quotes: None,
        };
        lexer.classify();
        lexer
    }
}

impl Lexer {
    /// `changequote`: an empty start switches quoting off, an empty end means `'`.
    pub(super) fn set_quotes(&mut self, start: &[u8], end: &[u8]) {
        self.left_quote = start.to_vec();
        self.right_quote = if !start.is_empty() && end.is_empty() { b"'".to_vec() } else { end.to_vec() };
        self.classify();
    }

    /// `changecom`: an empty start switches comments off; any other has an end, be it the newline.
    pub(super) fn set_comment(&mut self, start: &[u8], end: &[u8]) {
        self.comment_start = start.to_vec();
        self.comment_end = if !start.is_empty() && end.is_empty() { b"\n".to_vec() } else { end.to_vec() };
        self.classify();
    }

    /// Both quotes.
    pub(super) fn quotes(&self) -> (&[u8], &[u8]) {
        (&self.left_quote, &self.right_quote)
    }

    /// What begins a comment and what ends it.
    pub(super) fn comment_delimiters(&self) -> (&[u8], &[u8]) {
        (&self.comment_start, &self.comment_end)
    }

    fn classify(&mut self) {
        self.simple_quotes = match (&self.left_quote[..], &self.right_quote[..]) {
            ([left], [right]) if left != right => Some((*left, *right)),
            _ => None,
        };
        for byte in 0..=255u8 {
            let mut class = 0;
            if byte.is_ascii_alphabetic() || byte == b'_' {
                class |= WORD_START | WORD;
            }
            if byte.is_ascii_digit() {
                class |= WORD;
            }
            if matches!(byte, b'(' | b')' | b',') {
                class |= PUNCTUATION;
            }
            if byte.is_ascii_whitespace() || byte == 0x0b {
                class |= SPACE;
            }
            if self.left_quote.first() == Some(&byte) {
                class |= QUOTE;
            }
            if self.comment_start.first() == Some(&byte) {
                class |= COMMENT;
            }
            self.class[usize::from(byte)] = class;
        }
    }

    fn is(&self, byte: u8, class: u8) -> bool {
        self.class[usize::from(byte)] & class != 0
    }

    /// Does the `(` ahead open a quote or a comment rather than arguments?
    pub(super) fn quotes_parenthesis(&self, input: &Input) -> bool {
        self.is(b'(', QUOTE) && input.starts_with(&self.left_quote)
            || self.is(b'(', COMMENT) && input.starts_with(&self.comment_start)
    }

    /// White space at the beginning of an argument.
    pub(super) fn skip_space(&self, input: &mut Input) {
        const SPECIAL: u8 = COMMENT | QUOTE;
        let rest = input.rest();
        let plain = rest.iter().position(|byte| self.class[usize::from(*byte)] & (SPACE | SPECIAL) != SPACE);
        if let Some(plain) = plain.filter(|plain| !self.is(rest[*plain], SPACE)) {
            return input.advance(plain);
        }
        while let Some(byte) = input.peek(0) {
            let opens = self.is(byte, COMMENT) && input.starts_with(&self.comment_start)
                || self.is(byte, QUOTE) && input.starts_with(&self.left_quote);
            if opens || !self.is(byte, SPACE) {
                return;
            }
            input.consume(1);
        }
    }

    /// Reads up to the next thing that may mean something.
    pub(super) fn next(
        &self,
        input: &mut Input,
        sink: &mut Vec<u8>,
        mode: Mode,
        names: &Likely,
    ) -> Result<Token, Unfinished> {
        let stop = WORD_START | QUOTE | COMMENT | if mode.collecting { PUNCTUATION } else { 0 };
        loop {
            let Some(block) = input.top() else { return Ok(Token::End) };
            let rest = block.rest();
            if rest.is_empty() {
                return Ok(input.take_builtin().map_or(Token::End, Token::Builtin));
            }
            let (plain, word) = match mode.steps {
                Steps::Tokens => (self.plain_line(rest, stop), 0),
                _ => self.plain(rest, stop, names),
            };
            if plain + word > 0 {
                let start = sink.len() + plain;
                let whole = plain + word == rest.len();
                sink.extend_from_slice(&rest[..plain + word]);
                input.advance(plain + word);
                if word > 0 {
                    return Ok(Token::Word(start));
                }
                match mode.steps {
                    Steps::Free if whole => continue,
                    Steps::Texts(_) if whole => return Ok(Token::Text),
                    Steps::Tokens => return Ok(Token::Text),
                    _ => {}
                }
            }
            if let Some(token) = self.special(input, sink, mode)? {
                return Ok(token);
            }
        }
    }

    /// Length of the text that means nothing (words that are no names, and what stands between them), and of the
    /// word behind it that may be a name. A word at the end may go on in the next block: it is neither.
    fn plain(&self, rest: &[u8], stop: u8, names: &Likely) -> (usize, usize) {
        let mut at = 0;
        loop {
            let Some(plain) = rest[at..].iter().position(|byte| self.is(*byte, stop)) else {
                return (rest.len(), 0);
            };
            at += plain;
            if self.class[usize::from(rest[at])] & (WORD_START | COMMENT) != WORD_START {
                return (at, 0);
            }
            let Some(length) = rest[at..].iter().position(|byte| !self.is(*byte, WORD)) else {
                return (at, 0);
            };
            if names.has(&rest[at..at + length]) {
                return (at, length);
            }
            at += length;
        }
    }

    /// Length of the plain text up to the next word or newline.
    fn plain_line(&self, rest: &[u8], stop: u8) -> usize {
        let plain = rest.iter().position(|byte| self.is(*byte, stop)).unwrap_or(rest.len());
        memchr(b'\n', &rest[..plain]).map_or(plain, |newline| newline + 1)
    }

    /// What begins with a byte that may mean something. Nothing if it was taken into the sink.
    fn special(
        &self,
        input: &mut Input,
        sink: &mut Vec<u8>,
        mode: Mode,
    ) -> Result<Option<Token>, Unfinished> {
        let rest = input.rest();
        let Some(&first) = rest.first() else { return Ok(None) };
        let start = sink.len();
        // What may go on in another text must not be noted together with what stands before it.
        let unnoted = matches!(mode.steps, Steps::Texts(noted) if noted < start);
        if self.is(first, COMMENT) && input.starts_with(&self.comment_start) {
            if unnoted {
                return Ok(Some(Token::Text));
            }
            self.comment(input, sink).inspect_err(|_| sink.truncate(start))?;
        } else if self.is(first, WORD_START) {
            if unnoted {
                return Ok(Some(Token::Text));
            }
            self.word(input, sink);
            return Ok(Some(Token::Word(start)));
        } else if self.is(first, QUOTE) && input.starts_with(&self.left_quote) {
            if let Some(length) = self.quoted_here(rest) {
                sink.extend_from_slice(&rest[1..length - 1]);
                input.advance(length);
                let go_on = match mode.steps {
                    Steps::Free => true,
                    Steps::Texts(_) => !input.exhausted(),
                    Steps::Tokens => false,
                };
                return Ok((!go_on).then_some(Token::Text));
            }
            if unnoted {
                return Ok(Some(Token::Text));
            }
            self.quoted(input, sink).inspect_err(|_| sink.truncate(start))?;
        } else {
            input.advance(1);
            match first {
                b'(' if mode.collecting => return Ok(Some(Token::Open)),
                b')' if mode.collecting => return Ok(Some(Token::Close)),
                b',' if mode.collecting => return Ok(Some(Token::Comma)),
                _ => sink.push(first),
            }
        }
        Ok((mode.steps != Steps::Free).then_some(Token::Text))
    }

    /// Length of the quoted text that a text begins with, quotes included, where they are simple and it ends
    /// in this text.
    fn quoted_here(&self, rest: &[u8]) -> Option<usize> {
        let (left, right) = self.simple_quotes?;
        let (mut depth, mut at) = (1usize, 1);
        loop {
            at += memchr2(left, right, &rest[at..])?;
            depth = if rest[at] == left { depth + 1 } else { depth - 1 };
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// A word may go on in the next block: an expansion and the text after it are one.
    fn word(&self, input: &mut Input, sink: &mut Vec<u8>) {
        loop {
            let Some(block) = input.top() else { return };
            let rest = block.rest();
            let length = rest.iter().position(|byte| !self.is(*byte, WORD)).unwrap_or(rest.len());
            let whole = length < rest.len();
            sink.extend_from_slice(&rest[..length]);
            input.advance(length);
            if whole || !input.peek(0).is_some_and(|byte| self.is(byte, WORD)) {
                return;
            }
        }
    }

    fn comment(&self, input: &mut Input, sink: &mut Vec<u8>) -> Result<(), Unfinished> {
        let opened = {
            input.consume(1);
            input.place()
        };
        sink.extend_from_slice(&self.comment_start);
        input.consume(self.comment_start.len() - 1);
        let end = self.comment_end[0];
        loop {
            let Some(block) = input.top() else { return Err(Unfinished::Comment(opened)) };
            let rest = block.rest();
            let plain = memchr(end, rest).unwrap_or(rest.len());
            let reached = plain < rest.len();
            sink.extend_from_slice(&rest[..plain]);
            input.advance(plain);
            if reached && input.starts_with(&self.comment_end) {
                sink.extend_from_slice(&self.comment_end);
                input.consume(self.comment_end.len());
                return Ok(());
            }
            if reached {
                sink.push(end);
                input.advance(1);
            } else if input.peek(0).is_none() {
                return Err(Unfinished::Comment(opened));
            }
        }
    }

    /// Appends the text between the quotes; quotes inside it nest and stay.
    fn quoted(&self, input: &mut Input, sink: &mut Vec<u8>) -> Result<(), Unfinished> {
        input.consume(1);
        let opened = input.place();
        input.consume(self.left_quote.len() - 1);
        let (left, right) = (self.left_quote[0], self.right_quote.first().copied().unwrap_or(left_only()));
        let mut depth = 1usize;
        loop {
            let Some(block) = input.top() else { return Err(Unfinished::Quote(opened)) };
            let rest = block.rest();
            let plain = memchr2(left, right, rest).unwrap_or(rest.len());
            let reached = plain < rest.len();
            sink.extend_from_slice(&rest[..plain]);
            input.advance(plain);
            if !reached {
                if input.peek(0).is_none() {
                    return Err(Unfinished::Quote(opened));
                }
            } else if input.starts_with(&self.right_quote) {
                depth -= 1;
                input.consume(self.right_quote.len());
                if depth == 0 {
                    return Ok(());
                }
                sink.extend_from_slice(&self.right_quote);
            } else if input.starts_with(&self.left_quote) {
                depth += 1;
                sink.extend_from_slice(&self.left_quote);
                input.consume(self.left_quote.len());
            } else {
                sink.extend(input.peek(0));
                input.advance(1);
            }
        }
    }
}

/// Quotes always have an end (`set_quotes`), so this byte is never compared.
const fn left_only() -> u8 {
    b'\''
}
