//! A line that is too long for syslog, in pieces.
//!
//! In: identifier and text of a line, escaped already. Out: the line with its identifier, or several, as sendmail numbers them:
//! `ID[1]: text ...`, `ID[2]: the rest`. Never here: where lines go.

/// sendmail's buffer for a line, with what syslog(3) puts before it.
const BUFFER: usize = 1024;
/// What it takes as length of date and process beside the tag.
const STAMP: usize = 34;
/// What the number of a piece takes of it, and the text after that.
const NUMBER: usize = 5;
/// What it leaves free behind a piece that is not the last one.
const RESERVE: usize = 7;
const GOES_ON: &[u8] = b" ...";
/// What a program is called to whom nobody has given a name (`-L`).
const UNNAMED: &[u8] = b"sendmail";

/// Hands over each line that is to be written, in turn.
pub(super) fn for_each_piece(tag: &[u8], id: Option<&[u8]>, text: &[u8], mut write: impl FnMut(Vec<u8>)) {
    let id = id.unwrap_or_default();
    // sendmail counts the NUL behind a name that it was given
    let tag = tag.len() + usize::from(tag != UNNAMED);
    let taken = STAMP + tag + id.len();
    if text.len() + taken + 1 < BUFFER {
        let colon: &[u8] = if id.is_empty() { b"" } else { b": " };
        return write([id, colon, text].concat());
    }
    // a name of any length leaves room for some text
    let room = BUFFER.saturating_sub(taken + NUMBER).max(2 * RESERVE);
    let mut rest = text;
    for number in 1.. {
        let start = [id, format!("[{number}]: ").as_bytes()].concat();
        if rest.len() <= room {
            return write([&start, rest].concat());
        }
        let (piece, behind) = rest.split_at(end_of_piece(rest, room - RESERVE));
        write([&start, piece, GOES_ON].concat());
        rest = behind;
    }
}

/// Behind the last comma or blank, which may stand right behind `limit`; without any, `limit`.
fn end_of_piece(text: &[u8], limit: usize) -> usize {
    let blank = text[..=limit].iter().rposition(|byte| *byte == b',' || byte.is_ascii_whitespace());
    blank.map_or(limit, |place| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &[u8] = b"6B2NJ7H6000056";

    fn pieces(tag: &[u8], text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for_each_piece(tag, Some(ID), text, |line| lines.push(String::from_utf8_lossy(&line).into_owned()));
        lines
    }

    fn lengths(tag: &[u8], text: &[u8]) -> Vec<usize> {
        pieces(tag, text).iter().map(String::len).collect()
    }

    #[test]
    fn lines_are_as_long_as_sendmail_writes_them() {
        // recorded from sendmail 8.17.1.9, without -L and with -L of 1, 6, 8 and 20 bytes
        let longest: &[(&[u8], usize, usize)] = &[
            (b"sendmail", 966, 979),
            (b"a", 972, 985),
            (b"sm-mta", 967, 980),
            (b"averyveryverylongtag", 953, 966),
        ];
        for (tag, whole, first) in longest {
            assert_eq!(lengths(tag, &vec![b'x'; *whole]), [ID.len() + 2 + whole], "{tag:?}");
            assert_eq!(lengths(tag, &vec![b'x'; whole + 1])[0], *first, "{tag:?}");
        }
        assert_eq!(lengths(b"sendmail", &[b'x'; 967]), [979, 30]);
        assert_eq!(lengths(b"sendmail", &[b'x'; 956 + 963]), [979, 982]);
    }

    #[test]
    fn pieces_end_behind_a_comma_or_blank() {
        let with = |byte: u8, place: usize| {
            let mut text = vec![b'x'; 1000];
            text[place] = byte;
            lengths(b"sendmail", &text)
        };
        assert_eq!(with(b',', 100), [124, 918]);
        assert_eq!(with(b' ', 900), [924, 118]);
        assert_eq!(with(b';', 700), [979, 63]);
        assert_eq!(with(b',', 956), [980, 62]);
        assert_eq!(with(b',', 957), [979, 63]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_line_is_lost(text in "[a-z, ]{0,3000}", tag in "[a-z]{0,1100}") {
            let lines = pieces(tag.as_bytes(), text.as_bytes());
            let several = lines.len() > 1;
            let bare = |(number, line): (usize, &String)| {
                let start = if several { format!("6B2NJ7H6000056[{}]: ", number + 1) } else { "6B2NJ7H6000056: ".to_owned() };
                let rest = line.strip_prefix(&start).expect("its identifier").to_owned();
                if number + 1 < lines.len() { rest.strip_suffix(" ...").expect("it goes on").to_owned() } else { rest }
            };
            prop_assert_eq!(lines.iter().enumerate().map(bare).collect::<String>(), text);
        }
    }
}
