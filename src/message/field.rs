//! A header field as text.

use super::header::Header;
use crate::addr::one_line;
use std::borrow::Cow;

/// Appends `name:value` and a line end. Whatever the value holds, it stays one field: a line end inside has a blank
/// after it, a NUL goes, a CR is a blank.
pub fn put_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(&one_line(name));
    out.push(b':');
    out.extend_from_slice(&folded(value));
    out.push(b'\n');
}

impl Header {
    /// The field with its line end.
    pub fn put(&self, out: &mut Vec<u8>) {
        put_field(out, &self.name, &self.value);
    }
}

/// The value with line ends that are folds, and none at its end.
fn folded(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    if memchr::memchr3(b'\r', b'\n', 0, value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len() + 8);
    let mut after_line_end = false;
    for byte in value.iter().copied().filter(|byte| *byte != 0) {
        if after_line_end && !matches!(byte, b' ' | b'\t') {
            out.push(b' ');
        }
        after_line_end = byte == b'\n';
        out.push(if byte == b'\r' { b' ' } else { byte });
    }
    if after_line_end {
        out.push(b' ');
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> String {
        let mut out = Vec::new();
        put_field(&mut out, name.as_bytes(), value.as_bytes());
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_field_stays_one_field() {
        assert_eq!(text("To", " a,\n\tb"), "To: a,\n\tb\n");
        assert_eq!(text("To", " a\nBcc: b\n\nbody\r\0."), "To: a\n Bcc: b\n \n body .\n");
        assert_eq!(text("X\nBcc", " a\n"), "X Bcc: a\n");
        assert_eq!(text("X", " a\n\n"), "X: a\n \n");
    }
}
