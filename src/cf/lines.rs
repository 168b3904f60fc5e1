//! From bytes to logical lines.

use std::borrow::Cow;

/// One logical line, its line ends and leading blanks inside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogicalLine<'a> {
    /// The bytes: no CR before LF, nothing from a NUL on.
    pub text: Cow<'a, [u8]>,
    /// The last physical line, from 1: the one that messages name.
    pub line: u32,
    /// The first physical line, from 1.
    pub first_line: u32,
    /// Where it begins in the file, in bytes.
    pub start: usize,
}

/// Cuts a cf into its logical lines; empty ones are left out.
pub fn logical_lines(text: &[u8]) -> impl Iterator<Item = LogicalLine<'_>> {
    let is_clean = memchr::memchr2(b'\r', 0, text).is_none();
    let (mut start, mut number) = (0, 0);
    std::iter::from_fn(move || {
        while start < text.len() {
            let begin = start;
            let first_line = number + 1;
            let end = loop {
                let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
                // line ends are counted: a last line without one has the number of the line before
                number += u32::from(end < text.len());
                start = end + 1;
                // a blank or a tab continues the line before, even an empty one
                if !matches!(text.get(start), Some(b' ' | b'\t')) {
                    break end;
                }
            };
            if end > begin {
                let slice = &text[begin..end];
                let text = if is_clean { Cow::Borrowed(slice) } else { clean(slice, end < text.len()) };
                return Some(LogicalLine { text, line: number, first_line, start: begin });
            }
        }
        None
    })
}

/// Without CR before LF and without what follows a NUL.
fn clean(slice: &[u8], ended: bool) -> Cow<'_, [u8]> {
    let mut text = Vec::with_capacity(slice.len());
    for (index, &byte) in slice.iter().enumerate() {
        let before_end = match slice.get(index + 1) {
            Some(next) => *next == b'\n',
            None => ended,
        };
        match byte {
            0 => break,
            b'\r' if before_end => {}
            _ => text.push(byte),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(Vec<u8>, u32)> {
        logical_lines(text).map(|line| (line.text.into_owned(), line.line)).collect()
    }

    #[test]
    fn continued_lines_keep_their_ends() {
        assert_eq!(lines(b"DXa\n b\nDYc\n"), [(b"DXa\n b".to_vec(), 2), (b"DYc".to_vec(), 3)]);
    }

    #[test]
    fn an_empty_line_may_be_continued() {
        assert_eq!(lines(b"a\n\n b\n\nc"), [(b"a".to_vec(), 1), (b"\n b".to_vec(), 3), (b"c".to_vec(), 4)]);
    }

    #[test]
    fn carriage_returns_and_nuls() {
        assert_eq!(lines(b"a\rb\r\nc\0d\r\n"), [(b"a\rb".to_vec(), 1), (b"c".to_vec(), 2)]);
    }
}
