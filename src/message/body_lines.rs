//! Body lines as they go to a mailer: its line end, its length limit, dots doubled, `From ` escaped.

use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// How body lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BodyForm {
    /// Lines end in CR LF (mailer E=), and no other CR goes out.
    pub crlf: bool,
    /// `From ` at the beginning of a line becomes `>From ` (flag E).
    pub escape_from: bool,
    /// Leading dots are doubled (flag X; RFC 5321, 4.5.2).
    pub stuff_dots: bool,
    /// The eighth bit is cleared (flag 7).
    pub seven_bit: bool,
    /// A blank line at the end (flag b).
    pub blank_line: bool,
    /// Longest line, its end not counted; 0 means no limit (L=; RFC 5321, 4.5.3.1.6).
    pub line_limit: u32,
}

impl BodyForm {
    /// What every message between hosts needs (RFC 5321, 2.3.8 and 4.5.2).
    pub const WIRE: Self = Self {
        crlf: true,
        stuff_dots: true,
        escape_from: false,
        seven_bit: false,
        blank_line: false,
        line_limit: 0,
    };
}

/// Turns a body's bytes into the form that a mailer wants, block by block.
pub struct BodyLines<'a> {
    form: &'a BodyForm,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    ended: bool,
}

impl<'a> BodyLines<'a> {
    /// Nothing written yet.
    pub fn new(form: &'a BodyForm) -> Self {
        Self { form, pending: Vec::new(), ended: true }
    }

    /// The next block.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if let Some(last) = bytes.last() {
            self.ended = *last == b'\n';
        }
        let form = self.form;
        if !(form.crlf || form.escape_from || form.stuff_dots || form.seven_bit || form.line_limit > 0) {
            return out.write_all(bytes);
        }
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.pending.extend_from_slice(&rest[..end]);
            let line = std::mem::take(&mut self.pending);
            self.line(&line, out)?;
            rest = &rest[end + 1..];
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    fn line(&self, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let mut line = std::borrow::Cow::Borrowed(line);
        if self.form.crlf && memchr::memchr(b'\r', &line).is_some() {
            // on a wire, CR stands before LF and nowhere else (RFC 5321, 2.3.8)
            line.to_mut().iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b' ');
        }
        if self.form.seven_bit {
            line.to_mut().iter_mut().for_each(|byte| *byte &= 0x7f);
        }
        if self.form.escape_from && line.starts_with(b"From ") {
            out.write_all(b">")?;
        }
        if self.form.stuff_dots && line.starts_with(b".") {
            out.write_all(b".")?;
        }
        let mut rest = &line[..];
        let limit = self.form.line_limit as usize;
        let mut room = limit;
        while limit > 2 && rest.len() > room {
            // the rest goes to the next line, marked as sendmail marks it
            out.write_all(&rest[..room - 1])?;
            out.write_all(b"!")?;
            self.end(out)?;
            out.write_all(b" ")?;
            (rest, room) = (&rest[room - 1..], limit - 1);
        }
        out.write_all(rest)?;
        self.end(out)
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.form.crlf { b"\r\n" } else { b"\n" })
    }

    /// The end: a last line without end gets one.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.pending.is_empty() {
            let line = std::mem::take(&mut self.pending);
            self.line(&line, out)?;
        } else if !self.ended {
            self.end(out)?;
        }
        match self.form.blank_line {
            true => self.end(out),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &[u8], form: BodyForm) -> String {
        let (mut lines, mut out) = (BodyLines::new(&form), Vec::new());
        for piece in body.chunks(3) {
            lines.write(piece, &mut out).expect("room");
        }
        lines.finish(&mut out).expect("room");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn forms_of_a_body() {
        let plain = BodyForm::default();
        assert_eq!(written(b"a\nb", plain), "a\nb\n");
        assert_eq!(written(b"", plain), "");
        let mailbox = BodyForm { escape_from: true, blank_line: true, ..plain };
        assert_eq!(written(b"From x\n From y\n", mailbox), ">From x\n From y\n\n");
        assert_eq!(written(b".\n..x\ny", BodyForm::WIRE), "..\r\n...x\r\ny\r\n");
        assert_eq!(written(b"a\rb\r\n\r\n\r", BodyForm::WIRE), "a b \r\n \r\n \r\n");
        assert_eq!(written(b"a\rb\n", mailbox), "a\rb\n\n");
        assert_eq!(written(b"caf\xe9\n", BodyForm { seven_bit: true, ..plain }), "cafi\n");
        assert_eq!(written(b"abcdefgh\n", BodyForm { line_limit: 4, ..plain }), "abc!\n de!\n fgh\n");
    }
}
