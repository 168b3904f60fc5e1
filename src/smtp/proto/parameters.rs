//! `KEYWORD=value` words after an address (RFC 5321, section 4.1.1.11).

use super::line::{skip_blanks, word_and_rest};

/// The most parameters one command may carry.
const MAX_PARAMETERS: usize = 20;

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
    /// More than twenty.
    TooMany,
}

/// Reads the parameters in order; the first error ends the list.
pub fn parameters<'a>(text: &'a [u8]) -> impl Iterator<Item = Result<Parameter<'a>, ParameterError<'a>>> {
    let mut rest = skip_blanks(text);
    // what stands behind a second `=` is a word of its own
    let mut behind: &[u8] = &[];
    let mut count = 0;
    std::iter::from_fn(move || {
        let word = match (behind.is_empty(), rest.is_empty()) {
            (true, true) => return None,
            (true, false) => {
                let (word, tail) = word_and_rest(rest);
                rest = tail;
                word
            }
            (false, _) => std::mem::take(&mut behind),
        };
        count += 1;
        if count > MAX_PARAMETERS {
            (rest, behind) = (&[], &[]);
            return Some(Err(ParameterError::TooMany));
        }
        let equals = memchr::memchr_iter(b'=', word).nth(1);
        let (word, more) = word.split_at(equals.unwrap_or(word.len()));
        behind = more.get(1..).unwrap_or_default();
        Some(split(word))
    })
}

fn split(word: &[u8]) -> Result<Parameter<'_>, ParameterError<'_>> {
    let end = word.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-');
    match end {
        None => Ok(Parameter { keyword: word, value: None }),
        Some(end) if word[end] == b'=' => {
            Ok(Parameter { keyword: &word[..end], value: Some(&word[end + 1..]) })
        }
        Some(end) => Err(ParameterError::Unrecognized(&word[..end])),
    }
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
    fn twenty_are_enough() {
        let text = b"A ".repeat(30);
        assert_eq!(parameters(&text).count(), 21);
        assert_eq!(parameters(&text).last(), Some(Err(ParameterError::TooMany)));
    }
}
