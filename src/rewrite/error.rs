//! `$#error $@ code $: text`: exit status and reply.

use crate::addr::without_quotes;
use crate::engine::with_address;
use crate::schema::{EnhancedStatus, Reply, Sysexit};

/// Words for exit statuses, compared without case.
const WORDS: &[(&str, Sysexit)] = &[
    ("usage", Sysexit::USAGE),
    ("nouser", Sysexit::NOUSER),
    ("nohost", Sysexit::NOHOST),
    ("unavailable", Sysexit::UNAVAILABLE),
    ("software", Sysexit::SOFTWARE),
    ("tempfail", Sysexit::TEMPFAIL),
    ("protocol", Sysexit::PROTOCOL),
    ("config", Sysexit::CONFIG),
];

/// Exit statuses of enhanced codes 5.SUBJECT.DETAIL; `None` for the other details of a subject.
const DSN_STATUS: &[(u16, Option<u16>, Sysexit)] = &[
    (0, None, Sysexit::UNAVAILABLE),
    (1, Some(0), Sysexit::DATAERR),
    (1, Some(1), Sysexit::NOUSER),
    (1, Some(2), Sysexit::NOHOST),
    (1, Some(3), Sysexit::USAGE),
    (1, Some(4), Sysexit::UNAVAILABLE),
    (1, Some(5), Sysexit::CONFIG),
    (1, Some(6), Sysexit::NOUSER),
    (1, Some(7), Sysexit::USAGE),
    (1, Some(8), Sysexit::NOHOST),
    (1, None, Sysexit::UNAVAILABLE),
    (2, Some(3), Sysexit::DATAERR),
    (2, None, Sysexit::UNAVAILABLE),
    (3, None, Sysexit::OSERR),
    (4, Some(0), Sysexit::IOERR),
    (4, Some(1), Sysexit::TEMPFAIL),
    (4, Some(2), Sysexit::IOERR),
    (4, Some(3), Sysexit::TEMPFAIL),
    (4, Some(4), Sysexit::PROTOCOL),
    (4, Some(5), Sysexit::TEMPFAIL),
    (4, Some(6), Sysexit::CONFIG),
    (4, None, Sysexit::UNAVAILABLE),
    (5, None, Sysexit::PROTOCOL),
    (6, None, Sysexit::UNAVAILABLE),
    (7, None, Sysexit::DATAERR),
];

/// The exit status of an error mailer's host part.
pub fn error_status(code: Option<&[u8]>) -> Sysexit {
    let Some(code) = code.filter(|code| !code.is_empty()) else { return Sysexit::UNAVAILABLE };
    if code.contains(&b'.') {
        return dsn_status(code);
    }
    if code[0].is_ascii_digit() {
        let digits = code.iter().map_while(|byte| char::from(*byte).to_digit(10));
        return Sysexit(digits.fold(0i32, |sum, digit| sum.saturating_mul(10).saturating_add(digit as i32)));
    }
    let word = WORDS.iter().find(|(word, _)| code.eq_ignore_ascii_case(word.as_bytes()));
    word.map_or(Sysexit::UNAVAILABLE, |(_, status)| *status)
}

fn dsn_status(code: &[u8]) -> Sysexit {
    let number = |part: Option<&[u8]>| {
        let digits = part.unwrap_or_default().iter().map_while(|byte| char::from(*byte).to_digit(10));
        digits.fold(0u16, |sum, digit| sum.saturating_mul(10).saturating_add(digit as u16))
    };
    let mut parts = code.split(|byte| *byte == b'.').skip(1);
    let (subject, detail) = (number(parts.next()), number(parts.next()));
    match code[0] {
        b'2' => Sysexit::OK,
        b'4' => Sysexit::TEMPFAIL,
        b'5' => {
            let row =
                DSN_STATUS.iter().find(|row| row.0 == subject && row.1.is_none_or(|wanted| wanted == detail));
            row.map_or(Sysexit::UNAVAILABLE, |row| row.2)
        }
        _ => Sysexit::CONFIG,
    }
}

/// The reply of an error mailer. `address` stands in front of the text for the codes that are about
/// an address; leave it empty where there is none.
pub fn error_reply(code: Option<&[u8]>, text: &[u8], address: &[u8]) -> Reply {
    let text: Vec<u8> = without_quotes(text).collect();
    let has_code = matches!(text[..], [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..]);
    let mut reply = match has_code {
        true => Reply::parse(&text),
        false => Reply::new(553, Some(EnhancedStatus(5, 3, 0)), text),
    };
    if reply.enhanced.is_none() {
        reply.enhanced = code.and_then(EnhancedStatus::parse);
    }
    with_address(address, reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_codes_and_words() {
        for (code, status) in [
            ("5.1.1", 67),
            ("5.7.1", 65),
            ("4.7.1", 75),
            ("2.0.0", 0),
            ("5.5.4", 76),
            ("9.1.1", 78),
            ("NOHOST", 68),
            ("whatever", 69),
            ("75", 75),
        ] {
            assert_eq!(error_status(Some(code.as_bytes())), Sysexit(status), "{code}");
        }
        assert_eq!(error_status(None), Sysexit::UNAVAILABLE);
    }

    #[test]
    fn replies_take_their_codes_from_text_and_host() {
        let line = |code: Option<&str>, text: &str| {
            let reply = error_reply(code.map(str::as_bytes), text.as_bytes(), b"<u@h>");
            String::from_utf8(reply.to_line()).expect("ASCII")
        };
        assert_eq!(line(Some("5.1.1"), "\"550 User unknown\""), "550 5.1.1 <u@h>... User unknown");
        assert_eq!(line(None, "no"), "553 5.3.0 <u@h>... no");
        assert_eq!(line(Some("4.7.1"), "\"451 4.7.1 Greylisted\""), "451 4.7.1 Greylisted");
    }
}
