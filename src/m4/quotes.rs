//! Quotes: m4's own, and what stands in their place where a text went through other hands.

/// A character that is no quote for m4 but was meant to be one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Odd {
    /// `'` where an opening quote belongs; or the closing one of such a pair, which is right as it is.
    Straight,
    /// `"`.
    Double,
    /// A backquote where a closing quote belongs.
    Back,
    /// A quote of word processors.
    Typographic,
}

/// After the quote that closes the one at `at`; nothing if none does before `end`.
pub(super) fn closing(text: &[u8], at: usize, end: usize) -> Option<usize> {
    let mut depth = 0u32;
    for found in memchr::memchr2_iter(b'`', b'\'', &text[at..end]) {
        match text[at + found] {
            b'`' => depth += 1,
            _ if depth == 1 => return Some(at + found + 1),
            _ => depth -= 1,
        }
    }
    None
}

/// The quote-like character at `at` and its length.
pub(super) fn odd(text: &[u8], at: usize) -> Option<(usize, Odd)> {
    let rest = text.get(at..)?;
    match rest.first()? {
        b'\'' => Some((1, Odd::Straight)),
        b'"' => Some((1, Odd::Double)),
        b'`' => Some((1, Odd::Back)),
        _ => typographic(rest).map(|length| (length, Odd::Typographic)),
    }
}

/// Length of the typographic quote that a text begins with: UTF-8, or one byte of Windows-1252.
pub(super) fn typographic(rest: &[u8]) -> Option<usize> {
    match rest {
        [0xe2, 0x80, 0x98..=0x9f | 0xb2 | 0xb5, ..] => Some(3),
        [0xc2, 0xb4, ..] => Some(2),
        [0x82 | 0x84 | 0x91..=0x94 | 0xb4, next, ..] if *next < 0x80 => Some(1),
        [0x82 | 0x84 | 0x91..=0x94 | 0xb4] => Some(1),
        _ => None,
    }
}

fn argument_ends(text: &[u8], at: usize) -> bool {
    let next = text[at..].iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(next, None | Some(b',' | b')'))
}

/// An argument that begins at `at` with something else than a backquote and is closed on the same line
/// (where `text` ends): opening and closing quote. Double quotes count only where `double` says so.
pub(super) fn misquoted(text: &[u8], at: usize, double: bool) -> Option<[(usize, usize, Odd, bool); 2]> {
    let (length, kind) = odd(text, at).filter(|(_, kind)| *kind != Odd::Back)?;
    if kind == Odd::Double && !double {
        return None;
    }
    let mut close = at + length;
    while close < text.len() {
        if let Some((width, other)) = odd(text, close) {
            let fits = (kind == Odd::Double) == (other == Odd::Double);
            if fits && argument_ends(text, close + width) {
                return Some([(at, length, kind, true), (close, width, other, false)]);
            }
            close += width;
        } else {
            close += 1;
        }
    }
    None
}

/// The character on this line (where `text` ends) that was meant to close the quote at `at`. A
/// backquote counts only where the quoted text would otherwise run on over the lines.
pub(super) fn bad_closing(text: &[u8], at: usize, runs_on: bool) -> Option<(usize, usize, Odd)> {
    let mut close = at + 1;
    while close < text.len() {
        match odd(text, close) {
            Some((_, Odd::Straight)) => return None,
            Some((width, kind)) => {
                let counts = kind == Odd::Typographic || runs_on;
                if counts && argument_ends(text, close + width) {
                    return Some((close, width, kind));
                }
                close += width;
            }
            None => close += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let pair = misquoted(b"'a, b', 'c')", 0, true).expect("a pair");
        assert_eq!((pair[0].0, pair[1].0), (0, 5));
        assert!(misquoted(b"\"a\")", 0, false).is_none());
        let text = "\u{2018}x\u{2019})".as_bytes();
        assert_eq!(misquoted(text, 0, true).expect("a pair")[1].0, 4);
        assert!(misquoted(b"`a')", 0, true).is_none());
    }

    #[test]
    fn closers() {
        assert_eq!(closing(b"`a `b' c' d", 0, 11), Some(9));
        assert_eq!(closing(b"`a `b' c", 0, 8), None);
        assert_eq!(bad_closing(b"`x`, `y`)", 0, true), Some((2, 1, Odd::Back)));
        assert_eq!(bad_closing(b"`x`, `y`)", 0, false), None);
        assert_eq!(bad_closing(b"`x\x92)", 0, false), Some((2, 1, Odd::Typographic)));
    }
}
