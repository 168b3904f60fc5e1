//! `format`: printf over texts.

/// One `%` specification.
struct Spec {
    left: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    /// Bits of an integer: 8 for `hh`, 16 for `h`, else 32 or (`l`) 64.
    bits: u32,
}

/// Formats; gives back the warnings. Widths beyond `limit` are cut to it.
pub(super) fn format(out: &mut Vec<u8>, pattern: &[u8], arguments: &[&[u8]], limit: usize) -> Vec<Vec<u8>> {
    let mut formatter = Formatter { out, arguments: arguments.iter(), used: 0, warnings: Vec::new(), limit };
    formatter.run(pattern);
    let (used, given) = (formatter.used, arguments.len());
    let mut warnings = formatter.warnings;
    if given > used {
        warnings.push(b"Warning: excess arguments to builtin `format' ignored".to_vec());
    }
    warnings
}

struct Formatter<'a, 'o> {
    out: &'o mut Vec<u8>,
    arguments: std::slice::Iter<'a, &'a [u8]>,
    used: usize,
    warnings: Vec<Vec<u8>>,
    limit: usize,
}

impl<'a> Formatter<'a, '_> {
    fn run(&mut self, pattern: &[u8]) {
        let mut rest = pattern;
        while let Some(at) = memchr::memchr(b'%', rest) {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let [b'%', tail @ ..] = rest {
                self.out.push(b'%');
                rest = tail;
                continue;
            }
            rest = self.specification(rest);
        }
        self.out.extend_from_slice(rest);
    }

    fn argument(&mut self) -> &'a [u8] {
        self.used += 1;
        self.arguments.next().copied().unwrap_or(b"")
    }

    fn specification<'p>(&mut self, text: &'p [u8]) -> &'p [u8] {
        let mut spec = Spec {
            left: false,
            plus: false,
            blank: false,
            zero: false,
            alternate: false,
            width: 0,
            precision: None,
            bits: 32,
        };
        let mut rest = text;
        while let Some((flag, tail)) = rest.split_first() {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.blank = true,
                b'0' => spec.zero = true,
                b'#' => spec.alternate = true,
                b'\'' => {}
                _ => break,
            }
            rest = tail;
        }
        let width;
        (width, rest) = self.count(rest);
        if let Some(width) = width {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).min(self.limit);
        }
        if let [b'.', tail @ ..] = rest {
            let precision;
            (precision, rest) = self.count(tail);
            let precision = precision.unwrap_or(0);
            spec.precision = usize::try_from(precision).ok().map(|precision| precision.min(self.limit));
        }
        rest = match rest {
            [b'h', b'h', tail @ ..] => (spec.bits = 8, tail).1,
            [b'h', tail @ ..] => (spec.bits = 16, tail).1,
            [b'l', tail @ ..] => (spec.bits = 64, tail).1,
            _ => rest,
        };
        let Some((letter, tail)) = rest.split_first() else {
            self.unrecognized(text, text.len());
            return rest;
        };
        if !self.convert(*letter, &spec) {
            self.unrecognized(text, text.len() - tail.len());
        }
        tail
    }

    fn unrecognized(&mut self, text: &[u8], length: usize) {
        let message = [b"Warning: unrecognized specifier in `%", &text[..length], b"'"].concat();
        self.warnings.push(message);
    }

    /// Digits, or `*` for the next argument.
    fn count<'p>(&mut self, text: &'p [u8]) -> (Option<i64>, &'p [u8]) {
        if let [b'*', tail @ ..] = text {
            let argument = self.argument();
            return (Some(self.integer(argument)), tail);
        }
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fold = |sum: i64, byte: &u8| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
        let count = (digits > 0).then(|| text[..digits].iter().fold(0, fold));
        (count, &text[digits..])
    }

    /// strtol in base 0, which C programs use to read numbers: 0x and 0 prefixes count.
    fn integer(&mut self, text: &[u8]) -> i64 {
        if text.is_empty() {
            self.warnings.push(b"empty string treated as 0".to_vec());
            return 0;
        }
        let trimmed = text.trim_ascii_start();
        let (negative, digits) = match trimmed {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (radix, digits) = match digits {
            [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
            [b'0', ..] => (8, digits),
            rest => (10, rest),
        };
        let mut value: i64 = 0;
        let mut length = 0;
        for digit in digits.iter().map_while(|byte| char::from(*byte).to_digit(radix)) {
            let step = value.saturating_mul(i64::from(radix));
            value =
                if negative { step.saturating_sub(digit.into()) } else { step.saturating_add(digit.into()) };
            length += 1;
        }
        if length < digits.len() || length == 0 {
            self.warnings.push([b"non-numeric argument ", text].concat());
        }
        value
    }

    fn convert(&mut self, letter: u8, spec: &Spec) -> bool {
        match letter {
            b'c' => {
                let argument = self.argument();
                let byte = self.integer(argument) as u8;
                self.pad(&[byte], spec);
            }
            b's' => {
                let text = self.argument();
                let most = spec.precision.unwrap_or(text.len()).min(text.len());
                self.pad(&text[..most], spec);
            }
            b'd' | b'i' => {
                let argument = self.argument();
                let value = self.integer(argument);
                self.signed(cut_signed(value, spec.bits), spec);
            }
            b'o' | b'x' | b'X' | b'u' => {
                let argument = self.argument();
                let value = self.integer(argument);
                self.unsigned(letter, cut_unsigned(value, spec.bits), spec);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let argument = self.argument();
                let value = self.float(argument);
                self.floating(letter, value, spec);
            }
            _ => return false,
        }
        true
    }

    fn pad(&mut self, text: &[u8], spec: &Spec) {
        let fill = spec.width.saturating_sub(text.len());
        if !spec.left {
            self.out.resize(self.out.len() + fill, b' ');
        }
        self.out.extend_from_slice(text);
        if spec.left {
            self.out.resize(self.out.len() + fill, b' ');
        }
    }

    /// Sign, prefix and digits; zeros between prefix and digits where they are asked for.
    fn number(&mut self, sign: &str, digits: &[u8], zeros: bool, spec: &Spec) {
        let mut text = sign.as_bytes().to_vec();
        if zeros && !spec.left {
            let fill = spec.width.saturating_sub(sign.len() + digits.len());
            text.resize(text.len() + fill, b'0');
        }
        text.extend_from_slice(digits);
        self.pad(&text, spec);
    }

    fn signed(&mut self, value: i64, spec: &Spec) {
        let digits = digits_of(value.unsigned_abs().to_string(), spec.precision, value == 0);
        self.number(sign_of(value < 0, spec), &digits, spec.zero && spec.precision.is_none(), spec);
    }

    fn unsigned(&mut self, letter: u8, value: u64, spec: &Spec) {
        let (text, prefix) = match letter {
            b'o' => (format!("{value:o}"), ""),
            b'x' => (format!("{value:x}"), if spec.alternate && value != 0 { "0x" } else { "" }),
            b'X' => (format!("{value:X}"), if spec.alternate && value != 0 { "0X" } else { "" }),
            _ => (value.to_string(), ""),
        };
        let mut digits = digits_of(text, spec.precision, value == 0);
        if letter == b'o' && spec.alternate && digits.first() != Some(&b'0') {
            digits.insert(0, b'0');
        }
        self.number(prefix, &digits, spec.zero && spec.precision.is_none(), spec);
    }

    fn float(&mut self, text: &[u8]) -> f64 {
        if text.is_empty() {
            self.warnings.push(b"empty string treated as 0".to_vec());
            return 0.0;
        }
        let (value, rest) = super::float::parse(text);
        if rest > 0 {
            self.warnings.push([b"non-numeric argument ", text].concat());
        }
        value
    }

    fn floating(&mut self, letter: u8, value: f64, spec: &Spec) {
        let upper = letter.is_ascii_uppercase();
        let magnitude = value.abs();
        let precision = spec.precision.map(|precision| precision.min(5_000));
        let text = match letter.to_ascii_lowercase() {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => "inf".to_owned(),
            b'f' => super::float::fixed(magnitude, precision.unwrap_or(6), spec.alternate),
            b'e' => super::float::exponent(magnitude, precision.unwrap_or(6), spec.alternate),
            b'g' => super::float::general(magnitude, precision.unwrap_or(6), spec.alternate),
            _ => super::float::hexadecimal(magnitude, precision, spec.alternate),
        };
        let text = if upper { text.to_ascii_uppercase() } else { text };
        let sign = sign_of(value.is_sign_negative(), spec);
        let (sign, digits) = match text.get(..2) {
            Some("0x") => (format!("{sign}0x"), &text[2..]),
            Some("0X") => (format!("{sign}0X"), &text[2..]),
            _ => (sign.to_owned(), &text[..]),
        };
        self.number(&sign, digits.as_bytes(), spec.zero && value.is_finite(), spec);
    }
}

fn sign_of(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.plus, spec.blank) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn digits_of(text: String, precision: Option<usize>, is_zero: bool) -> Vec<u8> {
    let mut digits = if is_zero && precision == Some(0) { Vec::new() } else { text.into_bytes() };
    let missing = precision.unwrap_or(1).saturating_sub(digits.len());
    digits.splice(0..0, std::iter::repeat_n(b'0', missing));
    digits
}

fn cut_signed(value: i64, bits: u32) -> i64 {
    match bits {
        8 => i64::from(value as i8),
        16 => i64::from(value as i16),
        32 => i64::from(value as i32),
        _ => value,
    }
}

fn cut_unsigned(value: i64, bits: u32) -> u64 {
    match bits {
        8 => u64::from(value as u8),
        16 => u64::from(value as u16),
        32 => u64::from(value as u32),
        _ => value as u64,
    }
}
