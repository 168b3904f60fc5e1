//! The forms in which header fields and bodies are signed (RFC 6376, 3.4).

use super::fields::Field;
use ring::digest::{Context, SHA256};

/// How much may be changed on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Next to nothing.
    Simple,
    /// Blanks, folds and the case of names.
    Relaxed,
}

/// A field in its form.
pub(super) fn field(form: Form, field: &Field<'_>, out: &mut Vec<u8>) {
    match form {
        Form::Simple => out.extend_from_slice(field.raw),
        Form::Relaxed => {
            out.extend(field.name.to_ascii_lowercase());
            out.push(b':');
            relaxed_value(field.value, out);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// A field in the relaxed form.
pub fn put_field(one: &Field<'_>, out: &mut Vec<u8>) {
    field(Form::Relaxed, one, out);
}

/// Unfolded, blanks in a row as one, none at either end.
fn relaxed_value(value: &[u8], out: &mut Vec<u8>) {
    let words =
        value.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        if number > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Takes a body's bytes, lines ending in CR LF, and comes to the digest of their form.
pub struct BodyDigest {
    form: Form,
    digest: Context,
    /// What goes to the digest together.
    buffer: Vec<u8>,
    /// Bytes of the form that count still (`l=`).
    room: Option<u64>,
    /// Bytes of the form so far.
    length: u64,
    after_cr: bool,
    /// A row of blanks whose end has not come yet.
    blank: bool,
    /// Ends of lines behind which nothing has come yet.
    line_ends: u64,
}

/// Bytes that go to the digest at a time.
const PIECE: usize = 4096;

impl BodyDigest {
    /// Nothing yet; `limit`: only so many bytes count.
    pub fn new(form: Form, limit: Option<u64>) -> Self {
        let digest = Context::new(&SHA256);
        let buffer = Vec::with_capacity(PIECE + 2);
        Self { form, digest, buffer, room: limit, length: 0, after_cr: false, blank: false, line_ends: 0 }
    }

    /// The next bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if std::mem::take(&mut self.after_cr) {
                if *byte == b'\n' {
                    self.blank = false;
                    self.line_ends += 1;
                    continue;
                }
                self.content(b'\r');
            }
            match byte {
                b'\r' => self.after_cr = true,
                b' ' | b'\t' if self.form == Form::Relaxed => self.blank = true,
                byte => self.content(*byte),
            }
        }
    }

    fn content(&mut self, byte: u8) {
        for _ in 0..std::mem::take(&mut self.line_ends) {
            self.put(b"\r\n");
        }
        if std::mem::take(&mut self.blank) {
            self.put(b" ");
        }
        self.put(&[byte]);
    }

    fn put(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.length += 1;
            match &mut self.room {
                Some(0) => continue,
                Some(room) => *room -= 1,
                None => {}
            }
            self.buffer.push(*byte);
        }
        if self.buffer.len() >= PIECE {
            self.digest.update(&self.buffer);
            self.buffer.clear();
        }
    }

    /// The digest, and how many bytes the form has in all. Lines without content at the end do not count; a last line without
    /// an end has one.
    pub fn finish(mut self) -> (Vec<u8>, u64) {
        if std::mem::take(&mut self.after_cr) {
            self.content(b'\r');
        }
        if self.length > 0 || self.form == Form::Simple {
            self.put(b"\r\n");
        }
        self.digest.update(&self.buffer);
        (self.digest.finish().as_ref().to_vec(), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::Fields;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn digest(form: Form, body: &[u8]) -> String {
        let mut digest = BodyDigest::new(form, None);
        body.chunks(3).for_each(|piece| digest.write(piece));
        STANDARD.encode(digest.finish().0)
    }

    /// The digest of exactly these bytes.
    fn exact(text: &[u8]) -> String {
        STANDARD.encode(ring::digest::digest(&SHA256, text))
    }

    #[test]
    fn the_example_of_rfc_6376_3_4_5() {
        let header = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n";
        let fields = Fields::of(header);
        let in_form = |form| {
            let mut out = Vec::new();
            fields.all().iter().for_each(|one| field(form, one, &mut out));
            String::from_utf8(out).expect("text")
        };
        assert_eq!(in_form(Form::Relaxed), "a:X\r\nb:Y Z\r\n");
        assert_eq!(in_form(Form::Simple), "A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let body = b" C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(digest(Form::Relaxed, body), exact(b" C\r\nD E\r\n"));
        assert_eq!(digest(Form::Simple, body), exact(b" C \r\nD \t E\r\n"));
    }

    #[test]
    fn bodies_without_content() {
        // RFC 6376, 3.4.3 and 3.4.4 name these digests
        for body in [&b""[..], b"\r\n", b"\r\n\r\n"] {
            assert_eq!(digest(Form::Simple, body), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
            assert_eq!(digest(Form::Relaxed, body), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        }
        assert_eq!(digest(Form::Relaxed, b" \t\r\n \r\n"), exact(b""));
    }

    #[test]
    fn what_is_odd() {
        assert_eq!(digest(Form::Simple, b"a"), exact(b"a\r\n"));
        assert_eq!(digest(Form::Relaxed, b"a\rb\r"), exact(b"a\rb\r\r\n"));
        assert_eq!(digest(Form::Relaxed, b"a\r\n \r\n b"), exact(b"a\r\n\r\n b\r\n"));
        let mut cut = BodyDigest::new(Form::Simple, Some(4));
        cut.write(b"abcdef\r\n");
        let (digest, length) = cut.finish();
        assert_eq!((STANDARD.encode(digest), length), (exact(b"abcd"), 8));
    }
}
