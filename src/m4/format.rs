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
    has_precision: bool,
    /// Bits of an integer: 8 for `hh`, 16 for `h`, else 32 or (`l`) 64.
    bits: u32,
}

impl Spec {
    fn of_flags(flags: &[u8]) -> Self {
        Self {
            left: flags.contains(&b'-'),
            plus: flags.contains(&b'+'),
            blank: flags.contains(&b' '),
            zero: flags.contains(&b'0'),
            alternate: flags.contains(&b'#'),
            width: 0,
            precision: None,
            has_precision: false,
            bits: 32,
        }
    }
}

const FLAGS: &[u8] = b"-+ 0#'";

/// Which flags, lengths and precision go with which letters.
struct Conversion {
    letters: &'static [u8],
    flags: &'static [u8],
    precision: bool,
    bits: &'static [u32],
}

const KINDS: &[Conversion] = &[
    Conversion { letters: b"c", flags: b"-", precision: false, bits: &[32] },
    Conversion { letters: b"s", flags: b"-", precision: true, bits: &[32] },
    Conversion { letters: b"di", flags: b"-+ 0'", precision: true, bits: &[8, 16, 32, 64] },
    Conversion { letters: b"u", flags: b"-0'", precision: true, bits: &[8, 16, 32, 64] },
    Conversion { letters: b"oxX", flags: b"-0#", precision: true, bits: &[8, 16, 32, 64] },
    Conversion { letters: b"eE", flags: b"-+ 0#", precision: true, bits: &[32, 64] },
    Conversion { letters: b"aA", flags: b"-+ 0#", precision: true, bits: &[32, 64] },
    Conversion { letters: b"fFgG", flags: b"-+ 0#'", precision: true, bits: &[32, 64] },
];

/// Formats; gives back the warnings. Widths beyond `limit` are cut to it.
pub(super) fn format(out: &mut Vec<u8>, pattern: &[u8], arguments: &[&[u8]], limit: usize) -> Vec<Vec<u8>> {
    let mut formatter = Formatter { out, arguments: arguments.iter(), warnings: Vec::new(), limit };
    formatter.run(pattern);
    formatter.warnings
}

struct Formatter<'a, 'o> {
    out: &'o mut Vec<u8>,
    arguments: std::slice::Iter<'a, &'a [u8]>,
    warnings: Vec<Vec<u8>>,
    limit: usize,
}

