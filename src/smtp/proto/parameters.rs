//! `KEYWORD=value` words after an address (RFC 5321, section 4.1.1.11).

use super::line::skip_blanks;

/// The most parameters one command may carry, as sendmail counts them.
const MAX_PARAMETERS: usize = 17;

/// One parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter<'a> {
    /// As written.
    pub keyword: &'a [u8],
    /// After the `=`, if there was one.
    pub value: Option<&'a [u8]>,
}

/// Why the list ends early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParameterError<'a> {
    /// Something that is no keyword at all; as far as it looked like one.
    Unrecognized(&'a [u8]),
    /// More than a command may carry; the first ones are read.
    TooMany,
}

/// One parameter, or why there is none.
type Read<'a> = Result<Parameter<'a>, ParameterError<'a>>;

/// Reads the parameters in order; the first error ends the list. A keyword or a value ends at a blank, a control character or
/// (a value) another `=`, which go with it.
pub fn parameters<'a>(text: &'a [u8]) -> impl Iterator<Item = Read<'a>> {
    let mut rest = text;
    let mut count = 0;
    std::iter::from_fn(move || {
        rest = skip_blanks(rest);
        if rest.is_empty() {
            return None;
        }
        count += 1;
        let next = match count > MAX_PARAMETERS {
            true => Err(ParameterError::TooMany),
            false => first_parameter(rest),
        };
        let (parameter, tail) = match next {
            Ok((parameter, tail)) => (Ok(parameter), tail),
            Err(error) => (Err(error), &rest[rest.len()..]),
        };
        rest = tail;
        Some(parameter)
    })
}

fn first_parameter(text: &[u8]) -> Result<(Parameter<'_>, &[u8]), ParameterError<'_>> {
    let ends = |byte: u8| byte == b' ' || byte.is_ascii_control();
    let (keyword, rest) = split_at(text, |byte| !byte.is_ascii_alphanumeric() && byte != b'-');
    let Some((first, behind)) = rest.split_first() else {
        return Ok((Parameter { keyword, value: None }, rest));
    };
    match first {
        b'=' => {
            let (value, rest) = split_at(behind, |byte| ends(byte) || byte == b'=');
            Ok((Parameter { keyword, value: Some(value) }, rest.get(1..).unwrap_or_default()))
        }
        byte if ends(*byte) => Ok((Parameter { keyword, value: None }, behind)),
        _ => Err(ParameterError::Unrecognized(keyword)),
    }
}

/// What stands before the first such byte, and the rest.
fn split_at(text: &[u8], is_end: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| is_end(*byte)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_values() {
        let all: Vec<_> = parameters(b"  BODY=7BIT SIZE BY= X:").collect();
        assert_eq!(all[0], Ok(Parameter { keyword: b"BODY", value: Some(b"7BIT") }));
        assert_eq!(all[1], Ok(Parameter { keyword: b"SIZE", value: None }));
        assert_eq!(all[2], Ok(Parameter { keyword: b"BY", value: Some(b"") }));
        assert_eq!(all[3], Err(ParameterError::Unrecognized(b"X")));
    }

    #[test]
    fn control_characters_and_equals_signs_end_a_value() {
        let parameter =
            |keyword: &'static [u8], value: Option<&'static [u8]>| Ok(Parameter { keyword, value });
        let rows: [(&[u8], &[Read<'_>]); 6] = [
            (b"AUTH=x\x1bfoo", &[parameter(b"AUTH", Some(b"x")), parameter(b"foo", None)]),
            (b"SIZE\x01=1", &[parameter(b"SIZE", None), parameter(b"", Some(b"1"))]),
            (
                b"ENVID=a\x02\x03RET",
                &[parameter(b"ENVID", Some(b"a")), parameter(b"", None), parameter(b"RET", None)],
            ),
            (b"BODY=7BIT\x7f", &[parameter(b"BODY", Some(b"7BIT"))]),
            (b"A=b=c D", &[parameter(b"A", Some(b"b")), parameter(b"c", None), parameter(b"D", None)]),
            (b"A=\xe9 \xe9", &[parameter(b"A", Some(b"\xe9")), Err(ParameterError::Unrecognized(b""))]),
        ];
        for (text, expected) in rows {
            assert_eq!(parameters(text).collect::<Vec<_>>(), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn seventeen_are_enough() {
        let text = b"A ".repeat(30);
        assert_eq!(parameters(&text).count(), 18);
        assert_eq!(parameters(&text).last(), Some(Err(ParameterError::TooMany)));
    }
}
