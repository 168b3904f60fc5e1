//! The pattern of an address: what stands around it (display names, comments), with `$g` in its place.

use super::{is_space, op, trim_end, trim_start};

/// Longest pattern in bytes; a longer one, or one that was longer on the way, becomes `<$g>`.
const MAX_PATTERN: usize = 255;

/// The options that decide what a display name may look like.
#[derive(Clone, Copy, Debug)]
pub struct CrackRules<'a> {
    /// MustQuoteChars: a phrase with one of these is put in double quotes.
    pub must_quote: &'a [u8],
    /// ColonOkInAddr: a colon does not begin a group.
    pub colon_ok: bool,
}

/// What [`crackaddr`] makes of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cracked {
    /// The pattern, in the internal alphabet.
    pub text: Vec<u8>,
    /// What stands around the address was not understood, or too long, and is not kept.
    pub given_up: bool,
}

/// The pattern of `text`; put the rewritten address in place of `$g`.
pub fn crackaddr(text: &[u8], rules: CrackRules<'_>) -> Cracked {
    let start = text.len() - trim_start(text).len();
    let mut cracker = Cracker {
        text,
        rules,
        at: start,
        out: text[..start.min(MAX_PATTERN)].to_vec(),
        head: start,
        phrase: start,
        quote_phrase: false,
        copying: false,
        address_put: false,
        in_quotes: false,
        copied_quote: false,
        given_up: false,
        comments: 0,
        brackets: 0,
        angles: 0,
        had_angle: false,
        had_colon: rules.colon_ok,
    };
    cracker.run();
    cracker.finish()
}

struct Cracker<'a> {
    text: &'a [u8],
    rules: CrackRules<'a>,
    at: usize,
    out: Vec<u8>,
    /// Where in `out` the phrase or address being read begins.
    head: usize,
    /// Where in `text` it begins.
    phrase: usize,
    /// The phrase holds something that must be quoted.
    quote_phrase: bool,
    /// After `<address>` everything is copied.
    copying: bool,
    /// `$g` stands for the address being read.
    address_put: bool,
    in_quotes: bool,
    /// A quoted string that is copied is open.
    copied_quote: bool,
    /// Nothing around the address is kept.
    given_up: bool,
    comments: u32,
    brackets: i32,
    angles: u32,
    had_angle: bool,
    had_colon: bool,
}