impl<'a> Formatter<'a, '_> {
    fn run(&mut self, pattern: &[u8]) {
        let mut rest = pattern;
        while let Some(at) = memchr::memchr(b'%', rest) {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if self.out.len() >= self.limit {
                return; // the caller sees it, and stops
            }
            if let [b'%', tail @ ..] = rest {
                self.out.push(b'%');
                rest = tail;
                continue;
            }
            rest = self.specification(rest, pattern);
        }
        self.out.extend_from_slice(rest);
    }

    /// The next argument, if there is one; where there is none, numbers are 0 and texts empty.
    fn argument(&mut self) -> Option<&'a [u8]> {
        self.arguments.next().copied()
    }

    fn specification<'p>(&mut self, text: &'p [u8], pattern: &[u8]) -> &'p [u8] {
        let used = text.iter().take_while(|byte| FLAGS.contains(byte)).count();
        let (flags, mut rest) = text.split_at(used);
        let mut spec = Spec::of_flags(flags);
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
            spec.has_precision = true;
            spec.precision = usize::try_from(precision).ok().map(|precision| precision.min(self.limit));
        }
        let (modifier, bits) = match rest {
            [b'h', b'h', ..] => (2, 8),
            [b'h', ..] => (1, 16),
            [b'l', ..] => (1, 64),
            _ => (0, 32),
        };
        spec.bits = bits;
        rest = &rest[modifier..];
        let (letter, tail) = rest.split_first().map_or((0, rest), |(letter, tail)| (*letter, tail));
        let kind = KINDS.iter().find(|kind| kind.letters.contains(&letter));
        let fits = |kind: &&Conversion| {
            flags.iter().all(|flag| kind.flags.contains(flag))
                && (kind.precision || !spec.has_precision)
                && kind.bits.contains(&bits)
        };
        match kind.filter(fits) {
            Some(_) => self.convert(letter, &spec),
            None => self.warnings.push([b"Warning: unrecognized specifier in `", pattern, b"'"].concat()),
        }
        tail
    }

    /// Digits, or `*` for the next argument.
    fn count<'p>(&mut self, text: &'p [u8]) -> (Option<i64>, &'p [u8]) {
        if let [b'*', tail @ ..] = text {
            return (Some(i64::from(self.integer(32) as i32)), tail);
        }
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fold = |sum: i64, byte: &u8| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
        let count = (digits > 0).then(|| text[..digits].iter().fold(0, fold));
        (count, &text[digits..])
    }

    /// A decimal number that fits into `bits`, with m4's messages for what is odd about it.
    fn integer(&mut self, bits: u32) -> i64 {
        let Some(text) = self.argument() else { return 0 };
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
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut value: i64 = 0;
        let mut overflow = false;
        for digit in &digits[..length] {
            let digit = i64::from(digit - b'0');
            let step = value.checked_mul(10);
            let next =
                step.and_then(|ten| if negative { ten.checked_sub(digit) } else { ten.checked_add(digit) });
            overflow |= next.is_none();
            value = next.unwrap_or(if negative { i64::MIN } else { i64::MAX });
        }
        if length < digits.len() || length == 0 {
            self.warnings.push([b"non-numeric argument ", text].concat());
        } else if overflow || bits < 64 && i32::try_from(value).is_err() {
            self.warnings.push(b"numeric overflow detected".to_vec());
        } else if trimmed.len() < text.len() {
            self.warnings.push(b"leading whitespace ignored".to_vec());
        }
        value
    }

    fn convert(&mut self, letter: u8, spec: &Spec) {
        match letter {
            b'c' => {
                // A NUL would end a C string: it is not part of the expansion.
                match self.integer(32) as u8 {
                    0 => self.pad(b"", &Spec { width: spec.width.saturating_sub(1), ..*spec }),
                    byte => self.pad(&[byte], spec),
                }
            }
            b's' => {
                let text = self.argument().unwrap_or(b"");
                let most = spec.precision.unwrap_or(text.len()).min(text.len());
                self.pad(&text[..most], spec);
            }
            b'd' | b'i' => {
                let value = self.integer(spec.bits);
                self.signed(cut_signed(value, spec.bits), spec);
            }
            b'o' | b'x' | b'X' | b'u' => {
                let value = self.integer(spec.bits);
                self.unsigned(letter, cut_unsigned(value, spec.bits), spec);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let value = self.float();
                self.floating(letter, value, spec);
            }
            _ => {}
        }
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

    fn float(&mut self) -> f64 {
        let Some(text) = self.argument() else { return 0.0 };
        if text.is_empty() {
            self.warnings.push(b"empty string treated as 0".to_vec());
            return 0.0;
        }
        let (value, rest) = super::float::parse(text);
        let named = text.to_ascii_lowercase();
        if rest > 0 {
            self.warnings.push([b"non-numeric argument ", text].concat());
        } else if out_of_range(value, &named) {
            self.warnings.push(b"numeric overflow detected".to_vec());
        } else if text.first().is_some_and(u8::is_ascii_whitespace) {
            self.warnings.push(b"leading whitespace ignored".to_vec());
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

/// Did reading the number overflow or underflow?
fn out_of_range(value: f64, text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| **byte != b'e' && **byte != b'p');
    let is_zero = !digits.clone().any(|byte| (b'1'..=b'9').contains(byte));
    value.is_infinite() && memchr::memmem::find(text, b"inf").is_none()
        || value.is_subnormal()
        || value == 0.0 && !is_zero
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
