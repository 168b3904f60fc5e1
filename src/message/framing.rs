//! Lines as they go to a mailer: its line end, its length limit, dots doubled, `From ` escaped.

use crate::config::Mailer;

/// How a stream of LF lines is turned into what a mailer gets. Feed the header, call
/// [`Framing::begin_body`], feed the body, and take the rest with [`Framing::finish`].
#[derive(Clone, Debug)]
pub struct Framing {
    eol: Vec<u8>,
    /// F=X (and SMTP): a dot at the beginning of a line is doubled.
    dots: bool,
    /// F=E: `From ` at the beginning of a body line becomes `>From `.
    escape_from: bool,
    /// F=7: the eighth bit goes.
    seven_bit: bool,
    /// L=: bytes per line without its end; 0 means no limit.
    limit: usize,
    in_body: bool,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// Parts of the current line are written already.
    split: bool,
}

/// Limit with F=L and no L= (RFC 821).
const SMTP_LIMIT: usize = 990;

impl Framing {
    /// As the mailer's equates ask; `smtp` for SMTP and LMTP, whose lines end in CRLF.
    pub fn for_mailer(mailer: &Mailer, smtp: bool) -> Self {
        let limit = if mailer.line_limit == 0 && mailer.has(b'L') { SMTP_LIMIT } else { mailer.line_limit };
        let eol = match (smtp, mailer.eol.is_empty()) {
            (true, _) => b"\r\n".to_vec(),
            (false, true) => b"\n".to_vec(),
            (false, false) => mailer.eol.clone(),
        };
        Self {
            eol,
            dots: smtp || mailer.has(b'X'),
            escape_from: mailer.has(b'E'),
            seven_bit: mailer.has(b'7'),
            limit,
            in_body: false,
            line: Vec::new(),
            split: false,
        }
    }

    /// Plain lines: LF, no limit, nothing escaped.
    pub fn plain() -> Self {
        Self::for_mailer(&Mailer::default(), false)
    }

    /// The header is over: writes the blank line.
    pub fn begin_body(&mut self, out: &mut Vec<u8>) {
        self.finish(out);
        self.push(b"\n", out);
        self.in_body = true;
    }

    /// Adds LF lines, in pieces of any size.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut rest = data;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if self.line.is_empty() {
                self.put(&rest[..end], true, out);
            } else {
                self.line.extend_from_slice(&rest[..end]);
                let line = std::mem::take(&mut self.line);
                self.put(&line, true, out);
                self.line = line;
                self.line.clear();
            }
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        // a line without end must not fill the memory; whole parts of it may go already
        if self.limit > 0 && self.line.len() > 16 * self.limit {
            let line = std::mem::take(&mut self.line);
            let kept = self.put(&line, false, out);
            self.line = line[kept..].to_vec();
        }
    }

    /// Ends a last line that has no end of its own.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() || self.split {
            let line = std::mem::take(&mut self.line);
            self.put(&line, true, out);
        }
    }

    /// Writes a line, or (`whole` false) as many full parts of it as there are; returns what it took.
    fn put(&mut self, line: &[u8], whole: bool, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while self.limit > 0 && line.len() - at > self.limit {
            // room for the mark that the line goes on
            let end = at + self.limit - 1;
            self.put_part(&line[at..end], out);
            out.push(b'!');
            out.extend_from_slice(&self.eol);
            at = end;
            self.split = true;
            if !self.in_body {
                // in a header only a blank makes it the same field
                out.push(b' ');
            }
        }
        if whole {
            self.put_part(&line[at..], out);
            out.extend_from_slice(&self.eol);
            self.split = false;
            at = line.len();
        }
        at
    }

    fn put_part(&self, part: &[u8], out: &mut Vec<u8>) {
        // the second part of a header line has its blank in front already
        let at_start = !self.split || self.in_body;
        if self.dots && at_start && part.first() == Some(&b'.') {
            out.push(b'.');
        }
        if self.escape_from && self.in_body && !self.split && part.starts_with(b"From ") {
            out.push(b'>');
        }
        match self.seven_bit {
            true => out.extend(part.iter().map(|byte| byte & 0x7f)),
            false => out.extend_from_slice(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(mut framing: Framing, header: &str, body: &str) -> String {
        let mut out = Vec::new();
        header.as_bytes().chunks(3).for_each(|piece| framing.push(piece, &mut out));
        framing.begin_body(&mut out);
        body.as_bytes().chunks(5).for_each(|piece| framing.push(piece, &mut out));
        framing.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn flags(letters: &[u8]) -> u128 {
        letters.iter().fold(0, |bits, letter| bits | 1 << letter)
    }

    #[test]
    fn over_smtp_dots_are_doubled_and_lines_end_in_crlf() {
        let framing = Framing::for_mailer(&Mailer::default(), true);
        assert_eq!(framed(framing, "A: b\n", ".\n..x\nlast"), "A: b\r\n\r\n..\r\n...x\r\nlast\r\n");
    }

    #[test]
    fn from_is_escaped_in_the_body_alone() {
        let mailer = Mailer { flags: flags(b"E"), ..Mailer::default() };
        let text = framed(Framing::for_mailer(&mailer, false), "From : x\n", "From here\nFromage\n From x\n");
        assert_eq!(text, "From : x\n\n>From here\nFromage\n From x\n");
    }

    #[test]
    fn long_lines_are_split_with_a_mark() {
        let mailer = Mailer { line_limit: 10, ..Mailer::default() };
        let text = framed(Framing::for_mailer(&mailer, false), "", "0123456789\n0123456789a\n");
        assert_eq!(text, "\n0123456789\n012345678!\n9a\n");
    }

    #[test]
    fn an_endless_line_is_passed_on_in_parts() {
        let mailer = Mailer { line_limit: 10, ..Mailer::default() };
        let text = framed(Framing::for_mailer(&mailer, false), "", &"x".repeat(1000));
        assert!(text.lines().skip(1).all(|line| line.len() <= 10));
        assert_eq!(text.bytes().filter(|byte| *byte == b'x').count(), 1000);
    }

    #[test]
    fn seven_bits() {
        let mailer = Mailer { flags: flags(b"7"), ..Mailer::default() };
        assert_eq!(framed(Framing::for_mailer(&mailer, false), "", "\u{e9}\n"), "\nC)\n");
    }
}
