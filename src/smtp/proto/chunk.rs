//! The argument of BDAT (RFC 3030, section 2): `chunk-size [LAST]`.

use super::line::word_and_rest;

/// One chunk, as announced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Bytes that follow the command.
    pub size: u64,
    /// Is it the last one of its message?
    pub is_last: bool,
    /// Something stands there that means nothing.
    pub has_more_words: bool,
}

impl Chunk {
    /// `None` where the size is none.
    pub fn parse(argument: &[u8]) -> Option<Self> {
        let (size, words) = word_and_rest(argument);
        if !size.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = std::str::from_utf8(size).ok()?.parse().ok()?;
        let words = words.trim_ascii_end();
        let is_last = words.eq_ignore_ascii_case(b"LAST");
        Some(Self { size, is_last, has_more_words: !is_last && !words.is_empty() })
    }
}

#[cfg(test)]
mod tests {
    use super::Chunk;

    #[test]
    fn sizes() {
        let parsed = |text: &str| {
            Chunk::parse(text.as_bytes()).map(|chunk| (chunk.size, chunk.is_last, chunk.has_more_words))
        };
        assert_eq!(parsed("86"), Some((86, false, false)));
        assert_eq!(parsed("0  last "), Some((0, true, false)));
        assert_eq!(parsed("18446744073709551615 LAST"), Some((u64::MAX, true, false)));
        assert_eq!(parsed("7 FIRST"), Some((7, false, true)));
        for text in ["", "LAST", "-1", "+1", "1k", "18446744073709551616"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
