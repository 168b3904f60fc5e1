//! Numbers, addresses and times as C reads them.

use std::net::IpAddr;

/// C's strtol in base 10 (atoi): white space, a sign, digits; what follows is ignored.
pub(super) fn leading_int(text: &[u8]) -> i64 {
    parse_int(text, 10).0
}

/// C's strtol: the number (saturated) and how many bytes it took; base 0 knows 0x and 0.
pub(super) fn parse_int(text: &[u8], base: u32) -> (i64, usize) {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let mut at = blanks;
    let negative = text.get(at) == Some(&b'-');
    at += usize::from(matches!(text.get(at), Some(b'-' | b'+')));
    let hexadecimal = text.get(at) == Some(&b'0')
        && matches!(text.get(at + 1), Some(b'x' | b'X'))
        && text.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
    let base = match base {
        0 if hexadecimal => 16,
        0 if text.get(at) == Some(&b'0') => 8,
        0 => 10,
        other => other,
    };
    if base == 16 && hexadecimal {
        at += 2;
    }
    let start = at;
    let mut value: i64 = 0;
    while let Some(digit) = text.get(at).and_then(|byte| (*byte as char).to_digit(base)) {
        value = value.saturating_mul(base as i64).saturating_add(digit as i64);
        at += 1;
    }
    if at == start {
        return (0, 0);
    }
    (if negative { -value } else { value }, at)
}

/// An address as C's inet_addr reads it (one to four numbers of any base, the last one filling what is left;
/// what follows a blank is ignored), or an IPv6 address. 255.255.255.255 is C's word for an error.
pub(super) fn numeric_address(text: &[u8]) -> Option<IpAddr> {
    let bare = text.strip_prefix(b"IPv6:").unwrap_or(text);
    if let Some(six) = std::str::from_utf8(bare).ok().and_then(|text| text.parse().ok()) {
        return Some(IpAddr::V6(six));
    }
    let end = text.iter().position(crate::addr::is_space).unwrap_or(text.len());
    let parts: Vec<&[u8]> = text[..end].split(|byte| *byte == b'.').collect();
    let (last, firsts) = parts.split_last().filter(|(_, firsts)| firsts.len() < 4)?;
    let number = |part: &[u8]| {
        let (number, length) = parse_int(part, 0);
        let whole = part.first().is_some_and(u8::is_ascii_digit) && length == part.len();
        whole.then_some(number).and_then(|number| u32::try_from(number).ok())
    };
    let left = 8 * (4 - firsts.len() as u32);
    let mut address = number(last).filter(|last| u64::from(*last) < 1 << left)?;
    for (at, part) in firsts.iter().enumerate() {
        address |= u32::from(u8::try_from(number(part)?).ok()?) << (24 - 8 * at);
    }
    (address != u32::MAX).then(|| IpAddr::V4(address.into()))
}

/// A time like `1h30m` in seconds; a number without unit takes `unit`. The letters that are no
/// units come back too; `unit` is taken in their place.
pub(super) fn parse_time(text: &[u8], unit: u8) -> (i64, Vec<u8>) {
    let mut problems = Vec::new();
    if text.eq_ignore_ascii_case(b"now") {
        return (0, problems);
    }
    let mut total: i64 = 0;
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = leading_int(&rest[..digits]);
        let letter = rest.get(digits).copied().unwrap_or(unit);
        rest = rest.get(digits + 1..).unwrap_or_default();
        let seconds = unit_seconds(letter).unwrap_or_else(|| {
            problems.push(letter);
            unit_seconds(unit).unwrap_or(1)
        });
        total = total.saturating_add(number.saturating_mul(seconds));
    }
    (if negative { -total } else { total }, problems)
}

fn unit_seconds(letter: u8) -> Option<i64> {
    Some(match letter {
        b'w' => 7 * 86400,
        b'd' => 86400,
        b'h' => 3600,
        b'm' => 60,
        b's' => 1,
        _ => return None,
    })
}

/// t T y Y or nothing is true.
pub(super) fn is_true(text: &[u8]) -> bool {
    matches!(text.first(), None | Some(b't' | b'T' | b'y' | b'Y'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let four = |text: &[u8]| numeric_address(text).map(|address| address.to_string());
        let rows: [(&[u8], &str); 7] = [
            (b"1", "0.0.0.1"),
            (b"0x7f000001", "127.0.0.1"),
            (b"127.1", "127.0.0.1"),
            (b"1.2.3", "1.2.0.3"),
            (b"010.2.3.4", "8.2.3.4"),
            (b"1 2", "0.0.0.1"),
            (b"IPv6:::1", "::1"),
        ];
        for (text, want) in rows {
            assert_eq!(four(text).as_deref(), Some(want));
        }
        for text in [
            &b"255.255.255.255"[..],
            b"256.1",
            b"1.16777216",
            b"1.2.3.4.5",
            b"1.",
            b".1",
            b"08",
            b"0x",
            b"-1",
            b"",
        ] {
            assert_eq!(four(text), None);
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(parse_int(b" -12x", 10), (-12, 4));
        assert_eq!(parse_int(b"0x1fz", 0), (31, 4));
        assert_eq!(parse_int(b"017", 0), (15, 3));
        assert_eq!(parse_int(b"x", 10), (0, 0));
    }

    #[test]
    fn times() {
        assert_eq!(parse_time(b"1h30m", b'm'), (5400, vec![]));
        assert_eq!(parse_time(b"5", b'd'), (432_000, vec![]));
        assert_eq!(parse_time(b"5x", b'm'), (300, b"x".to_vec()));
        assert_eq!(parse_time(b"-2s", b'm'), (-2, vec![]));
    }
}
