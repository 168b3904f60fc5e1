//! Texts that must stay one line, whoever wrote them.

use std::borrow::Cow;

/// Does this byte end a line somewhere, or the text for a program that is written in C?
pub fn ends_line(byte: &u8) -> bool {
    matches!(*byte, b'\r' | b'\n' | 0)
}

/// The text with a blank for each CR, LF and NUL: for commands, replies, lines of queue files, words of a command
/// line. Such a byte would make a line of its own of what follows it.
pub fn one_line(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr3(b'\r', b'\n', 0, text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|byte| if ends_line(byte) { b' ' } else { *byte }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_lines_is_a_blank() {
        assert_eq!(&*one_line(b"a\r\nb\0c"), b"a  b c");
        assert!(matches!(one_line(b"plain \t\xff"), Cow::Borrowed(_)));
    }
}