impl Cracker<'_> {
    /// The pattern that keeps nothing.
    const BARE: &'static [u8] = &[b'<', op::MACRO_EXPAND, b'g', b'>'];

    /// Appends a byte; room is kept for what must be closed.
    fn push(&mut self, byte: u8) {
        let kept = self.comments as usize + usize::from(self.angles > 0) + usize::from(self.copied_quote);
        match self.out.len() + kept < MAX_PATTERN {
            true => self.out.push(byte),
            false => self.given_up = true,
        }
    }

    fn push_all(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    /// A bracket behind the address that closes nothing: sendmail takes it back, if it had room for it.
    fn drop_copied(&mut self) {
        self.given_up |= self.copying && self.out.len() >= MAX_PATTERN;
    }

    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            // sendmail gives up where a quoted string that is copied is more than its first quote
            self.given_up |= self.copied_quote;
            if self.comments > 0 {
                self.comment(byte);
            } else if byte == b'\\' {
                self.quote_phrase |= !self.in_quotes;
                self.ordinary(byte);
                if let Some(&next) = self.text.get(self.at) {
                    self.at += 1;
                    self.ordinary(next);
                }
            } else if byte == b'"' {
                self.in_quotes = !self.in_quotes;
                if self.copying {
                    self.push(byte);
                    self.copied_quote = true;
                }
            } else if self.in_quotes {
                self.ordinary(byte);
            } else {
                self.plain(byte);
            }
        }
    }

    fn comment(&mut self, byte: u8) {
        self.push(byte);
        match byte {
            b'(' => self.comments += 1,
            b')' => self.comments -= 1,
            b'\\' => {
                self.text.get(self.at).into_iter().for_each(|next| self.push(*next));
                self.at += 1;
            }
            _ => {}
        }
    }

    /// A byte outside quotes and comments.
    fn plain(&mut self, byte: u8) {
        match byte {
            b'(' => {
                let apart = self.out.last().is_some_and(|last| !is_space(last));
                if !self.copying && self.out.len() > self.head && apart {
                    self.push(b' ');
                }
                self.push(byte);
                self.comments = 1;
            }
            b'<' => self.open_angle(),
            b'>' => self.close_angle(),
            // the end of a list is copied wherever it stands
            b';' if !self.rules.colon_ok => {
                self.quote_phrase |= self.angles == 0;
                self.push(byte);
                if !self.copying {
                    self.ordinary(byte);
                }
            }
            b':' if self.separates() => match self.text.get(self.at) {
                Some(&next @ (b':' | b'.')) => self.part(next),
                _ => self.group(),
            },
            b')' => {
                self.quote_phrase = true;
                match self.copying {
                    true => self.drop_copied(),
                    false => self.ordinary(byte),
                }
            }
            _ => {
                match byte {
                    b'[' => self.brackets += 1,
                    b']' => self.brackets -= 1,
                    _ => {}
                }
                self.quote_phrase |= self.rules.must_quote.contains(&byte);
                self.ordinary(byte);
            }
        }
    }

    /// A byte of the address, or of the text after it.
    fn ordinary(&mut self, byte: u8) {
        if self.copying {
            self.push(byte);
        } else if !self.address_put {
            if self.out.last() == Some(&b')') {
                self.push(b' ');
            }
            self.push_all(&[op::MACRO_EXPAND, b'g']);
            self.address_put = true;
        }
    }

    /// What was read so far was a display name.
    fn open_angle(&mut self) {
        self.quote_phrase |= self.had_angle;
        self.put_phrase(self.at - 1);
        self.push(b'<');
        (self.copying, self.address_put, self.had_angle) = (false, false, true);
        // the first of two is no bracket
        self.angles = 1;
    }

    fn close_angle(&mut self) {
        if self.angles == 0 {
            self.quote_phrase = true;
            self.drop_copied();
            return;
        }
        self.angles -= 1;
        if self.angles == 0 {
            self.push(b'>');
            self.copying = true;
        }
    }

    /// A colon that may begin a group.
    fn separates(&self) -> bool {
        !self.had_colon && self.angles == 0 && self.brackets <= 0
    }

    /// DECnet's `::` and sendmail's `:.` are parts of addresses; behind one, sendmail copies three bytes.
    fn part(&mut self, next: u8) {
        self.at += 1;
        self.quote_phrase = true;
        match self.copying {
            true => self.push_all(&[b':', b':', next]),
            false => self.ordinary(b':'),
        }
    }

    fn group(&mut self) {
        self.had_colon = true;
        self.put_phrase(self.at - 1);
        self.push(b':');
        while let Some(blank) = self.text.get(self.at).filter(|byte| is_space(byte)) {
            self.push(*blank);
            self.at += 1;
        }
        (self.head, self.phrase) = (self.out.len(), self.at);
        (self.quote_phrase, self.address_put, self.copying) = (false, false, false);
    }

    /// Puts `text[phrase..end]` in the place of what was taken for an address.
    fn put_phrase(&mut self, end: usize) {
        self.out.truncate(self.head);
        let phrase = &self.text[self.phrase..end];
        let words = trim_end(phrase);
        if !self.quote_phrase || words.is_empty() {
            self.push_all(phrase);
            return;
        }
        self.push(b'"');
        for &byte in words {
            if byte == b'"' {
                self.push(b'\\');
            }
            self.push(byte);
        }
        self.push(b'"');
        self.push_all(&phrase[words.len()..]);
    }

    fn finish(mut self) -> Cracked {
        self.out.extend(self.copied_quote.then_some(b'"'));
        self.out.extend(std::iter::repeat_n(b')', self.comments as usize));
        self.out.extend((self.angles > 0).then_some(b'>'));
        let given_up = self.given_up || self.out.len() > MAX_PATTERN;
        Cracked { text: if given_up { Self::BARE.to_vec() } else { self.out }, given_up }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_sendmails() {
        let rules = CrackRules { must_quote: b"@,;:\\()[].'", colon_ok: false };
        let table = include_bytes!("../../testdata/rewrite/crack.tsv");
        let mut wrong = String::new();
        for row in table.split(|byte| *byte == b'\n').filter(|row| !row.starts_with(b"#") && !row.is_empty())
        {
            let tab = row.iter().position(|byte| *byte == b'\t').expect("two columns");
            let pattern = crackaddr(&row[..tab], rules).text;
            let pattern = String::from_utf8_lossy(&pattern).replace('\u{fffd}', "$");
            let want = String::from_utf8_lossy(&row[tab + 1..]);
            if pattern != want {
                wrong += &format!("{} gives {pattern}, not {want}\n", String::from_utf8_lossy(&row[..tab]));
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }

    #[test]
    fn colons_and_semicolons_are_letters_where_an_option_says_so() {
        let rules = CrackRules { must_quote: b"@,;:\\()[].'", colon_ok: true };
        let rows: [(&[u8], &[u8]); 3] =
            [(b"list:;", b"\x81g"), (b"a:b;c", b"\x81g"), (b"X Y <user;x@y>", b"X Y <\x81g>")];
        for (text, pattern) in rows {
            assert_eq!(crackaddr(text, rules).text, pattern);
        }
    }
}
