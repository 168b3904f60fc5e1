//! Command lines: where they end, and their first words.

use crate::addr::bare_bytes;

/// The longest command line in bytes, line end included. RFC 5321, section 4.5.3.1.4, wants 512 at least;
/// sendmail takes this many.
pub const MAX_COMMAND_LINE: usize = 2048;

/// The longest line of AUTH and of a response to its challenges (RFC 4954, section 4).
pub const MAX_AUTH_LINE: usize = 12288;

/// What the input holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextLine {
    /// No line end yet.
    Incomplete,
    /// A line: its length without the line end, and with it.
    Line {
        /// Bytes before the line end.
        text: usize,
        /// Bytes with it.
        whole: usize,
    },
    /// More than allowed; the length of the line if its end is here, else of the input.
    TooLong(usize),
}

/// Looks for the first command line.
pub fn next_command(input: &[u8]) -> NextLine {
    let auth = input.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"AUTH "));
    next_line(input, if auth { MAX_AUTH_LINE } else { MAX_COMMAND_LINE })
}

/// Looks for the first line of at most so many bytes. A line feed alone ends a command: sendmail is strict about line ends
/// inside message data only.
pub fn next_line(input: &[u8], most: usize) -> NextLine {
    match memchr::memchr(b'\n', input) {
        None if input.len() > most => NextLine::TooLong(input.len()),
        None => NextLine::Incomplete,
        Some(end) if end >= most => NextLine::TooLong(end + 1),
        Some(end) => {
            // a client that ends its lines with CR CR LF means one line end
            let text = input[..end].iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
            NextLine::Line { text, whole: end + 1 }
        }
    }
}

/// Is it white space between words of a command?
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// The text after leading white space.
pub fn skip_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    &text[start..]
}

/// The first word and what follows it, blanks skipped on both sides.
pub fn word_and_rest(text: &[u8]) -> (&[u8], &[u8]) {
    let text = skip_blanks(text);
    let end = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
    (&text[..end], skip_blanks(&text[end..]))
}

/// The verb of a command line and its arguments.
pub fn split_verb(line: &[u8]) -> (&[u8], &[u8]) {
    word_and_rest(line)
}

/// Cuts `FROM:<path> …` after the colon.
///
/// # Errors
/// The word found instead, which the reply quotes.
pub fn split_path<'a>(argument: &'a [u8], keyword: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    let text = skip_blanks(argument);
    let end = text.iter().position(|byte| is_blank(*byte) || *byte == b':').unwrap_or(text.len());
    let word = &text[..end];
    let path = skip_blanks(&text[end..]).strip_prefix(b":").map(skip_blanks);
    match path {
        Some(path) if !path.is_empty() && word.eq_ignore_ascii_case(keyword) => Ok(path),
        _ => Err(word),
    }
}

/// Cuts an address from the parameters behind it: at the first blank outside quotes, comments and
/// angle brackets.
pub fn split_address(text: &[u8]) -> (&[u8], &[u8]) {
    match bare_bytes(text).find(|(_, byte)| matches!(byte, b' ' | b'\t')) {
        Some((at, _)) => (&text[..at], skip_blanks(&text[at..])),
        None => (text.trim_ascii_end(), &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_feed_alone_ends_a_command() {
        assert_eq!(next_command(b"RSET\nNOOP\r\n"), NextLine::Line { text: 4, whole: 5 });
        assert_eq!(next_command(b"NOOP\r\n"), NextLine::Line { text: 4, whole: 6 });
        assert_eq!(next_command(b"NOO"), NextLine::Incomplete);
    }

    #[test]
    fn long_lines_are_told_apart_from_unfinished_ones() {
        let mut line = vec![b'z'; MAX_COMMAND_LINE - 1];
        line.push(b'\n');
        assert!(matches!(next_command(&line), NextLine::Line { .. }));
        line.insert(0, b'z');
        assert_eq!(next_command(&line), NextLine::TooLong(2049));
        assert_eq!(next_command(&[b'z'; 3000]), NextLine::TooLong(3000));
    }

    #[test]
    fn paths() {
        assert_eq!(split_path(b"FROM:<a@b> SIZE=1", b"from"), Ok(&b"<a@b> SIZE=1"[..]));
        assert_eq!(split_path(b" from : <a@b>", b"FROM"), Ok(&b"<a@b>"[..]));
        for (argument, word) in [("", ""), ("FROM", "FROM"), ("FROM:", "FROM"), ("TO:<a@b>", "TO")] {
            assert_eq!(split_path(argument.as_bytes(), b"FROM"), Err(word.as_bytes()), "{argument}");
        }
    }

    #[test]
    fn an_address_ends_at_a_blank() {
        assert_eq!(split_address(b"<a b@c> SIZE=1 X"), (&b"<a b@c>"[..], &b"SIZE=1 X"[..]));
        assert_eq!(split_address(b"a@b SIZE=1"), (&b"a@b"[..], &b"SIZE=1"[..]));
        assert_eq!(split_address(b"<\"x y\"@c>"), (&b"<\"x y\"@c>"[..], &b""[..]));
        assert_eq!(split_address(b"<a@b"), (&b"<a@b"[..], &b""[..]));
    }
}
