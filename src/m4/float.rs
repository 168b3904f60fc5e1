//! Floating-point numbers as C reads and prints them.

/// strtod: the value and how many bytes were not used.
pub(super) fn parse(text: &[u8]) -> (f64, usize) {
    let trimmed = text.trim_ascii_start();
    let (negative, body) = match trimmed {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let lower = body.to_ascii_lowercase();
    let (value, length) = if lower.starts_with(b"0x") {
        hexadecimal_value(&lower)
    } else if lower.starts_with(b"infinity") {
        (f64::INFINITY, 8)
    } else if lower.starts_with(b"inf") {
        (f64::INFINITY, 3)
    } else if lower.starts_with(b"nan") {
        let inner = lower.get(3..).unwrap_or(b"");
        let tail = inner.iter().position(|byte| *byte == b')').filter(|_| inner.starts_with(b"("));
        (f64::NAN, 3 + tail.map_or(0, |end| end + 1))
    } else {
        decimal_value(&lower)
    };
    (if negative { -value } else { value }, body.len() - length)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Length of an exponent part (`e-12`) at the beginning of a text, 0 if there is none.
fn exponent_length(text: &[u8], letter: u8) -> usize {
    let [first, rest @ ..] = text else { return 0 };
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    let count = digits(&rest[sign..]);
    if *first == letter && count > 0 { 1 + sign + count } else { 0 }
}

fn decimal_value(text: &[u8]) -> (f64, usize) {
    let whole = digits(text);
    let mut length = whole;
    let mut fraction = 0;
    if text.get(whole) == Some(&b'.') {
        fraction = digits(&text[whole + 1..]);
        length += 1 + fraction;
    }
    if whole + fraction == 0 {
        return (0.0, 0);
    }
    length += exponent_length(&text[length..], b'e');
    let number = std::str::from_utf8(&text[..length]).ok().and_then(|text| text.parse().ok());
    (number.unwrap_or(0.0), length)
}

fn hexadecimal_value(text: &[u8]) -> (f64, usize) {
    let mut value = 0.0f64;
    let mut scale = 0i32;
    let (mut at, mut seen, mut point) = (2, false, false);
    while let Some(byte) = text.get(at) {
        match char::from(*byte).to_digit(16) {
            Some(digit) => {
                value = value * 16.0 + f64::from(digit);
                scale -= if point { 4 } else { 0 };
                seen = true;
            }
            None if *byte == b'.' && !point => point = true,
            None => break,
        }
        at += 1;
    }
    if !seen {
        return (0.0, 1);
    }
    let length = exponent_length(&text[at..], b'p');
    if length > 0 {
        let exponent =
            std::str::from_utf8(&text[at + 1..at + length]).ok().and_then(|text| text.parse().ok());
        scale = scale.saturating_add(exponent.unwrap_or(0i32));
    }
    (value * 2f64.powi(scale.clamp(-5000, 5000)), at + length)
}

/// `%f` of a number that is not negative.
pub(super) fn fixed(value: f64, precision: usize, point: bool) -> String {
    let mut text = format!("{value:.precision$}");
    if precision == 0 && point {
        text.push('.');
    }
    text
}

/// `%e`.
pub(super) fn exponent(value: f64, precision: usize, point: bool) -> String {
    let (mut mantissa, exponent) = scientific(value, precision);
    if precision == 0 && point {
        mantissa.push('.');
    }
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn scientific(value: f64, precision: usize) -> (String, i32) {
    let text = format!("{value:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa.to_owned(), exponent.parse().unwrap_or(0)),
        None => (text, 0),
    }
}

/// `%g`.
pub(super) fn general(value: f64, precision: usize, point: bool) -> String {
    let precision = precision.max(1);
    let (_, power) = scientific(value, precision - 1);
    let small = power < -4 || i64::from(power) >= i64::try_from(precision).unwrap_or(i64::MAX);
    let text = if small {
        exponent(value, precision - 1, point)
    } else {
        let digits = i64::try_from(precision).unwrap_or(i64::MAX) - 1 - i64::from(power);
        fixed(value, usize::try_from(digits).unwrap_or(0), point)
    };
    if point {
        return text;
    }
    let (mantissa, tail) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (&text[..], ""),
    };
    match mantissa.contains('.') {
        true => format!("{}{tail}", mantissa.trim_end_matches('0').trim_end_matches('.')),
        false => text,
    }
}

/// `%a`.
pub(super) fn hexadecimal(value: f64, precision: Option<usize>, point: bool) -> String {
    let bits = value.to_bits();
    let mut fraction = bits & ((1 << 52) - 1);
    let raw = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let (mut lead, exponent) = match (raw, fraction) {
        (0, 0) => (0, 0),
        (0, _) => (0, -1022),
        _ => (1, raw - 1023),
    };
    if let Some(precision) = precision.filter(|precision| *precision < 13) {
        let drop = 52 - 4 * u32::try_from(precision).unwrap_or(0);
        let whole = (lead << 52) | fraction;
        let (unit, rest) = (1u64 << drop, whole & ((1u64 << drop) - 1));
        let mut kept = whole >> drop;
        if rest > unit / 2 || rest == unit / 2 && kept & 1 == 1 {
            kept += 1;
        }
        lead = kept >> (52 - drop);
        fraction = (kept << drop) & ((1 << 52) - 1);
    }
    let mut digits = format!("{fraction:013x}");
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(precision) => {
            digits.truncate(precision);
            digits.extend(std::iter::repeat_n('0', precision - digits.len()));
        }
    }
    let dot = if digits.is_empty() && !point { "" } else { "." };
    format!("0x{lead}{dot}{digits}p{exponent:+}")
}
